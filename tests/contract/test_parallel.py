"""Overlapping calls, two consoles at once, lost connections, rows that the database refuses."""

from asyncio import gather, sleep

import pytest

from tests.contract.world import (
    World,
    add_alive,
    add_stuck,
    outcomes,
    plan_recover,
    recover_all,
    recovered,
    status_of,
)
from unstick.recovery import engine
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query


async def test_calls_may_overlap(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    await add_alive(world, "r")
    reading = gather(
        backend.counts(),
        backend.job(stuck[0]),
        backend.variants(stuck[0]),
        backend.attempts(),
        plan_recover(backend),
        backend.operations(),
        backend.clock(),
    )
    page, result, _ = await gather(backend.page(Query()), recover_all(backend), reading)
    assert len(page.rows) == 3
    assert result.counts.applied == 2


async def test_two_consoles_that_apply_their_own_plans_at_once_change_each_row_once(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, *(f"j{number}" for number in range(6)))
    other = await world.console()
    mine, theirs = await plan_recover(backend), await plan_recover(other)
    both = await gather(apply(backend, mine, chunk=2), apply(other, theirs, chunk=2))
    assert [result.counts.total for result in both] == [6, 6]
    applied = [row.job for result in both for row in result.rows if row.outcome.value == "applied"]
    assert len(set(applied)) == len(applied)
    for job in stuck:
        done = applied.count(job)
        assert len(await backend.attempts(job)) == done
        assert await status_of(world, job) == (recovered(world) if done else "running")


async def test_two_consoles_that_apply_the_same_plan_at_once_change_each_row_once(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, *(f"j{number:02}" for number in range(24)))
    other = await world.console()
    plan = await plan_recover(backend)
    both = await gather(apply(backend, plan, chunk=2), apply(other, plan, chunk=2))
    assert [result.counts.total for result in both] == [24, 24]
    fresh = [
        row.job
        for result in both
        for row in result.rows
        if row.outcome.value == "applied" and not row.already
    ]
    assert len(set(fresh)) == len(fresh)
    rest = await apply(backend, plan)
    assert rest.counts.applied == 24
    assert [len(await backend.attempts(job)) for job in stuck] == [1] * 24


async def test_a_job_is_recovered_or_finished_by_its_worker_but_never_both(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, *(f"j{number:02}" for number in range(24)))
    plan = await plan_recover(backend)

    async def worker() -> None:
        for row in reversed(plan.rows):
            await world.finish(row.job, own=True)
            await sleep(0)

    result, _ = await gather(apply(backend, plan, chunk=2), worker())
    assert result.counts.total == 24
    ended = {job: await status_of(world, job) for job in stuck}
    applied = {job for job, outcome in outcomes(result).items() if outcome == "applied"}
    assert ended == {job: recovered(world) if job in applied else "completed" for job in stuck}
    assert {attempt.job for attempt in await backend.attempts()} == applied


async def test_a_plan_of_many_rows_is_applied_in_several_chunks(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, *(f"j{number:03}" for number in range(620)))
    before = await world.snapshot()
    plan = await backend.plan("recover", stuck, Options())
    assert len(plan.rows) == 620
    result = await apply(backend, plan)
    assert result.counts.applied == 620
    undone = await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert undone.counts.applied == 620
    assert await world.snapshot() == before


async def test_a_row_that_the_database_refuses_fails_alone(world: World, backend: Backend) -> None:
    first, refused, last = await add_stuck(world, "a", "b", "c")
    await world.forbid(refused)
    result = await recover_all(backend)
    assert outcomes(result) == {first: "applied", refused: "failed", last: "applied"}
    assert await status_of(world, refused) == "running"
    assert next(row for row in result.rows if row.job == refused).detail
    operation = await backend.operation(result.operation)
    assert {row.job: row.outcome for row in operation.rows} == outcomes(result)
    assert (await backend.job(refused)).status == "running"


async def test_a_cut_connection_is_made_again_in_the_middle_of_an_apply(
    world: World, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RECONNECTS", (0.0, 0.0))
    await add_stuck(world, "a", "b")
    plan = await plan_recover(backend)
    operation = await backend.begin(plan)
    await backend.apply_chunk(plan, plan.rows[:1], operation)
    await world.cut()
    result = await apply(backend, plan)
    assert (result.operation, result.error, result.counts.applied) == (operation, None, 2)
    assert [row.already for row in result.rows] == [True, False]


async def test_a_console_reads_again_after_its_connection_was_cut(world: World, backend: Backend) -> None:
    job = await world.add("a")
    await backend.counts()
    await world.cut()
    await backend.open()
    assert (await backend.job(job)).id == job
    assert (await backend.counts()).total == 1


async def test_a_console_can_be_closed_twice_and_opened_again(world: World, backend: Backend) -> None:
    job = await world.add("a")
    await backend.close()
    await backend.close()
    await backend.open()
    assert (await backend.job(job)).id == job
