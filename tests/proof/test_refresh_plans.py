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
ROWS = 250_000
FEW = 12_000
"""Rows that may be read by an index without being called a scan: the newest ones, and those that go on."""

VIEWS = {
    "all": Query(),
    "stuck": Query(stuck_only=True),
    "failed": Query(terms=(Term("state", "=", State.FAILED),)),
    "running": Query(terms=(Term("state", "=", State.RUNNING),)),
    "newest": Query(sort="created", descending=True),
    "oldest": Query(sort="created"),
    "by id": Query(sort="id"),
    "by id, descending": Query(sort="id", descending=True),
    "from the end": Query(backwards=True),
    "newest, from the end": Query(sort="created", descending=True, backwards=True),
    "by id, from the end": Query(sort="id", backwards=True),
    "searched": Query(terms=(Term("text", "=", "nothing like it"),), newest=10_000),
    "of a kind": Query(terms=(Term("kind", "=", "nothing"),), newest=10_000),
    "failed and searched": Query(
        terms=(Term("state", "=", State.FAILED), Term("text", "=", "nothing")), newest=10_000
    ),
    "old": Query(terms=(Term("age", ">", 1e9),), newest=10_000),
    "by a column without an index": Query(sort="kind", newest=10_000),
    "by status": Query(sort="state", newest=10_000),
    "longest idle": Query(sort="idle", descending=True, newest=10_000),
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
        if local_path().name not in str(connection.engine.url) and not statement.startswith("EXPLAIN"):
            found.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def scans(connection: sa.Connection, statement: Statement) -> list[str]:
    """What a statement reads from end to end. The servers carry it out and tell what they read."""
    text, parameters = statement
    name = connection.dialect.name
    words = {"postgresql": "EXPLAIN (ANALYZE, FORMAT JSON) ", "sqlite": "EXPLAIN QUERY PLAN "}
    rows = connection.exec_driver_sql(words.get(name, "ANALYZE ") + text, parameters).mappings().all()
    if name == "postgresql":
        plan = rows[0]["QUERY PLAN"]
        return _read_by_postgresql((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    if name == "sqlite":
        details = [str(row["detail"]) for row in rows]
        # What comes in the right order is ended by the LIMIT of a page.
        ordered = "ORDER BY" in text and not any("FOR ORDER BY" in each for each in details)
        return [each for each in details if each.startswith("SCAN j") and not ordered]
    return [
        f"{row['type']} of {row['table']} ({row['r_rows']} rows)"
        for row in rows
        if row["table"] in ("j", "bench_job") and (row["type"] == "ALL" or float(row["r_rows"] or 0) > FEW)
    ]


def _read_by_postgresql(node: dict[str, Any]) -> list[str]:
    found = []
    if node.get("Relation Name") == "bench_job":
        kind, removed = (
            str(node["Node Type"]),
            sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck")),
        )
        read = (node["Actual Rows"] + removed) * node["Actual Loops"]
        if "Seq Scan" in kind or read > FEW:
            found.append(f"{kind} of {node['Relation Name']} ({read} rows)")
    return found + [each for part in node.get("Plans", ()) for each in _read_by_postgresql(part)]


async def check(backend: SqlBackend, statements: list[Statement], name: str = "") -> None:
    read = await backend._read(lambda each: [(one[0], scans(each, one)) for one in statements])
    assert not {text: found for text, found in read if found}, name


async def test_no_view_and_no_order_with_an_index_reads_the_whole_table(backend: SqlBackend) -> None:
    for name, query in VIEWS.items():
        with noted() as statements:
            first = await backend.page(query)
            if first.next:
                await backend.page(query, first.next)
        assert statements, name
        await check(backend, statements, name)


async def test_the_counts_read_only_what_is_counted_exactly(
    backend: SqlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "BOUND", 1_000)
    with noted() as statements:
        await backend.counts()
    await check(backend, statements, "the first time")
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
