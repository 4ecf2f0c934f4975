"""bg_jobs by its profile: intervals inside a JSON document, recoveries in the queue beside it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.systems.bg_jobs import HANGING, ROWS, Here, act, plan, rules
from tests.systems.databases import create_tables, in_database
from tests.systems.seat import undo
from unstick.backends import report
from unstick.backends.demo import seed
from unstick.backends.demo.seed_bg_jobs import interval_id, job_id
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.outcome import Outcome
from unstick.recovery.port import Backend
from unstick.recovery.query import Query, Term

STUCK, FINISHED, EMPTY = job_id("stuck"), job_id("all_finished"), job_id("no_tasks")
ALONE = [job_id("stuck", number) for number in range(3)]
"""Stuck intervals that nothing is in the queue for."""
ROUNDS = 10
MALFORMED, DISABLED, AT_LIMIT = job_id("malformed"), job_id("disabled"), job_id("at_limit")


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Here]:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    made = Here(database_url)
    yield made
    await made.close()


@pytest.fixture
async def backend(here: Here) -> Backend:
    return await here.console()


async def test_it_is_recognised_although_another_system_has_jobs_too(backend: Backend) -> None:
    assert backend.capabilities.profile == "bg_jobs"


async def test_an_interval_of_a_living_worker_is_left_alone_and_every_other_is_told_why(
    backend: Backend,
) -> None:
    # The original has no test of age at all, so that a second worker takes the first one's intervals.
    found = await rules(backend)
    assert set(found) == HANGING
    assert (await backend.counts(None)).stuck == len(HANGING)
    named = {
        "all_finished": "finished",
        "no_tasks": "empty",
        "disabled": "disabled",
        "recovering": "recovering",
    }
    assert {life: found[job_id(life)] for life in named} == named
    assert found[STUCK] == found[job_id("odd_time")] == found[job_id("at_limit")] == "stuck"


async def test_the_list_tells_state_and_progress_and_nothing_breaks_it(backend: Backend) -> None:
    jobs = {str(job.id): job for job in (await backend.page(Query())).rows}
    statuses = {"new": "active", "interval": "completed", "malformed": "malformed", "paused": "paused"}
    statuses |= {"inactive": "inactive", "deleted": "deleted", "stuck": "running"}
    assert {life: jobs[job_id(life)].status for life in statuses} == statuses
    assert jobs[STUCK].progress == pytest.approx(0.4)
    assert (jobs[STUCK].variants_done, jobs[STUCK].variants_total) == (2, 5)
    for sort in ("idle", "running", "updated", "state"):
        assert len((await backend.page(Query(sort=sort))).rows) == len(jobs)


async def test_malformed_progress_is_shown_with_the_parse_error_and_nothing_writes_to_it(
    here: Here, backend: Backend
) -> None:
    [shown] = await backend.variants(JobId(MALFORMED))
    assert shown.status == "malformed"
    assert "not JSON" in str(shown.error)
    before = await here.job(MALFORMED)
    for action in ("recover", "restart"):
        [left] = (await plan(backend, action, MALFORMED)).left_out
        assert "nothing writes to it" in left.reason
    assert await here.job(MALFORMED) == before


async def test_recover_schedules_a_recovery_that_a_worker_of_the_queue_takes(
    here: Here, backend: Backend
) -> None:
    before = await here.job(STUCK)
    result = await act(backend, "recover", STUCK)
    assert result.counts.applied == 1
    [row] = await here.recoveries(STUCK)
    names = ("user_id", "workspace_id", "payload")
    assert row["args"] == {
        "job_id": STUCK,
        "interval_id": interval_id("stuck"),
        **{name: before[name] for name in names},
    }
    assert (row["queue"], row["state"], row["max_attempts"]) == ("default", "available", 25)
    assert await here.job(STUCK) == before
    assert (await rules(backend))[STUCK] == "recovering"


async def test_an_interval_is_never_recovered_twice_while_a_recovery_is_in_the_queue(
    here: Here, backend: Backend
) -> None:
    other = await here.console()
    plans = [await plan(one, "recover", STUCK) for one in (backend, other)]
    outcomes = [(await apply(one, made)).counts for one, made in zip((backend, other), plans, strict=True)]
    assert [counts.applied for counts in outcomes] == [1, 0]
    assert outcomes[1].drifted == 1
    assert len(await here.recoveries(STUCK)) == 1
    [left] = (await plan(backend, "recover", STUCK)).left_out
    assert "in the queue already" in left.reason


async def test_two_consoles_that_recover_at_once_schedule_each_interval_once(here: Here) -> None:
    consoles = [await here.console(), await here.console()]
    for _ in range(ROUNDS):
        plans = [await plan(one, "recover", *ALONE, over_limit=True) for one in consoles]
        both = await asyncio.gather(*(apply(one, made) for one, made in zip(consoles, plans, strict=True)))
        applied = [row.job for result in both for row in result.rows if row.outcome is Outcome.APPLIED]
        assert sorted(applied) == sorted(ALONE)
        assert [len(await here.recoveries(job)) for job in ALONE] == [1] * len(ALONE)
        await here.run("DELETE FROM river_job WHERE kind = 'task_recovery'")


async def test_undo_takes_the_recovery_back_only_while_nobody_took_it(here: Here, backend: Backend) -> None:
    result = await act(backend, "recover", STUCK)
    taken = "UPDATE river_job SET state = '{}', attempt = {} WHERE id = :id"
    [row] = await here.recoveries(STUCK)
    await here.run(taken.format("running", 1), id=row["id"])
    made = await backend.plan_undo(result.operation, (await plan(backend, "recover")).options)
    assert not made.rows
    await here.run(taken.format("available", 0), id=row["id"])
    assert (await undo(backend, result)).counts.applied == 1
    assert await here.recoveries(STUCK) == []


async def test_filter_order_and_statistics_count_retries_as_the_list_shows_them(
    here: Here, backend: Backend
) -> None:
    await act(backend, "recover", STUCK)
    rows = (await backend.page(Query(limit=500))).rows
    shown = {row.id: row.retries for row in rows}
    tried = {job: number for job, number in shown.items() if number}
    # Recoveries that the queue alone has on record, and one of the retry history.
    assert {JobId(AT_LIMIT), JobId(STUCK)} <= set(tried)
    for least in (1, 2, 3):
        found = await backend.page(Query(limit=500, terms=(Term("retries", ">=", least),)))
        assert {row.id for row in found.rows} == {job for job, number in shown.items() if number >= least}
    none = await backend.page(Query(limit=500, terms=(Term("retries", "=", 0),)))
    assert {row.id for row in none.rows} == set(shown) - set(tried)
    ordered = await backend.page(Query(limit=500, sort="retries", descending=True))
    numbers = [row.retries for row in ordered.rows]
    assert numbers == sorted(numbers, reverse=True)
    figures = (await backend.statistics(timedelta(days=365))).jobs
    assert {one.job: one.retries for one in figures.top} == tried
    assert figures.histogram == Counter(shown.values())


async def test_what_is_finished_becomes_completed_and_its_results_stay(here: Here, backend: Backend) -> None:
    before = await here.progress(FINISHED)
    result = await act(backend, "recover", FINISHED)
    assert [row.detail for row in result.rows] == ["running → completed"]
    [attempt] = await backend.attempts(JobId(FINISHED))
    assert (attempt.from_status, attempt.to_status) == ("running", "completed")
    after = await here.progress(FINISHED)
    assert after.pop("status") == "completed"
    assert after.pop("last_updated_at") > before["last_updated_at"]
    assert after.items() <= before.items()
    assert await here.recoveries(FINISHED) == []


async def test_an_interval_without_a_recorded_task_begins_anew_and_is_not_called_completed(
    here: Here, backend: Backend
) -> None:
    # The original's recovery finds nothing to do and marks it completed.
    await act(backend, "recover", EMPTY)
    job = await here.job(EMPTY)
    assert job["current_interval_id"] is job["interval_progress"] is job["interval_started_at"] is None


async def test_at_the_limit_an_interval_needs_a_person(here: Here, backend: Backend) -> None:
    # The original reads MAX_RECOVERY_ATTEMPTS and uses it nowhere.
    name = job_id("at_limit")
    assert (await backend.job(JobId(name))).needs_person
    [left] = (await plan(backend, "recover", name)).left_out
    assert "needs a person: 3 of 3" in left.reason
    await act(backend, "recover", name, over_limit=True)
    assert len(await here.recoveries(name)) == 4


async def test_the_limit_is_what_the_environment_says(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RECOVERY_ATTEMPTS", "5")
    backend = await here.console()
    assert (await plan(backend, "recover", job_id("at_limit"))).rows


async def test_a_job_whose_recovery_is_off_is_offered_the_fallback(here: Here, backend: Backend) -> None:
    # The original recovers it all the same when a worker starts.
    [left] = (await plan(backend, "recover", DISABLED)).left_out
    assert "use restart" in left.reason
    before = await here.job(DISABLED)
    result = await act(backend, "restart", DISABLED)
    assert (await here.job(DISABLED))["interval_progress"] is None
    await undo(backend, result)
    assert (await here.job(DISABLED))["interval_progress"] == before["interval_progress"]


async def test_recovery_can_be_switched_off_for_all_by_the_environment(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENABLE_RECOVERY", "false")
    backend = await here.console()
    assert set((await rules(backend)).values()) == {"disabled"}
    assert not (await plan(backend, "recover")).rows


async def test_the_threshold_is_the_check_interval_of_the_environment(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOVERY_CHECK_INTERVAL", "5")
    backend = await here.console()
    assert set(await rules(backend)) == HANGING | {job_id("young", number) for number in (0, 1)}


async def test_without_the_queue_the_unfinished_tasks_go_back_to_created(here: Here) -> None:
    await here.run("DROP TABLE river_job")
    backend = await here.console()
    before = await here.progress(STUCK)
    result = await act(backend, "recover", STUCK)
    assert result.counts.applied == 1
    after = await here.progress(STUCK)
    for name, task in before["task_results"].items():
        is_done = task["status"] in ("completed", "failed")
        assert after["task_results"][name] == (task if is_done else {**task, "status": "created"})
    assert {name: after[name] for name in after if name != "task_results"} == {
        name: before[name] for name in before if name != "task_results"
    }


async def test_a_worker_that_writes_meanwhile_wins(here: Here, backend: Backend) -> None:
    made = await plan(backend, "recover", FINISHED)
    text = (await here.job(FINISHED))["interval_progress"].replace('"running"', '"paused"')
    await here.run("UPDATE jobs SET interval_progress = :new WHERE id = :id", new=text, id=FINISHED)
    assert (await apply(backend, made)).counts.drifted == 1
    assert (await here.job(FINISHED))["interval_progress"] == text


async def test_pause_and_resume_and_delete_and_undo(here: Here, backend: Backend) -> None:
    await act(backend, "pause", STUCK)
    assert (await here.job(STUCK))["status"] == "inactive"
    await act(backend, "resume", STUCK)
    assert (await here.job(STUCK))["status"] == "active"
    name = job_id("recovering")
    before = await here.queued(name)
    result = await act(backend, "delete", name)
    assert (await here.job(name))["is_deleted"] in (True, 1)
    assert all(row["state"] not in ("available", "scheduled") for row in await here.queued(name))
    assert (await undo(backend, result)).counts.applied == 1
    assert await here.queued(name) == before


async def test_the_report_has_the_words_of_the_applications_log(backend: Backend) -> None:
    made = await plan(backend, "recover")
    found = report(made, await apply(backend, made))
    assert str(found["message"]).startswith(f"Found {len(HANGING)} jobs with incomplete intervals.")
    assert found["scheduled"] == 4
    assert found["recovered"] == 6
