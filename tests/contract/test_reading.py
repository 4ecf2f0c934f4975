"""What a backend tells of jobs, the same on every database."""

from datetime import UTC, timedelta

import pytest

from tests.contract.world import HOUR, MINUTE, World, add_alive, add_stuck, kind_of, recover_all, recovered
from unstick.recovery.errors import NotFound
from unstick.recovery.model import JobId, State
from unstick.recovery.port import Backend
from unstick.recovery.query import Query


async def test_the_clock_is_aware_utc_and_does_not_go_back(backend: Backend) -> None:
    first, second = await backend.clock(), await backend.clock()
    assert first.tzinfo is UTC
    assert second >= first


async def test_an_empty_system_has_no_jobs(backend: Backend) -> None:
    page = await backend.page(Query())
    assert (page.rows, page.next) == ((), None)
    assert (await backend.counts()).total == 0
    assert await backend.verdicts() == ()


async def test_opening_again_changes_nothing_that_is_read(world: World, backend: Backend) -> None:
    job = await world.add("a")
    await backend.open()
    assert (await backend.job(job)).id == job


async def test_jobs_are_counted_by_state_and_by_native_status(world: World, backend: Backend) -> None:
    await add_stuck(world, "s1", "s2")
    await add_alive(world, "r")
    for status in ("pending", "failed", "failed", "completed", "cancelled"):
        await world.add(f"{status}-{(await backend.counts()).total}", status)
    counts = await backend.counts()
    assert dict(counts.by_status) == {
        "running": 3,
        "pending": 1,
        "failed": 2,
        "completed": 1,
        "cancelled": 1,
    }
    assert {state: number for state, number in counts.by_state.items() if number} == {
        State.RUNNING: 3,
        State.PENDING: 1,
        State.FAILED: 2,
        State.DONE: 1,
        State.CANCELLED: 1,
    }
    assert (counts.total, counts.stuck, counts.estimated) == (8, 2, frozenset())
    assert counts.now.tzinfo is UTC


async def test_a_job_shows_its_columns_and_its_ages(world: World, backend: Backend) -> None:
    job_id = await world.add(
        "a",
        "running",
        created_ago=3 * HOUR,
        started_ago=2 * MINUTE,
        updated_ago=MINUTE,
        error="it broke\nhere",
        kind="discovery",
    )
    job = await backend.job(job_id)
    assert (job.id, job.state, job.status) == (job_id, State.RUNNING, "running")
    assert (kind_of(job), job.error) == ("discovery", "it broke\nhere")
    assert (job.retries, job.max_retries) == (0, 3)
    assert not job.needs_person
    assert job.verdict is None
    now = await backend.clock()
    for time, ago in ((job.created, 3 * HOUR), (job.started, 2 * MINUTE), (job.updated, MINUTE)):
        assert time is not None
        assert time.tzinfo is UTC
        assert (now - time).total_seconds() == pytest.approx(ago, abs=20)
    assert job.running_s == pytest.approx(2 * MINUTE, abs=20)
    assert job.idle_s == pytest.approx(MINUTE, abs=20)
    assert job.finished is None
    assert set(job.fields) >= {"status", "started_at", "updated_at"}


