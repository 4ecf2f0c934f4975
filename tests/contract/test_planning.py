"""Plans: exactly what would change, what is left out and why, and nothing is changed by looking."""

import json
from dataclasses import replace

import pytest

from tests.contract.world import (
    HOUR,
    MINUTE,
    STUCK,
    World,
    add_alive,
    add_stuck,
    plan_recover,
    planned,
    recovered,
)
from unstick.recovery.engine import apply
from unstick.recovery.errors import NotFound, PlanError, ReadOnlySource
from unstick.recovery.filters import parse_filter
from unstick.recovery.plan import Options, dump, load
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

TIMED_OUT = {
    "artitec": "Job timed out after",
    "extraction": "Job was interrupted by server restart and has been reset to pending.",
}


async def test_a_plan_lists_exactly_the_stuck_rows_with_before_and_after(
    world: World, backend: Backend
) -> None:
    stuck = await add_stuck(world, "a", "b")
    await add_alive(world, "r")
    await world.add("p")
    plan = await plan_recover(backend, reason="deploy", operator="kim")
    assert [row.job for row in plan.rows] == stuck
    for row in plan.rows:
        assert row.before["status"] == "running"
        assert row.after["status"] == recovered(world)
        assert set(row.before) == set(row.after)
        assert TIMED_OUT[world.system] in str(next(v for k, v in row.after.items() if k.startswith("error")))
        assert "{now}" in row.after.values()
        assert (row.rule, row.reason) == ("stuck", "stuck")
        assert row.why
        assert row.evidence
    assert (plan.action, plan.source, plan.profile) == ("recover", "here", world.system)
    assert (plan.options.reason, plan.options.operator) == ("deploy", "kim")
    assert plan.verb
    assert plan.sql
    assert plan.made_at.tzinfo is not None
    assert len(plan.id) == 12


async def test_a_plan_changes_nothing(world: World, backend: Backend) -> None:
    jobs = await add_stuck(world, "a", "b")
    failed = await world.add("f", "failed")
    await world.add_log(failed, "line")
    before = await world.snapshot()
    await plan_recover(backend)
    await backend.plan("retry", [failed], Options())
    await backend.plan("delete", [failed, *jobs], Options())
    assert await world.snapshot() == before
    assert await backend.attempts() == ()
    assert await backend.operations() == ()


