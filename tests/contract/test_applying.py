"""Applying a plan: exactly the planned rows, once, with history and journal."""

from dataclasses import replace

import pytest

from tests.contract.world import (
    MINUTE,
    World,
    add_alive,
    add_stuck,
    outcomes,
    plan_recover,
    recover_all,
    recovered,
    row_of,
    status_of,
)
from unstick.recovery.engine import Progress, Stop, apply, unhandled
from unstick.recovery.plan import Options, seal
from unstick.recovery.port import Backend


async def test_exactly_the_planned_rows_change(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    others = [await add_alive(world, "r"), await world.add("p"), await world.add("f", "failed")]
    before = {job: await world.row(job) for job in others}
    result = await recover_all(backend)
    assert outcomes(result) == dict.fromkeys(stuck, "applied")
    assert [await status_of(world, job) for job in stuck] == [recovered(world)] * 2
    assert {job: await world.row(job) for job in others} == before
    assert (result.stopped, result.error) == (False, None)
    assert result.counts.clean


async def test_recover_writes_the_text_and_the_times_of_the_system(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    before = await row_of(world, job)
    await recover_all(backend)
    after = await row_of(world, job)
    assert after.started == before.started
    if world.system == "artitec":
        assert "timed out" in (after.error or "")
        assert after.finished is not None
    else:
        assert after.error == "Job was interrupted by server restart and has been reset to pending."
        assert after.finished is None
        assert after.updated != before.updated
    seen = await backend.job(job)
    changed = seen.finished if world.system == "artitec" else seen.updated
    assert changed is not None
    assert abs((await backend.clock() - changed).total_seconds()) < 20


@pytest.mark.parametrize("system", ["extraction"], indirect=True)
async def test_appended_text_keeps_what_was_there_and_is_not_appended_twice(
    world: World, backend: Backend
) -> None:
    text = "Job was interrupted by server restart and has been reset to pending."
    job = await world.add("a", "running", updated_ago=10 * MINUTE, error="old 'text'\nof % two lines")
    for _ in range(2):
        assert (await recover_all(backend)).counts.applied == 1
        assert (await row_of(world, job)).error == f"old 'text'\nof % two lines\n\n{text}"
        await world.hang(job)


async def test_retry_puts_a_failed_job_back(world: World, backend: Backend) -> None:
    job = await world.add("a", "failed", started_ago=MINUTE, error="boom")
    result = await apply(backend, await backend.plan("retry", [job], Options()))
    assert outcomes(result) == {job: "applied"}
    row = await row_of(world, job)
    assert row.status == "pending"
    if world.system == "artitec":
        assert (row.error, row.started, row.finished) == (None, None, None)
    else:
        assert row.error == "boom\n\nJob was manually retried."
    [attempt] = await backend.attempts(job)
    assert (attempt.action, attempt.from_status, attempt.to_status) == ("retry", "failed", "pending")
    assert attempt.reason.startswith("manual")
    assert (await backend.job(job)).retries == 1


async def test_delete_takes_the_job_and_its_children_and_nothing_else(world: World, backend: Backend) -> None:
    job, other = await world.add("a", "failed"), await world.add("b", "failed")
    before = await world.snapshot()
    await world.add_log(job, "one")
    if world.system == "artitec":
        await world.add_change(job, "price", "applied")
    plan = await backend.plan("delete", [job], Options())
    assert plan.rows[0].related
    assert outcomes(await apply(backend, plan)) == {job: "applied"}
    assert await world.row(job) is None
    after = await world.snapshot()
    assert {table: len(rows) for table, rows in after.items()} == {
        table: max(len(rows) - 1, 0) for table, rows in before.items()
    }
    assert await world.row(other) is not None


async def test_the_operation_is_in_the_journal_with_its_rows(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    plan = await plan_recover(backend, reason="deploy", operator="kim")
    result = await apply(backend, plan)
    [listed] = await backend.operations()
    assert (listed.id, listed.plan_id, listed.action) == (result.operation, plan.id, "recover")
    assert (listed.operator, listed.reason, listed.profile) == ("kim", "deploy", world.system)
    assert (listed.planned, listed.counts, listed.status, listed.rows) == (2, result.counts, "finished", ())
    assert listed.finished_at is not None
    assert listed.finished_at >= listed.started_at
    operation = await backend.operation(result.operation)
    assert {row.job for row in operation.rows} == set(stuck)
    for row in operation.rows:
        assert row.outcome == "applied"
        assert row.before is not None
        assert row.after is not None
        assert (row.before["status"], row.after["status"]) == ("running", recovered(world))
        assert row.changes
    assert await backend.operations(since=listed.started_at)
    assert len(await backend.operations(limit=0)) == 0


async def test_operations_are_listed_newest_first(world: World, backend: Backend) -> None:
    done = []
    for name in ("a", "b", "c"):
        await add_stuck(world, name)
        done.append((await recover_all(backend)).operation)
    assert [operation.id for operation in await backend.operations()] == done[::-1]
    assert [operation.id for operation in await backend.operations(limit=2)] == done[:0:-1]


async def test_applying_twice_changes_nothing_more_and_says_so(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    plan = await plan_recover(backend)
    first = await apply(backend, plan)
    before = await world.snapshot()
    second = await apply(backend, plan)
    assert await world.snapshot() == before
    assert second.operation == first.operation
    assert second.counts.applied == 2
    assert all(row.already for row in second.rows)
    assert not any(row.already for row in first.rows)
    assert [len(await backend.attempts(job)) for job in stuck] == [1, 1]
    assert [operation.counts.applied for operation in await backend.operations()] == [2]


async def test_a_second_plan_for_rows_that_were_recovered_finds_nothing(
    world: World, backend: Backend
) -> None:
    await add_stuck(world, "a")
    plan = await plan_recover(backend)
    other = await plan_recover(backend)
    await apply(backend, plan)
    result = await apply(backend, other)
    assert (result.counts.drifted, result.counts.total) == (1, 1)
    assert (await plan_recover(backend)).rows == ()


async def test_two_consoles_that_apply_at_once_change_each_row_once(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b", "c")
    other = await world.console()
    plans = [await plan_recover(backend), await plan_recover(other)]
    results = [await apply(backend, plans[0], chunk=1), await apply(other, plans[1], chunk=1)]
    assert sum(result.counts.applied for result in results) == 3
    assert sum(result.counts.total for result in results) == 6
    assert [(await backend.job(job)).retries for job in stuck] == [1, 1, 1]


async def test_a_stopped_apply_leaves_the_rest_untouched_and_can_go_on(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, "a", "b", "c")
    plan, stop = await plan_recover(backend), Stop()
    seen: list[int] = []

    def after_the_first(progress: Progress) -> None:
        seen.append(progress.done)
        stop.requested = True

    result = await apply(backend, plan, chunk=1, stop=stop, on_progress=after_the_first)
    assert (result.stopped, result.error, seen) == (True, None, [1])
    [first, *others] = [row.job for row in plan.rows]
    assert outcomes(result) == {first: "applied"}
    assert [row.job for row in unhandled(plan, result.rows)] == others
    assert [await status_of(world, job) for job in others] == ["running", "running"]
    assert [operation.status for operation in await backend.operations()] == ["interrupted"]

    rest = await apply(backend, plan, chunk=1)
    assert rest.operation == result.operation
    assert outcomes(rest) == dict.fromkeys(stuck, "applied")
    assert [row.already for row in rest.rows] == [True, False, False]
    [operation] = await backend.operations()
    assert (operation.status, operation.counts.applied, operation.unresolved) == ("finished", 3, 0)


async def test_what_a_chunk_did_can_be_recalled(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    plan = await plan_recover(backend)
    operation = await backend.begin(plan)
    assert await backend.recall(plan, plan.rows, operation) is None
    await world.finish(stuck[1])
    outcome = await backend.apply_chunk(plan, plan.rows, operation)
    recalled = await backend.recall(plan, plan.rows, operation)
    assert recalled is not None
    assert [(row.job, row.outcome) for row in recalled] == [(row.job, row.outcome) for row in outcome]


async def test_outcomes_come_in_the_order_of_the_rows(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b", "c", "d")
    plan = await plan_recover(backend)
    await world.delete(stuck[1])
    await world.finish(stuck[2])
    turned = seal(replace(plan, rows=plan.rows[::-1]))
    operation = await backend.begin(turned)
    done = await backend.apply_chunk(turned, turned.rows, operation)
    assert [row.job for row in done] == [row.job for row in plan.rows][::-1]


async def test_awkward_text_survives_recover_and_undo(world: World, backend: Backend) -> None:
    text = "ünïcode \U0001f525 \\ ' \" ; -- {now} {status} :name %s $1 ?"
    job = await world.add("a", "running", started_ago=7200, updated_ago=7200, error=text)
    before = await world.snapshot()
    result = await recover_all(backend)
    if world.system == "extraction":
        assert (await row_of(world, job)).error == (
            f"{text}\n\nJob was interrupted by server restart and has been reset to pending."
        )
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


@pytest.mark.parametrize("size", [1, 2, 7, 500])
async def test_every_row_asked_for_has_one_outcome_whatever_the_chunk(
    world: World, backend: Backend, size: int
) -> None:
    stuck = await add_stuck(world, *(f"j{number}" for number in range(7)))
    plan = await plan_recover(backend)
    await world.heartbeat(stuck[0])
    await world.finish(stuck[2])
    await world.delete(stuck[4])
    result = await apply(backend, plan, chunk=size)
    assert result.counts.as_dict() == {"applied": 4, "drifted": 2, "missing": 1, "busy": 0, "failed": 0}
    assert result.counts.total == len(plan.rows) == plan.found
    assert [row.job for row in result.rows] == [row.job for row in plan.rows]
