"""What an open console asks again and again never reads a job table from end to end: the plans tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from tests.bench import tables
from tests.bench.world import PROFILE
from tests.contract.sides import connect
from unstick.backends.sql import tally
from unstick.backends.sql.backend import SqlBackend
from unstick.backends.sql.journal_file import local_path
from unstick.recovery.model import State
from unstick.recovery.query import Query, Term
from unstick.recovery.source import Source

pytestmark = pytest.mark.slow
ENGINES = {"postgresql": "postgres_url", "mariadb": "mariadb_url", "sqlite": "sqlite_url"}
ROWS = 200_000
FEW = 5_000
"""Rows that a plan may read of an index without being called a scan: a page, and those that go on."""

VIEWS = {
    "all": Query(),
    "stuck": Query(stuck_only=True),
    "failed": Query(terms=(Term("state", "=", State.FAILED),)),
    "running": Query(terms=(Term("state", "=", State.RUNNING),)),
    "newest": Query(sort="created", descending=True),
    "oldest": Query(sort="created"),
    "by id": Query(sort="id"),
    "by id, backwards": Query(sort="id", descending=True),
}
Statement = tuple[str, Any]


@pytest.fixture(params=list(ENGINES))
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SqlBackend]:
    """A console's backend on many rows with the indexes that are recommended."""
    engine: str = request.param
    url: str = request.getfixturevalue(ENGINES[engine])
    side = await connect(url)
    statements = [*tables.create(engine), tables.fill(engine, 1, ROWS), *tables.INDEXES]
    for statement in (*statements, *tables.WORDS[engine].analyse):
        await side.run(statement)
    await side.close()
    opened = SqlBackend(Source("here", url, profile=str(PROFILE), statement_timeout_s=60))
    await opened.open()
    yield opened
    await opened.close()


@contextmanager
def noted() -> Iterator[list[Statement]]:
    """Every statement that is executed."""
    found: list[Statement] = []

    def note(connection: sa.Connection, _: Any, statement: str, parameters: Any, *_more: Any) -> None:
        # The local journal is a file of our own, not the database that is looked after.
        if local_path().name not in str(connection.engine.url):
            found.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def scans(connection: sa.Connection, statement: Statement) -> list[str]:
    """What a statement reads from end to end."""
    text, parameters = statement
    name = connection.dialect.name
    words = {"postgresql": "EXPLAIN (FORMAT JSON) ", "sqlite": "EXPLAIN QUERY PLAN "}.get(name, "EXPLAIN ")
    rows = connection.exec_driver_sql(words + text, parameters).mappings().all()
    if name == "postgresql":
        plan = rows[0]["QUERY PLAN"]
        return _read_by_postgresql((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    if name == "sqlite":
        details = [str(row["detail"]) for row in rows]
        # What comes in the right order is ended by the LIMIT of a page.
        ordered = "ORDER BY" in text and not any("FOR ORDER BY" in each for each in details)
        return [each for each in details if each.startswith("SCAN j") and not ordered]
    return [
        f"{row['type']} of {row['table']} ({row['rows']} rows)"
        for row in rows
        if row["table"] in ("j", "bench_job") and row["type"] in ("ALL", "index") and int(row["rows"]) > FEW
    ]


def _read_by_postgresql(node: dict[str, Any], limited: bool = False) -> list[str]:
    kind = str(node["Node Type"])
    found = []
    if node.get("Relation Name") == "bench_job":
        # Where nearly every row counts, a LIMIT ends it as soon as enough were met.
        met = limited and node["Plan Rows"] > ROWS / 2
        if ("Seq Scan" in kind and not met) or (node["Plan Rows"] > FEW and not limited):
            found.append(f"{kind} of {node['Relation Name']} ({node['Plan Rows']} rows)")
    # A sort reads all that is below it, whatever limit is above.
    limited = (limited or kind == "Limit") and kind not in ("Sort", "Incremental Sort", "Aggregate")
    return found + [each for part in node.get("Plans", ()) for each in _read_by_postgresql(part, limited)]


async def check(backend: SqlBackend, statements: list[Statement]) -> None:
    read = await backend._read(lambda each: [(one[0], scans(each, one)) for one in statements])
    assert not {text: found for text, found in read if found}


async def test_no_view_and_no_order_with_an_index_reads_the_whole_table(backend: SqlBackend) -> None:
    for name, query in VIEWS.items():
        with noted() as statements:
            first = await backend.page(query)
            if first.next:
                await backend.page(query, first.next)
        assert statements, name
        await check(backend, statements)


async def test_the_counts_read_only_what_is_counted_exactly(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "BOUND", 1_000)
    await backend.counts()
    with noted() as statements:
        counts = await backend.counts()
    assert len(statements) == 1
    await check(backend, statements)
    assert counts.estimated == {"ok", "error"}
    exact = {"queued": ROWS // 1000 * 4, "working": ROWS // 1000}
    assert {status: counts.by_status[status] for status in exact} == exact
    assert counts.total == pytest.approx(ROWS, rel=0.1)


async def test_a_refresh_takes_three_statements_at_most(backend: SqlBackend) -> None:
    await backend.page(Query())
    await backend.counts()
    with noted() as statements:
        await backend.page(Query())
        await backend.counts()
        await backend.queue()
    assert len([each for each, _ in statements if "bench_job" in each]) <= 3
    assert len(statements) <= 3, [each for each, _ in statements]


async def test_a_status_that_the_profile_does_not_name_is_counted(backend: SqlBackend) -> None:
    await backend.counts()
    side = await connect(backend._source.url)
    await side.run("UPDATE bench_job SET status = 'odd' WHERE id IN (11, 12, 13)")
    await side.run("UPDATE bench_job SET status = 'aside' WHERE id = 14")
    await side.close()
    counts = await backend.counts()
    assert (counts.by_status["odd"], counts.by_status["aside"]) == (3, 1)
    assert counts.by_state[State.OTHER] == 4
