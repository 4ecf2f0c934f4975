"""Rows that break careless tools, through the whole of a backend: every screen's question is answered, and
what is changed comes back byte for byte."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database, table
from unstick.backends import create_backend
from unstick.backends.demo import seed
from unstick.backends.demo.seed import SeedRow
from unstick.recovery.engine import apply
from unstick.recovery.model import Job, JobId, State
from unstick.recovery.plan import Options, dump, load
from unstick.recovery.port import Backend
from unstick.recovery.query import SORTS, Query, Term
from unstick.recovery.source import Source

TABLES = {
    "artitec": ("collection_jobs", "collection_changes", "collection_job_logs", "entity_matches"),
    "extraction": ("object_extraction_jobs", "object_extraction_logs"),
}


@dataclass(frozen=True)
class Hostile:
    """A system whose rows are all hostile, and a console on it."""

    url: str
    system: str
    rows: list[SeedRow]
    backend: Backend

    @property
    def jobs(self) -> list[SeedRow]:
        """The rows of the job table."""
        return [row for row in self.rows if row.table == TABLES[self.system][0]]

    def id_of(self, row: SeedRow) -> JobId:
        return JobId(str(row.values["job_id" if self.system == "artitec" else "id"]))

    def place(self, name: str) -> str:
        """A table's name in SQL."""
        return name if self.system == "artitec" else table(self.url, name)

    async def run(self, statement: str) -> None:
        await in_database(self.url, lambda connection: connection.execute(sa.text(statement)))

    async def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, with the bytes that are really there."""

        def work(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
            if connection.dialect.name == "sqlite":
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.text_factory = bytes
            names = {name: self.place(name) for name in TABLES[self.system]}
            return {
                name: sorted(
                    (tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {place}")), key=repr
                )
                for name, place in names.items()
            }

        return await in_database(self.url, work)

    async def all(self) -> list[Job]:
        """Every job, page by page."""
        found: list[Job] = []
        after: str | None = None
        while True:
            page = await self.backend.page(Query(limit=7), after)
            found += page.rows
            after = page.next
            if after is None:
                return found


@pytest.fixture(params=["artitec", "extraction"])
async def hostile(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Hostile]:
    """The hostile rows of a system, on each of the three databases."""
    system: str = request.param
    await create_tables(database_url, system)
    rows = seed.hostile_rows(system, dialect_of(database_url))
    await in_database(database_url, lambda connection: seed.insert(connection, system, rows))
    backend = create_backend(Source("here", database_url, profile=system))
    await backend.open()
    yield Hostile(database_url, system, rows, backend)
    await backend.close()


def text_of(value: str | bytes) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


async def test_every_question_is_answered_without_loss(hostile: Hostile) -> None:
    backend = hostile.backend
    listed = {job.id: job for job in await hostile.all()}
    assert set(listed) == {hostile.id_of(row) for row in hostile.jobs}
    assert (await backend.counts()).total == len(listed)
    for row in hostile.jobs:
        job = await backend.job(hostile.id_of(row))
        given = row.values["error_message"]
        assert job.error == (None if given is None else text_of(given))
        assert job.fields["error_message"] == job.error
        shown = listed[job.id].error
        assert shown is None or (job.error or "").startswith(shown)
        assert len(shown or "") <= 300
        assert job.status == row.values["status"]
        await backend.variants(job.id)
        await backend.attempts(job.id)
    events = [event for row in hostile.jobs for event in await backend.events(hostile.id_of(row))]
    messages = {text_of(row.values["message"]) for row in hostile.rows if row.table.endswith("_logs")}
    assert {event.message for event in events} == messages


@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_shows_every_row_once(hostile: Hostile, sort: str) -> None:
    for descending in (False, True):
        seen: list[str] = []
        after: str | None = None
        while True:
            page = await hostile.backend.page(Query(sort=sort, descending=descending, limit=5), after)
            seen += [job.id for job in page.rows]
            after = page.next
            if after is None:
                break
        assert sorted(seen) == sorted(hostile.id_of(row) for row in hostile.jobs)


async def test_hostile_text_is_found_by_a_filter(hostile: Hostile) -> None:
    for needle in ("[/]", "100%", "\x1b[2J", "한국", "\\[/]", "' --", "_"):
        found = await hostile.backend.page(Query(text=needle, limit=1000))
        # Where a column of JSON or a key holds it too, more rows are right.
        wanted = {
            hostile.id_of(row) for row in hostile.jobs if needle in text_of(row.values["error_message"] or "")
        }
        assert wanted <= {job.id for job in found.rows}, needle
        assert (await hostile.backend.page(Query((Term("kind", "=", needle),)))).rows is not None


async def test_unknown_statuses_are_other(hostile: Hostile) -> None:
    known = {status for statuses in (await hostile.backend.counts()).by_status for status in [statuses]}
    other = {job.status for job in await hostile.all() if job.state is State.OTHER}
    odd = {row.values["status"] for row in hostile.jobs} & {"in_progress", "[red]RUNNING[/] \x1b[5m"}
    assert other == odd
    assert odd <= known


async def test_a_saved_plan_changes_all_rows_and_its_undo_brings_back_every_byte(hostile: Hostile) -> None:
    ids = [hostile.id_of(row) for row in hostile.jobs if row.values["status"] == "failed"]
    before = await hostile.stored()
    plan = await hostile.backend.plan("retry", ids, Options(reason="\x1b[2J[/] \udcff 한국"))
    again = load(dump(plan))
    assert again == plan
    assert len(again.rows) == len(ids)
    result = await apply(hostile.backend, again)
    assert result.counts.as_dict()["applied"] == len(ids), [
        row for row in result.rows if row.outcome != "applied"
    ]
    assert len(await hostile.backend.operations()) == 1
    operation = await hostile.backend.operation(result.operation)
    assert len(operation.rows) == len(ids)
    undone = await apply(hostile.backend, await hostile.backend.plan_undo(result.operation, Options()))
    assert undone.counts.applied == len(ids)
    assert await hostile.stored() == before


async def test_a_delete_of_every_row_is_undone_without_a_byte_lost(hostile: Hostile) -> None:
    before = await hostile.stored()
    await hostile.run(f"UPDATE {hostile.place(TABLES[hostile.system][0])} SET status = 'failed'")
    failed = await hostile.stored()
    ids = [hostile.id_of(row) for row in hostile.jobs]
    plan = load(dump(await hostile.backend.plan("delete", ids, Options())))
    result = await apply(hostile.backend, plan)
    assert result.counts.applied == len(ids)
    assert all(not rows for name, rows in (await hostile.stored()).items() if name != "entity_matches")
    undone = await apply(hostile.backend, await hostile.backend.plan_undo(result.operation, Options()))
    assert undone.counts.applied == len(ids)
    assert await hostile.stored() == failed
    assert {name: len(rows) for name, rows in before.items()} == {n: len(r) for n, r in failed.items()}


async def test_recover_appends_to_hostile_text_and_is_undone(hostile: Hostile) -> None:
    if hostile.system != "extraction":
        pytest.skip("artitec replaces the text")
    place = table(hostile.url, TABLES["extraction"][0])
    await hostile.run(f"UPDATE {place} SET status = 'running'")
    before = await hostile.stored()
    plan = await hostile.backend.plan(
        "recover", [hostile.id_of(row) for row in hostile.jobs], Options(thresholds={"stuck": 5.0})
    )
    result = await apply(hostile.backend, plan)
    assert result.counts.applied == len(plan.rows) == len(hostile.jobs)
    for row in hostile.jobs:
        error = (await hostile.backend.job(hostile.id_of(row))).error
        assert error is not None
        assert error.startswith(text_of(row.values["error_message"] or ""))
        assert error.endswith("has been reset to pending.")
    undone = await apply(hostile.backend, await hostile.backend.plan_undo(result.operation, Options()))
    assert undone.counts.applied == len(plan.rows)
    assert await hostile.stored() == before