async def test_a_stuck_job_says_why_with_evidence(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    verdict = (await backend.job(job)).verdict
    assert verdict is not None
    assert (verdict.rule, verdict.reason) == ("stuck", "stuck")
    assert verdict.threshold_s == {"artitec": 30 * MINUTE, "extraction": 5 * MINUTE}[world.system]
    assert verdict.clock == {"artitec": "started_at", "extraction": "updated_at"}[world.system]
    silent = {"artitec": 2 * HOUR, "extraction": HOUR}[world.system]
    assert verdict.age_s == pytest.approx(silent + MINUTE, abs=20)
    assert verdict.why
    assert verdict.evidence


async def test_the_verdicts_are_the_stuck_jobs_the_longest_silent_first(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, "a", "b", "c")
    await add_alive(world, "r")
    found = await backend.verdicts()
    assert [(job, variant) for job, variant, _ in found] == [(job, None) for job in stuck]
    ages = [verdict.age_s for _, _, verdict in found]
    assert ages == sorted(ages, key=lambda age: -(age or 0))
    assert len(await backend.verdicts(limit=2)) == 2


async def test_a_running_job_without_a_start_is_judged_by_its_last_change(
    world: World, backend: Backend
) -> None:
    job = await world.add("a", "running", started_ago=None, updated_ago=2 * HOUR)
    seen = await backend.job(job)
    assert seen.verdict is not None
    assert seen.verdict.clock == "updated_at"
    assert seen.running_s is None


async def test_a_job_that_is_not_there_is_not_found(world: World, backend: Backend) -> None:
    job = await world.add("a")
    await world.delete(job)
    with pytest.raises(NotFound):
        await backend.job(job)


@pytest.mark.parametrize("name", ["nonsense", "", "a,b", "'; DROP TABLE x", "0"])
async def test_an_id_that_can_not_exist_is_not_found_either(backend: Backend, name: str) -> None:
    with pytest.raises(NotFound):
        await backend.job(JobId(name))


async def test_variants_come_in_their_order_with_their_states(world: World, backend: Backend) -> None:
    job = await world.add("a", "running", started_ago=MINUTE, updated_ago=1)
    if world.system == "extraction":
        assert await backend.variants(job) == ()
        return
    for name, status in (("price", "applied"), ("city", "pending")):
        await world.add_change(job, name, status)
    variants = await backend.variants(job)
    assert [(each.state, each.job) for each in variants] == [(State.DONE, job), (State.PENDING, job)]
    assert ["price" in (variants[0].name or ""), "city" in (variants[1].name or "")] == [True, True]
    seen = await backend.job(job)
    assert (seen.variants_done, seen.variants_total) == (1, 2)


async def test_events_are_the_newest_lines_oldest_first(world: World, backend: Backend) -> None:
    job = await world.add("a")
    assert await backend.events(job) == ()
    await world.add_log(job, "one")
    assert [event.message for event in await backend.events(job)] == ["one"]


async def test_attempts_are_empty_before_anything_was_tried(world: World, backend: Backend) -> None:
    job = await world.add("a")
    assert await backend.attempts(job) == ()
    assert await backend.attempts() == ()


async def test_a_recovery_is_an_attempt_in_the_history_and_in_the_retry_count(
    world: World, backend: Backend
) -> None:
    [job, other] = await add_stuck(world, "a", "b")
    result = await recover_all(backend)
    [attempt] = await backend.attempts(job)
    assert (attempt.job, attempt.action, attempt.reason) == (job, "recover", "stuck")
    assert (attempt.from_status, attempt.to_status) == ("running", recovered(world))
    assert (attempt.result, attempt.operation) == ("applied", result.operation)
    assert attempt.at.tzinfo is UTC
    assert (await backend.job(job)).retries == 1
    assert {each.job for each in await backend.attempts()} == {job, other}
    assert len(await backend.attempts(limit=1)) == 1


async def test_the_queue_names_its_holder_and_who_is_next(world: World, backend: Backend) -> None:
    [holder] = await add_stuck(world, "a")
    first = await world.add("b", created_ago=2 * HOUR)
    await world.add("c", created_ago=HOUR)
    queue = await backend.queue()
    if world.system == "extraction":
        assert queue is None
        return
    assert queue is not None
    assert (queue.holder, queue.holder_stuck, queue.waiting, queue.next) == (holder, True, 2, first)
    assert queue.holder_since is not None


async def test_statistics_count_retries_of_the_jobs_in_the_window(world: World, backend: Backend) -> None:
    await add_stuck(world, "a", "b")
    await world.add("old", created_ago=10 * 24 * HOUR)
    await world.add("new", created_ago=HOUR)
    await recover_all(backend)
    found = await backend.statistics(timedelta(days=7))
    assert found.window_s == timedelta(days=7).total_seconds()
    spread = found.jobs.spread
    assert (spread.total, spread.none, spread.some, spread.maximum) == (3, 1, 2, 1)
    assert spread.rate == pytest.approx(2 / 3)
    assert found.jobs.histogram == {0: 1, 1: 2}
    assert sum(day.some for day in found.jobs.by_day.values()) == 2
    assert found.reasons == {"stuck": {"applied": 2}}
    assert found.actions["recover"]["applied"] == 2
    assert [one.retries for one in found.jobs.top] == [1, 1]
    assert sum(found.jobs.by_status.values()) == 3


async def test_capabilities_name_the_actions_and_the_limits(backend: Backend, world: World) -> None:
    here = backend.capabilities
    assert here.profile == world.system
    assert {action.name for action in here.actions} >= {"recover", "retry", "delete"}
    assert all(action.verb for action in here.actions)
    assert {action.name: action.destructive for action in here.actions}["delete"]
    assert {action.name: action.only_stuck for action in here.actions}["recover"]
    assert (here.read_only, dict(here.refusal), here.max_retries) == (False, {}, 3)
    assert backend.source == "here"
    assert "***" not in here.database


async def test_no_time_is_ever_naive(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    await recover_all(backend)
    seen = await backend.job(job)
    times = [seen.created, seen.started, seen.updated, seen.finished, (await backend.page(Query())).now]
    times += [operation.started_at for operation in await backend.operations()]
    assert all(time.tzinfo is UTC for time in times if time is not None)
