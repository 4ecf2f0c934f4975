"""Between plan and apply the worker always wins, and the rest of the chunk is not harmed."""

from collections.abc import Awaitable, Callable

import pytest

from tests.contract.world import (
    World,
    add_stuck,
    outcomes,
    plan_recover,
    recovered,
    row_of,
    status_of,
)
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

Move = Callable[[World, JobId], Awaitable[None]]

MOVES: dict[str, tuple[Move, str]] = {
    "heartbeat": (lambda world, job: world.heartbeat(job), "drifted"),
    "finish": (lambda world, job: world.finish(job), "drifted"),
    "fail": (lambda world, job: world.fail(job), "drifted"),
    "reclaimed by another worker": (lambda world, job: world.reclaim(job), "drifted"),
    "delete": (lambda world, job: world.delete(job), "missing"),
}


@pytest.mark.parametrize("name", MOVES)
async def test_the_worker_wins_and_the_others_are_recovered(
    world: World, backend: Backend, name: str
) -> None:
    move, outcome = MOVES[name]
    first, moved, last = await add_stuck(world, "a", "b", "c")
    plan = await plan_recover(backend)
    await move(world, moved)
    before = await world.row(moved)
    result = await apply(backend, plan)
    assert outcomes(result) == {first: "applied", moved: outcome, last: "applied"}
    assert await world.row(moved) == before
    assert [await status_of(world, job) for job in (first, last)] == [recovered(world)] * 2
    assert next(row for row in result.rows if row.job == moved).detail
    assert result.counts.total == 3


@pytest.mark.parametrize("name", MOVES)
async def test_what_moved_on_is_journalled_but_is_no_attempt(
    world: World, backend: Backend, name: str
) -> None:
    move, outcome = MOVES[name]
    [moved] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    await move(world, moved)
    result = await apply(backend, plan)
    operation = await backend.operation(result.operation)
    assert [(row.job, row.outcome) for row in operation.rows] == [(moved, outcome)]
    assert operation.counts == result.counts
    assert [attempt for attempt in await backend.attempts(moved) if attempt.result == "applied"] == []


async def test_a_drifted_row_says_what_moved(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    await world.finish(job)
    [row] = (await apply(backend, plan)).rows
    assert "completed" in row.detail


async def test_a_locked_row_is_busy_and_left_alone(world: World, backend: Backend) -> None:
    first, held, last = await add_stuck(world, "a", "b", "c")
    plan = await plan_recover(backend)
    async with world.lock(held):
        result = await apply(backend, plan)
    others = "busy" if world.locks_everything else "applied"
    assert outcomes(result) == {first: others, held: "busy", last: others}
    assert await status_of(world, held) == "running"
    assert next(row for row in result.rows if row.job == held).detail


async def test_busy_rows_are_done_when_the_same_plan_is_applied_again(world: World, backend: Backend) -> None:
    first, held = await add_stuck(world, "a", "b")
    plan = await plan_recover(backend)
    async with world.lock(held):
        await apply(backend, plan)
    result = await apply(backend, plan)
    assert outcomes(result) == {first: "applied", held: "applied"}
    assert [(await backend.job(job)).retries for job in (first, held)] == [1, 1]
    [operation] = await backend.operations()
    assert (operation.counts.applied, operation.counts.busy) == (2, 0)


async def test_reading_goes_on_while_a_row_is_locked(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    async with world.lock(job):
        assert (await backend.job(job)).status == "running"
        assert (await backend.counts()).stuck == 1


async def test_a_job_that_starts_after_the_plan_is_not_deleted(world: World, backend: Backend) -> None:
    jobs = [await world.add("a", "failed"), await world.add("b", "failed")]
    plan = await backend.plan("delete", jobs, Options())
    await world.reclaim(jobs[0])
    result = await apply(backend, plan)
    assert outcomes(result) == {jobs[0]: "drifted", jobs[1]: "applied"}
    assert await status_of(world, jobs[0]) == "running"
    assert "running" in next(row for row in result.rows if row.job == jobs[0]).detail


async def test_a_job_that_somebody_else_retried_is_not_retried_again(world: World, backend: Backend) -> None:
    job = await world.add("a", "failed")
    other = await world.console()
    plan = await backend.plan("retry", [job], Options())
    await apply(other, await other.plan("retry", [job], Options()))
    assert outcomes(await apply(backend, plan)) == {job: "drifted"}
    assert (await backend.job(job)).retries == 1


async def test_a_job_that_hangs_again_is_not_the_one_that_was_planned(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    await world.finish(job)
    await world.hang(job)
    result = await apply(backend, plan)
    assert outcomes(result) == {job: "drifted"}
    assert (await row_of(world, job)).status == "running"


async def test_a_job_that_finishes_between_two_chunks_is_left_alone(world: World, backend: Backend) -> None:
    await add_stuck(world, "a", "b")
    plan = await plan_recover(backend)
    first, second = (row.job for row in plan.rows)
    operation = await backend.begin(plan)
    [done] = await backend.apply_chunk(plan, plan.rows[:1], operation)
    await world.finish(second)
    [left] = await backend.apply_chunk(plan, plan.rows[1:], operation)
    assert [(done.job, done.outcome.value), (left.job, left.outcome.value)] == [
        (first, "applied"),
        (second, "drifted"),
    ]
    assert await status_of(world, second) == "completed"


async def test_a_new_child_row_of_a_planned_job_does_not_stop_a_recovery(
    world: World, backend: Backend
) -> None:
    [job] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    await world.add_log(job, "somebody looked")
    assert outcomes(await apply(backend, plan)) == {job: "applied"}
