"""artitec, sentence by sentence, on MariaDB and on SQLite."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from tests.contract.sql_world import SqlWorld
from tests.contract.tables import Engine
from tests.contract.world import HOUR, MINUTE, STUCK, outcomes, row_of
from tests.systems.consoles import Command, commands
from tests.systems.databases import in_database
from unstick.backends import report
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.query import Query

TIMED_OUT = "Job timed out after running for more than {} minutes. Background execution may have failed."


@pytest.fixture(params=["mariadb_url", "sqlite_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The system's own server, and the embedded default."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def world(url: str) -> AsyncIterator[SqlWorld]:
    engine: Engine = "sqlite" if url.startswith("sqlite") else "mysql"
    made = await SqlWorld.create("artitec", engine, url)
    yield made
    await made.close()


@pytest.fixture
def unstick(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return commands(url, capsys, monkeypatch)


async def stuck(world: SqlWorld, **settings: object) -> set[JobId]:
    backend = await world.console(**settings)  # type: ignore[arg-type]
    return {job.id for job in (await backend.page(STUCK)).rows}


async def seven(world: SqlWorld) -> dict[str, JobId]:
    """Jobs around the threshold of 30 minutes."""
    return {
        "long": await world.add("long", "running", started_ago=2 * HOUR, updated_ago=5),
        "just": await world.add("just", "running", started_ago=30 * MINUTE + 10),
        "below": await world.add("below", "running", started_ago=30 * MINUTE - 10),
        "no start": await world.add("no-start", "running", updated_ago=40 * MINUTE),
        "no start, new": await world.add("no-start-new", "running", updated_ago=MINUTE),
        "done": await world.add("done", "completed", started_ago=5 * HOUR),
        "waits": await world.add("waits", "pending"),
    }


async def test_stuck_is_running_by_its_start_or_without_one_by_its_last_update(world: SqlWorld) -> None:
    jobs = await seven(world)
    assert await stuck(world) == {jobs["long"], jobs["just"], jobs["no start"]}
    backend = await world.console()
    verdict = (await backend.job(jobs["no start"])).verdict
    assert verdict is not None
    assert verdict.clock == "updated_at"
    evidence = dict(verdict.evidence)
    assert evidence["started_at"] == "NULL"
    assert evidence["threshold"] == "30m"


async def test_recover_fails_the_job_with_the_documents_text(world: SqlWorld) -> None:
    jobs = await seven(world)
    backend = await world.console()
    plan = await backend.plan("recover", Query(), Options())
    result = await apply(backend, plan)
    assert result.counts.applied == 3
    row = await row_of(world, jobs["long"])
    assert (row.status, row.error) == ("failed", TIMED_OUT.format(30))
    assert row.finished is not None
    age = (await backend.clock() - (await backend.job(jobs["long"])).finished).total_seconds()  # type: ignore[operator]
    assert -1 <= age < 5, "naive UTC of the server, in whole seconds"
    assert report(plan, result) == {
        "success": True,
        "reset_count": 3,
        "job_ids": [row.job for row in plan.rows],
        "message": "Reset 3 stuck job(s) that were running for more than 30 minutes",
    }
    nothing = await backend.plan("recover", Query(), Options())
    assert report(nothing, await apply(backend, nothing)) == {
        "success": True,
        "reset_count": 0,
        "job_ids": [],
        "message": "No jobs have been running for more than 30 minutes",
    }


async def test_the_timeout_flag_is_in_minutes_and_in_the_text(world: SqlWorld, unstick: Command) -> None:
    jobs = await seven(world)
    listed = await unstick("jobs", "--stuck", "--timeout", "15", "--json")
    assert {job["id"] for job in listed.json["jobs"]} == {
        jobs[name] for name in ("long", "just", "below", "no start")
    }
    done = await unstick("recover", "--timeout", "15", "--yes", "--json")
    assert done.code == 0
    assert done.json["report"]["reset_count"] == 4
    assert done.json["report"]["message"].endswith("more than 15 minutes")
    assert (await row_of(world, jobs["below"])).error == TIMED_OUT.format(15)
    again = await unstick("recover", "--timeout", "15", "--yes", "--json")
    assert (again.code, again.json["report"]["reset_count"]) == (0, 0)


async def test_the_environment_sets_the_timeout_and_the_flag_beats_it(
    world: SqlWorld, monkeypatch: pytest.MonkeyPatch, unstick: Command
) -> None:
    jobs = await seven(world)
    monkeypatch.setenv("ARTITEC_JOB_TIMEOUT_MINUTES", "60")
    assert await stuck(world) == {jobs["long"]}
    assert await stuck(world, thresholds={"stuck": 10.0}) == {jobs["long"]}, "environment over source"
    flagged = await unstick("jobs", "--stuck", "--timeout", "30", "--json")
    assert len(flagged.json["jobs"]) == 3
    monkeypatch.setenv("ARTITEC_JOB_TIMEOUT_MINUTES", "soon")
    failed = await unstick("jobs", "--stuck")
    assert failed.code == 2


async def test_retry_takes_failed_and_cancelled_only_and_keeps_counters_and_changes(
    world: SqlWorld, url: str
) -> None:
    failed = await world.add("f", "failed", started_ago=HOUR, error="broken")
    cancelled = await world.add("c", "cancelled")
    refused = {status: await world.add(status, status) for status in ("pending", "running", "completed")}
    await world.add_change(failed, "price", "pending")
    await in_database(
        url,
        lambda c: c.exec_driver_sql("UPDATE collection_jobs SET items_found = 7, completed_at = created_at"),
    )
    backend = await world.console()
    plan = await backend.plan("retry", [failed, cancelled, *refused.values()], Options())
    assert [row.job for row in plan.rows] == [failed, cancelled]
    assert [(left.job, left.reason) for left in plan.left_out] == [
        (
            job,
            f"Cannot retry job with status: {status}. Only 'failed' or 'cancelled' jobs can be retried.",
        )
        for status, job in refused.items()
    ]
    assert (await apply(backend, plan)).counts.applied == 2
    row = await row_of(world, failed)
    assert (row.status, row.error, row.started, row.finished) == ("pending", None, None, None)
    assert (await backend.job(failed)).fields["items_found"] == 7
    assert len(await backend.variants(failed)) == 1


async def test_delete_leaves_a_running_one_out_by_name_and_goes_on(world: SqlWorld) -> None:
    doomed = [await world.add(status, status) for status in ("failed", "completed", "cancelled", "pending")]
    running = await world.add("r", "running", started_ago=MINUTE)
    await world.add_log(doomed[0], "line")
    await world.add_change(doomed[0], "price", "applied")
    backend = await world.console()
    plan = await backend.plan("delete", [doomed[0], running, *doomed[1:]], Options())
    assert [row.job for row in plan.rows] == doomed
    [left] = plan.left_out
    assert left.reason == f"Cannot delete running job {running}. Recover it first, or wait for it to finish."
    before = await world.snapshot()
    result = await apply(backend, plan)
    assert outcomes(result) == dict.fromkeys(doomed, "applied")
    after = await world.snapshot()
    assert [len(rows) for rows in after.values()] == [1, 0, 0, 0]
    assert await backend.attempts() == (), "a delete is no attempt"
    undone = await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert undone.counts.applied == len(doomed)
    assert await world.snapshot() == before


async def test_a_deleted_job_frees_its_matches(world: SqlWorld, url: str) -> None:
    job = await world.add("m", "failed")
    columns = "discovered_entity_type, discovered_name, job_id"
    match = f"INSERT INTO entity_matches ({columns}) VALUES ('b', 'x', '{job}')"
    await in_database(url, lambda connection: connection.exec_driver_sql(match))
    backend = await world.console()
    plan = await backend.plan("delete", [job], Options())
    assert plan.rows[0].related == ("1 matches unlinked",)
    assert (await apply(backend, plan)).counts.applied == 1
    select = "SELECT job_id FROM entity_matches"
    assert await in_database(url, lambda connection: connection.exec_driver_sql(select).scalar_one()) is None


async def test_sequential_mode_tells_holder_waiting_and_next(world: SqlWorld, url: str) -> None:
    backend = await world.console()
    empty = await backend.queue()
    assert empty is not None
    assert (empty.holder, empty.waiting, empty.next) == (None, 0, None)
    jobs = {
        name: await world.add(name, created_ago=age)
        for name, age in (("old", 3 * HOUR), ("urgent-new", HOUR), ("urgent-old", 2 * HOUR))
    }
    urgent = sa.text("UPDATE collection_jobs SET priority = 7 WHERE job_id LIKE '%urgent%'")
    await in_database(url, lambda connection: connection.execute(urgent))
    holder = await world.add("holder", "running", started_ago=2 * HOUR)
    queue = await backend.queue()
    assert queue is not None
    assert (queue.holder, queue.holder_stuck, queue.waiting) == (holder, True, 3)
    assert queue.next == jobs["urgent-old"]
    assert queue.holder_since is not None
    assert (await backend.clock() - queue.holder_since).total_seconds() == pytest.approx(2 * HOUR, abs=5)


async def test_attempts_are_counted_by_the_history_and_a_job_at_the_limit_needs_a_person(
    world: SqlWorld,
) -> None:
    job = await world.add("again", "failed")
    backend = await world.console()
    for _ in range(3):
        result = await apply(backend, await backend.plan("retry", [job], Options(reason="try")))
        assert result.counts.applied == 1
        await world.fail(job)
    assert (await backend.job(job)).needs_person
    [left] = (await backend.plan("retry", [job], Options())).left_out
    assert left.reason.startswith("needs a person: 3 of 3 retries are used")
    assert len((await backend.plan("retry", [job], Options(over_limit=True))).rows) == 1
    newest = (await backend.attempts(job))[0]
    assert (newest.action, newest.reason, newest.from_status, newest.to_status, newest.result) == (
        *("retry", "manual_retry", "failed", "pending", "applied"),
    )