async def test_two_plans_of_the_same_rows_are_two_plans(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    first, second = await plan_recover(backend), await plan_recover(backend)
    assert first.id != second.id
    assert first.rows[0].token == second.rows[0].token


async def test_an_empty_plan_is_a_plan(world: World, backend: Backend) -> None:
    await add_alive(world, "r")
    plan = await plan_recover(backend)
    assert (plan.rows, plan.left_out, plan.found) == ((), (), 0)
    result = await apply(backend, plan)
    assert (result.rows, result.stopped, result.counts.total) == ((), False, 0)
    assert await backend.operations() == ()


async def test_jobs_that_were_asked_for_but_are_not_stuck_are_left_out_with_a_reason(
    world: World, backend: Backend
) -> None:
    [stuck] = await add_stuck(world, "s")
    alive, done = await add_alive(world, "r"), await world.add("d", "completed")
    gone = await world.add("g")
    await world.delete(gone)
    plan = await backend.plan("recover", [alive, stuck, done, gone], Options())
    assert [row.job for row in plan.rows] == [stuck]
    assert {left.job for left in plan.left_out} == {alive, done, gone}
    assert all(left.reason for left in plan.left_out)
    assert "completed" in next(left.reason for left in plan.left_out if left.job == done)
    assert plan.found == 4 == len(plan.rows) + len(plan.left_out)


async def test_a_job_that_is_asked_for_twice_is_planned_once(world: World, backend: Backend) -> None:
    [stuck] = await add_stuck(world, "s")
    plan = await backend.plan("recover", [stuck, stuck], Options())
    assert [row.job for row in plan.rows] == [stuck]
    assert plan.found == 1


async def test_recover_with_an_empty_query_means_every_stuck_job(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    await add_alive(world, "r")
    await world.add("p")
    plan = await backend.plan("recover", Query(), Options())
    assert planned(plan) == set(stuck)


async def test_a_filter_narrows_a_plan(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b")
    [other] = [await world.add("c", "running", started_ago=3 * HOUR, updated_ago=2 * HOUR, kind="inventory")]
    plan = await backend.plan("recover", Query(parse_filter("kind:*inventory"), stuck_only=True), Options())
    assert [row.job for row in plan.rows] == [other]
    assert other not in stuck


async def test_a_page_limit_does_not_cut_a_plan(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "a", "b", "c")
    plan = await backend.plan("recover", replace(STUCK, limit=2), Options())
    assert planned(plan) == set(stuck)


async def test_a_plan_that_is_bigger_than_allowed_is_refused(world: World, backend: Backend) -> None:
    await add_stuck(world, "a", "b", "c")
    with pytest.raises(PlanError, match="3"):
        await plan_recover(backend, max_rows=2)
    assert len((await plan_recover(backend, max_rows=3)).rows) == 3


async def test_an_action_that_the_system_does_not_have_is_refused_by_name(backend: Backend) -> None:
    with pytest.raises(PlanError, match="explode"):
        await backend.plan("explode", STUCK, Options())


async def test_retry_refuses_a_wrong_status_by_name(world: World, backend: Backend) -> None:
    failed, done = await world.add("f", "failed"), await world.add("d", "completed")
    plan = await backend.plan("retry", [failed, done], Options())
    assert [row.job for row in plan.rows] == [failed]
    [left] = plan.left_out
    assert left.job == done
    assert "completed" in left.reason


async def test_delete_refuses_a_running_job_by_name(world: World, backend: Backend) -> None:
    alive, failed = await add_alive(world, "r"), await world.add("f", "failed")
    plan = await backend.plan("delete", [alive, failed], Options())
    assert [row.job for row in plan.rows] == [failed]
    [left] = plan.left_out
    assert left.job == alive
    assert "running" in left.reason


async def test_a_plan_survives_being_saved_and_loaded(world: World, backend: Backend) -> None:
    jobs = await add_stuck(world, "a", "b")
    alive = await add_alive(world, "r")
    plan = await backend.plan("recover", [*jobs, alive], Options({"*": 20 * MINUTE}, operator="kim"))
    loaded = load(dump(plan))
    assert loaded == plan
    assert (await apply(backend, loaded)).counts.applied == 2


async def test_a_plan_file_that_was_changed_is_refused(world: World, backend: Backend) -> None:
    [job, other] = await add_stuck(world, "a", "b")
    data = json.loads(dump(await backend.plan("recover", [job], Options())))
    data["rows"][0]["job"] = other
    with pytest.raises(PlanError, match="changed"):
        load(json.dumps(data))


async def test_a_plan_for_another_database_or_profile_is_refused(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    before = await world.snapshot()
    for foreign in (replace(plan, database="elsewhere/other"), replace(plan, profile="other")):
        with pytest.raises(PlanError):
            await apply(backend, foreign)
    assert await world.snapshot() == before
    assert (await backend.job(job)).retries == 0


async def test_a_plan_is_good_for_the_same_database_under_another_name(
    world: World, backend: Backend
) -> None:
    [job] = await add_stuck(world, "a")
    plan = await plan_recover(backend)
    other = await world.console(name="there")
    assert (await apply(other, plan)).counts.applied == 1
    assert (await backend.job(job)).status == recovered(world)


async def test_a_read_only_source_plans_but_refuses_to_apply(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    console = await world.console(read_only=True)
    plan = await plan_recover(console)
    assert len(plan.rows) == 1
    before = await world.snapshot()
    with pytest.raises(ReadOnlySource):
        await apply(console, plan)
    with pytest.raises(ReadOnlySource):
        await console.apply_chunk(plan, plan.rows, "none")
    with pytest.raises(ReadOnlySource):
        await console.begin(plan)
    assert await world.snapshot() == before
    assert console.capabilities.read_only
    assert set(console.capabilities.refusal) >= {"recover", "retry", "delete"}
    assert await backend.operations() == ()


async def test_an_undo_of_what_never_happened_is_not_found(backend: Backend) -> None:
    with pytest.raises(NotFound):
        await backend.plan_undo("op-none", Options())
    with pytest.raises(NotFound):
        await backend.operation("op-none")
