"""Of a large table the newest rows are looked through where no index answers, and the answer says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from tests.bench import tables
from tests.bench.world import PROFILE
from tests.contract.sides import connect
from tests.proof.test_refresh_plans import ENGINES
from unstick.backends.sql import extent
from unstick.backends.sql.backend import SqlBackend
from unstick.recovery.model import State
from unstick.recovery.query import Query, Term
from unstick.recovery.source import Source

pytestmark = pytest.mark.slow
ROWS = 3_000
NEWEST = 500
OLD = Query(terms=(Term("text", "=", "found_once"),), newest=NEWEST)
Opening = Callable[..., Awaitable[SqlBackend]]


@pytest.fixture(params=list(ENGINES))
async def opening(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opening]:
    """Opens a backend on a table that counts as large; the job 5 is the only one of its kind."""
    engine: str = request.param
    url: str = request.getfixturevalue(ENGINES[engine])
    monkeypatch.setattr(extent, "LARGE", 1_000)
    made: list[SqlBackend] = []

    async def opened(*, indexes: bool) -> SqlBackend:
        side = await connect(url)
        kind = "UPDATE bench_job SET kind = 'found_once' WHERE id = 5"
        statements = [*tables.create(engine), tables.fill(engine, 1, ROWS), kind]
        for statement in (*statements, *(tables.INDEXES if indexes else ()), *tables.WORDS[engine].analyse):
            await side.run(statement)
        await side.close()
        made.append(SqlBackend(Source("here", url, profile=str(PROFILE))))
        await made[0].open()
        return made[0]

    yield opened
    await made[0].close()


async def test_a_search_says_how_far_it_went(opening: Opening) -> None:
    backend = await opening(indexes=True)
    found = await backend.page(OLD)
    assert ([job.id for job in found.rows], found.newest) == ([], NEWEST)
    whole = await backend.page(replace(OLD, newest=None))
    assert ([job.id for job in whole.rows], whole.newest) == (["5"], None)


@pytest.mark.parametrize(
    "term", [Term("id", "=", "5"), Term("state", "=", State.PENDING)], ids=lambda term: str(term.field)
)
async def test_what_an_index_narrows_is_searched_as_a_whole(opening: Opening, term: Term) -> None:
    backend = await opening(indexes=True)
    side = await connect(backend._source.url)
    await side.run("UPDATE bench_job SET status = 'queued' WHERE id = 5")
    await side.close()
    found = await backend.page(replace(OLD, terms=(*OLD.terms, term)))
    assert ([job.id for job in found.rows], found.newest) == (["5"], None)


async def test_with_its_indexes_a_list_and_its_counts_are_of_all_rows(opening: Opening) -> None:
    backend = await opening(indexes=True)
    page, counts = await backend.page(Query(newest=NEWEST)), await backend.counts(newest=NEWEST)
    assert (page.newest, counts.newest, counts.total) == (None, None, ROWS)
    assert not backend.capabilities.problems


async def test_without_indexes_the_newest_rows_are_listed_and_counted_and_the_console_is_told(
    opening: Opening,
) -> None:
    backend = await opening(indexes=False)
    page, counts = await backend.page(Query(newest=NEWEST)), await backend.counts(newest=NEWEST)
    assert (page.newest, counts.newest, counts.total) == (NEWEST, NEWEST, NEWEST)
    assert min(int(job.id) for job in page.rows) > ROWS - NEWEST
    assert ["(status, heartbeat_at)" in each for each in backend.capabilities.problems] == [True, False]
    assert (await backend.counts()).total == ROWS, "a sweep and its brake count all of them"
    by_key = await backend.page(Query(sort="id", newest=NEWEST, limit=ROWS))
    assert (len(by_key.rows), by_key.newest) == (ROWS, None)


async def test_an_index_that_was_made_meanwhile_is_used_once_somebody_has_looked(opening: Opening) -> None:
    backend = await opening(indexes=False)
    assert (await backend.counts(newest=NEWEST)).newest == NEWEST
    lacking = (await backend.health()).missing
    side = await connect(backend._source.url)
    for each in lacking:
        await side.run(each.statement)
    await side.close()
    assert not (await backend.health()).missing
    assert (await backend.counts(newest=NEWEST)).newest is None
    assert (await backend.page(Query(newest=NEWEST))).newest is None


async def test_a_job_that_turns_stuck_between_two_pages_is_on_one_of_them(opening: Opening) -> None:
    backend = await opening(indexes=True)
    first = await backend.page(Query(limit=100))
    shown = {job.id for job in first.rows}
    living = await backend.page(Query(terms=(Term("state", "=", State.RUNNING),), sort="created"))
    turning = next(job for job in living.rows if job.verdict is None and job.id not in shown)
    side = await connect(backend._source.url)
    engine = {"mysql": "mariadb"}.get(backend.capabilities.engine, backend.capabilities.engine)
    just = tables.WORDS[engine].ago.format(seconds=10 * 60 + 10)
    await side.run(f"UPDATE bench_job SET heartbeat_at = {just} WHERE id = {turning.id}")
    await side.close()
    after = first.next
    while after is not None:
        page = await backend.page(Query(limit=100), after)
        shown |= {job.id for job in page.rows}
        after = page.next
    assert turning.id in shown
    assert len(shown) == ROWS
