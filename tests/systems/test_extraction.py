"""extraction, sentence by sentence, on PostgreSQL and on SQLite."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.sql_world import SqlWorld
from tests.contract.tables import Engine
from tests.contract.world import HOUR, MINUTE, STUCK, row_of
from tests.systems.consoles import Command, commands
from unstick.backends import report
from unstick.recovery.engine import apply
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.query import Query

RESET = "Job was interrupted by server restart and has been reset to pending."
RETRIED = "Job was manually retried."


@pytest.fixture(params=["postgres_url", "sqlite_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The system's own server, and the embedded default."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def world(url: str) -> AsyncIterator[SqlWorld]:
    engine: Engine = "sqlite" if url.startswith("sqlite") else "postgresql"
    made = await SqlWorld.create("extraction", engine, url)
    yield made
    await made.close()


@pytest.fixture
def unstick(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return commands(url, capsys, monkeypatch)


async def test_stuck_is_running_without_an_update_for_five_minutes(world: SqlWorld) -> None:
    stuck = await world.add("a", "running", started_ago=HOUR, updated_ago=5 * MINUTE + 2)
    await world.add("b", "running", started_ago=HOUR, updated_ago=5 * MINUTE - 8)
    await world.add("c", "failed", started_ago=HOUR, updated_ago=HOUR)
    backend = await world.console()
    [job] = (await backend.page(STUCK)).rows
    assert job.id == stuck
    assert job.running_s == pytest.approx(HOUR, abs=3)
    assert job.idle_s == pytest.approx(5 * MINUTE + 2, abs=3)
    assert job.verdict is not None
    assert (job.verdict.rule, job.verdict.threshold_s) == ("stuck", 300)


async def test_overrun_is_off_until_it_is_given_a_threshold(world: SqlWorld) -> None:
    hangs = await world.add("hangs", "running", started_ago=2 * HOUR, updated_ago=10)
    backend = await world.console()
    assert backend.capabilities.thresholds == {"stuck": 300, "overrun": None}
    assert (await backend.page(STUCK)).rows == ()
    assert (await backend.page(Query(stuck_only=True, thresholds={"*": 60.0}))).rows == ()
    limited = await world.console(thresholds={"overrun": HOUR})
    [job] = (await limited.page(STUCK)).rows
    assert job.id == hangs
    assert job.verdict is not None
    assert (job.verdict.rule, job.verdict.clock) == ("overrun", "started_at")
    assert (await apply(limited, await limited.plan("recover", Query(), Options()))).counts.applied == 1


async def test_recover_appends_after_a_blank_line_and_never_twice_in_a_row(world: SqlWorld) -> None:
    bare = await world.add("bare", "running", started_ago=HOUR, updated_ago=HOUR)
    told = await world.add("told", "running", started_ago=HOUR, updated_ago=HOUR, error="slow model")
    empty = await world.add("empty", "running", started_ago=HOUR, updated_ago=HOUR, error="")
    starts = {job: (await row_of(world, job)).started for job in (bare, told, empty)}
    backend = await world.console()
    plan = await backend.plan("recover", Query(), Options())
    result = await apply(backend, plan)
    texts = {job: (await row_of(world, job)).error for job in (bare, told, empty)}
    assert texts == {bare: RESET, told: f"slow model\n\n{RESET}", empty: RESET}
    ids = [row.job for row in plan.rows]
    assert report(plan, result) == {
        "recovered": 3,
        "job_ids": ids,
        "message": f"Recovered 3 orphaned extraction job(s) from 'running' to 'pending': {', '.join(ids)}",
    }
    for job in (bare, told):
        row = await row_of(world, job)
        assert (row.status, row.started, row.finished) == ("pending", starts[job], None)
        assert (await backend.job(job)).idle_s == pytest.approx(0, abs=3)
        await world.hang(job)
    await apply(backend, await backend.plan("recover", Query(), Options()))
    assert (await row_of(world, told)).error == f"slow model\n\n{RESET}"


async def test_a_retry_by_hand_takes_running_and_failed_only(world: SqlWorld) -> None:
    running = await world.add("running", "running", started_ago=HOUR, updated_ago=5)
    failed = await world.add("failed", "failed", error="broken")
    others = ("pending", "completed", "requires_review", "cancelled")
    refused = {status: await world.add(status, status) for status in others}
    backend = await world.console()
    plan = await backend.plan("retry", [running, failed, *refused.values()], Options())
    assert [row.job for row in plan.rows] == [running, failed]
    assert [left.reason for left in plan.left_out] == [
        f"Cannot retry job with status: {status}. Only 'running' or 'failed' jobs can be retried."
        for status in refused
    ]
    assert (await apply(backend, plan)).counts.applied == 2
    assert (await row_of(world, running)).error == RETRIED
    assert (await row_of(world, failed)).error == f"broken\n\n{RETRIED}"
    assert (await backend.job(failed)).idle_s == pytest.approx(0, abs=3)


async def test_delete_takes_any_but_running_and_pending(world: SqlWorld) -> None:
    doomed = [await world.add(status, status) for status in ("failed", "completed", "cancelled")]
    kept = {status: await world.add(status, status) for status in ("running", "pending")}
    await world.add_log(doomed[0], "line")
    backend = await world.console()
    before = await world.snapshot()
    plan = await backend.plan("delete", [*kept.values(), *doomed], Options())
    assert [left.reason for left in plan.left_out] == [
        f"Cannot delete job with status: {status}. Cancel it first." for status in kept
    ]
    result = await apply(backend, plan)
    assert result.counts.applied == 3
    assert [len(rows) for rows in (await world.snapshot()).values()] == [2, 0]
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


async def test_running_jobs_with_the_oldest_start_first(world: SqlWorld) -> None:
    ages = {"b": 2 * HOUR, "a": HOUR, "d": 4 * HOUR, "c": 3 * HOUR}
    jobs: dict[str, JobId] = {
        name: await world.add(name, "running", started_ago=age, updated_ago=5 + age / 100)
        for name, age in ages.items()
    }
    await world.add("p", "pending")
    backend = await world.console()
    page = await backend.page(Query(parse_filter("state:running"), sort="running", descending=True))
    by_start = await backend.page(Query(parse_filter("state:running"), sort="started"))
    assert [job.id for job in by_start.rows] == [job.id for job in page.rows]
    assert [job.id for job in page.rows] == [jobs[name] for name in "dcba"]
    for job, name in zip(page.rows, "dcba", strict=True):
        assert job.running_s == pytest.approx(ages[name], abs=3)
        assert job.idle_s == pytest.approx(5 + ages[name] / 100, abs=3)


async def test_on_startup_it_is_all_clear_when_there_is_nothing(world: SqlWorld, unstick: Command) -> None:
    await world.add("b", "running", started_ago=HOUR, updated_ago=5)
    clear = await unstick("recover", "--yes")
    assert clear.code == 0
    assert "No orphaned extraction jobs found - all clear" in clear.out
    stuck = await world.add("a", "running", started_ago=HOUR, updated_ago=HOUR)
    done = await unstick("recover", "--yes")
    assert done.code == 0
    assert f"Recovered 1 orphaned extraction job(s) from 'running' to 'pending': {stuck}" in done.out
    assert (await row_of(world, stuck)).status == "pending"
