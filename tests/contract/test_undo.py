"""Undo: puts back exactly what an operation changed, where it is still as it was left."""

import pytest

from tests.contract.world import (
    World,
    add_stuck,
    outcomes,
    recover_all,
    recovered,
    status_of,
)
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, dump, load
from unstick.recovery.port import Backend


async def undo(backend: Backend, operation: str) -> Result:
    return await apply(backend, await backend.plan_undo(operation, Options(reason="oops")))


async def delete(backend: Backend, *jobs: JobId) -> Result:
    return await apply(backend, await backend.plan("delete", jobs, Options()))


async def test_undo_restores_exactly_what_was_there(world: World, backend: Backend) -> None:
    await add_stuck(world, "a", "b")
    before = await world.snapshot()
    result = await recover_all(backend)
    assert await world.snapshot() != before
    undone = await undo(backend, result.operation)
    assert undone.counts.applied == 2
    assert await world.snapshot() == before


async def test_the_plan_of_an_undo_shows_what_it_puts_back(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    result = await recover_all(backend)
    plan = await backend.plan_undo(result.operation, Options())
    [row] = plan.rows
    assert (plan.undoes, row.job) == (result.operation, job)
    assert (row.before["status"], row.after["status"]) == (recovered(world), "running")
    assert row.changes
    assert load(dump(plan)) == plan


async def test_planning_an_undo_changes_nothing(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    result = await recover_all(backend)
    before = await world.snapshot()
    await backend.plan_undo(result.operation, Options())
    assert await world.snapshot() == before
    assert len(await backend.operations()) == 1


async def test_undo_brings_back_deleted_jobs_with_their_children(world: World, backend: Backend) -> None:
    jobs = [await world.add("a", "failed", error="why"), await world.add("b", "completed", started_ago=60)]
    for job in jobs:
        await world.add_log(job, f"one of {job}")
        await world.add_log(job, f"two of {job}")
    if world.system == "artitec":
        await world.add_change(jobs[0], "price", "applied")
    before = await world.snapshot()
    result = await delete(backend, *jobs)
    assert [await world.row(job) for job in jobs] == [None, None]
    undone = await undo(backend, result.operation)
    assert outcomes(undone) == dict.fromkeys(jobs, "applied")
    assert await world.snapshot() == before
    assert [event.message for event in await backend.events(jobs[0])] == [
        f"one of {jobs[0]}",
        f"two of {jobs[0]}",
    ]


async def test_undo_puts_back_a_retried_job(world: World, backend: Backend) -> None:
    job = await world.add("a", "failed", started_ago=60, error="boom")
    before = await world.snapshot()
    result = await apply(backend, await backend.plan("retry", [job], Options()))
    await undo(backend, result.operation)
    assert await world.snapshot() == before


async def test_undo_leaves_out_rows_that_moved_on(world: World, backend: Backend) -> None:
    first, moved, gone = await add_stuck(world, "a", "b", "c")
    result = await recover_all(backend)
    await world.reclaim(moved)
    await world.delete(gone)
    plan = await backend.plan_undo(result.operation, Options())
    assert [row.job for row in plan.rows] == [first]
    assert {left.job for left in plan.left_out} == {moved, gone}
    assert all(left.reason for left in plan.left_out)
    assert plan.found == 3
    assert outcomes(await apply(backend, plan)) == {first: "applied"}
    assert await status_of(world, moved) == "running"
    assert await world.row(gone) is None


async def test_undo_refuses_rows_that_move_on_after_its_plan(world: World, backend: Backend) -> None:
    first, moved, gone = await add_stuck(world, "a", "b", "c")
    result = await recover_all(backend)
    plan = await backend.plan_undo(result.operation, Options())
    await world.reclaim(moved)
    await world.delete(gone)
    before = await world.row(moved)
    undone = await apply(backend, plan)
    assert outcomes(undone) == {first: "applied", moved: "drifted", gone: "missing"}
    assert await world.row(moved) == before
    assert await world.row(gone) is None


async def test_a_job_that_is_there_again_is_not_overwritten(world: World, backend: Backend) -> None:
    job, other = await world.add("a", "failed"), await world.add("b", "failed")
    result = await delete(backend, job, other)
    plan = await backend.plan_undo(result.operation, Options())
    assert await world.add("a", "completed") == job
    undone = await apply(backend, plan)
    assert outcomes(undone)[job] in ("drifted", "failed")
    assert outcomes(undone)[other] == "applied"
    assert await status_of(world, job) == "completed"
    again = await backend.plan_undo(result.operation, Options())
    assert again.rows == ()


async def test_an_undo_can_be_undone(world: World, backend: Backend) -> None:
    jobs = await add_stuck(world, "a", "b")
    result = await recover_all(backend)
    after = await world.snapshot()
    undone = await undo(backend, result.operation)
    again = await undo(backend, undone.operation)
    assert outcomes(again) == dict.fromkeys(jobs, "applied")
    assert await world.snapshot() == after


async def test_the_undo_of_a_delete_can_be_undone(world: World, backend: Backend) -> None:
    job = await world.add("a", "failed")
    await world.add_log(job, "one")
    after_delete = await delete(backend, job)
    undone = await undo(backend, after_delete.operation)
    again = await undo(backend, undone.operation)
    assert outcomes(again) == {job: "applied"}
    assert await world.row(job) is None


async def test_undoing_twice_changes_nothing_more(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    result = await recover_all(backend)
    await undo(backend, result.operation)
    before = await world.snapshot()
    plan = await backend.plan_undo(result.operation, Options())
    assert plan.rows == ()
    assert len(plan.left_out) == 1
    assert (await apply(backend, plan)).counts.total == 0
    assert await world.snapshot() == before


async def test_two_undo_plans_of_one_operation_put_it_back_once(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    before = await world.snapshot()
    result = await recover_all(backend)
    plans = [await backend.plan_undo(result.operation, Options()) for _ in range(2)]
    assert (await apply(backend, plans[0])).counts.applied == 1
    assert (await apply(backend, plans[1])).counts.drifted == 1
    assert await world.snapshot() == before


async def test_the_journal_tells_what_was_undone(world: World, backend: Backend) -> None:
    first, moved = await add_stuck(world, "a", "b")
    result = await recover_all(backend)
    await world.reclaim(moved)
    undone = await undo(backend, result.operation)
    original = await backend.operation(result.operation)
    assert (original.status, original.undone) == ("partly undone", 1)
    assert {row.job: row.undone_by for row in original.rows} == {first: undone.operation, moved: None}
    [newest, _] = await backend.operations()
    assert (newest.id, newest.undoes, newest.reason) == (undone.operation, result.operation, "oops")


async def test_an_operation_that_was_wholly_undone_says_so(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    result = await recover_all(backend)
    await undo(backend, result.operation)
    assert (await backend.operation(result.operation)).status == "undone"


async def test_a_plan_that_was_undone_is_not_applied_again_by_itself(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    plan = await backend.plan("recover", [job], Options())
    result = await apply(backend, plan)
    await undo(backend, result.operation)
    again = await apply(backend, plan)
    assert not any(row.already and row.outcome.value == "applied" for row in again.rows)
    counted = (await backend.operation(result.operation)).counts.total
    assert counted == 1


@pytest.mark.parametrize("size", [1, 500])
async def test_an_interrupted_operation_can_be_undone_as_far_as_it_came(
    world: World, backend: Backend, size: int
) -> None:
    jobs = await add_stuck(world, "a", "b")
    before = await world.snapshot()
    plan = await backend.plan("recover", jobs, Options())
    first = plan.rows[0].job
    operation = await backend.begin(plan)
    await backend.apply_chunk(plan, plan.rows[:1], operation)
    undone = await apply(backend, await backend.plan_undo(operation, Options()), chunk=size)
    assert outcomes(undone) == {first: "applied"}
    assert await world.snapshot() == before
