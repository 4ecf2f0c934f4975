"""A refresh of each of the five systems: three statements at most, and none of them needs a scan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.proof.test_refresh_plans import ENGINES, Statement, noted
from tests.systems.databases import create_tables, in_database
from unstick.backends import install_journal
from unstick.backends.demo import seed
from unstick.backends.sql import extent
from unstick.backends.sql.backend import SqlBackend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

SYSTEMS = ("algoitny", "artitec", "bg_jobs", "extraction", "feedlyai")
SCALE = {"postgresql": 1, "mariadb": 10, "sqlite": 1}
"""MariaDB can't be told to prefer an index for everything: there it needs rows that make it worth while."""
FEW = 3
"""Rows of a page, and of those that are looked through where no index answers."""
PREFERRING_INDEXES = {
    "postgresql": ("SET enable_seqscan = off", "SET enable_bitmapscan = off"),
    "mysql": ("SET max_seeks_for_key = 1",),
    "sqlite": (),
}
"""A small table is read as a whole however good its indexes are, unless that is called expensive."""


@pytest.fixture(params=SYSTEMS)
async def backend(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, engine: str
) -> AsyncIterator[SqlBackend]:
    """A console's backend on a system that counts as large, with the journal and the recommended indexes."""
    system: str = request.param
    url: str = request.getfixturevalue(ENGINES[engine])
    monkeypatch.setattr(extent, "LARGE", -1)
    await create_tables(url, system)
    rows = seed.rows(system, scale=SCALE[engine])
    await in_database(url, lambda connection: seed.insert(connection, system, rows))
    source = Source("here", url, profile=system, statement_timeout_s=60)
    await install_journal(source, apply=True)
    opened = SqlBackend(source)
    await opened.open()
    lacking = (await opened.health()).missing

    def index(connection: sa.Connection) -> None:
        for each in lacking:
            connection.exec_driver_sql(each.statement.replace(" CONCURRENTLY", ""))
        if connection.dialect.name != "mysql":
            connection.exec_driver_sql("ANALYZE")

    await in_database(url, index)
    assert not (await opened.health()).missing
    yield opened
    await opened.close()


async def refreshed(backend: SqlBackend) -> list[Statement]:
    """What a refresh asks when everything was asked once."""
    for _ in range(2):
        with noted() as statements:
            await backend.page(Query(newest=FEW, limit=1))
            await backend.counts(newest=FEW)
            await backend.queue()
    return statements


@pytest.mark.parametrize("engine", list(ENGINES))
async def test_a_refresh_of_each_system_takes_three_statements_at_most(backend: SqlBackend) -> None:
    statements = await refreshed(backend)
    assert len(statements) <= 3, [text for text, _ in statements]


@pytest.mark.parametrize("engine", list(ENGINES))
async def test_every_statement_of_a_refresh_finds_its_jobs_by_an_index(backend: SqlBackend) -> None:
    if backend._source.profile == "feedlyai" and backend.capabilities.engine != "postgresql":
        # Only PostgreSQL tells jobs from variants, which have the same letter in the statement.
        backend._is_open.tables[0].variants = None
    statements = await refreshed(backend)
    tables = {entity.place[1] for entity in backend._is_open.tables}

    def explained(connection: sa.Connection) -> dict[str, list[str]]:
        for setting in PREFERRING_INDEXES[connection.dialect.name]:
            connection.exec_driver_sql(setting)
        return {text: found for text, more in statements if (found := scans(connection, text, more, tables))}

    assert not await backend._read(explained)


def scans(connection: sa.Connection, text: str, parameters: Any, tables: set[str]) -> list[str]:
    """What a statement can't find by an index."""
    name = connection.dialect.name
    words = {"postgresql": "EXPLAIN (FORMAT JSON) ", "sqlite": "EXPLAIN QUERY PLAN "}.get(name, "EXPLAIN ")
    rows = connection.exec_driver_sql(words + text, parameters).mappings().all()
    if name == "postgresql":
        return _sequential(rows[0]["QUERY PLAN"][0]["Plan"], tables)
    if name == "sqlite":
        return [str(row["detail"]) for row in rows if str(row["detail"]) == "SCAN j"]
    # Where most rows have a status, its index is known but not worth while.
    return [
        f"{row['table']} of {row['rows']} rows"
        for row in rows
        if row["table"] == "j" and row["type"] == "ALL" and not row["possible_keys"]
    ]


def _sequential(node: dict[str, Any], tables: set[str]) -> list[str]:
    here = node.get("Relation Name") in tables and "Seq Scan" in str(node["Node Type"])
    found = [f"{node['Node Type']} of {node['Relation Name']}: {node.get('Filter', '')}"] if here else []
    return found + [each for part in node.get("Plans", ()) for each in _sequential(part, tables)]
