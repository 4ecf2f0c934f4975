"""Ids, children and moments that are out of the ordinary."""

import pytest

from tests.contract.world import HOUR, World, add_stuck, outcomes, plan_recover, recovered, row_of, status_of
from unstick.recovery.engine import apply
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId, State
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

ARTITEC = pytest.mark.parametrize("system", ["artitec"], indirect=True)
"""Only this system can have what the test needs."""
NAMES = [
    "a,b",
    "a:b",
    "collection_jobs:1",
    "it's",
    '"q"',
    "100%",
    "a_b",
    "back\\slash",
    "ünï\U0001f525",
    "a b",
    "$1",
    "?",
]


@ARTITEC
@pytest.mark.parametrize("name", NAMES)
async def test_an_awkward_id_goes_all_the_way_round(world: World, backend: Backend, name: str) -> None:
    job, other = await add_stuck(world, name, "other")
    before = await world.snapshot()
    [listed] = [row.id for row in (await backend.page(Query(sort="id"))).rows if row.id != other]
    assert (await backend.job(listed)).id == listed
    plan = await backend.plan("recover", [listed], Options())
    result = await apply(backend, plan)
    assert outcomes(result) == {listed: "applied"}
    assert await status_of(world, job) == recovered(world)
    assert await status_of(world, other) == "running"
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


@ARTITEC
@pytest.mark.parametrize("name", ["a,b", "it's", "100%", "a_b", "back\\slash"])
async def test_an_awkward_id_is_found_by_a_filter(world: World, backend: Backend, name: str) -> None:
    await world.add(name)
    await world.add("100x")
    await world.add("axb")
    page = await backend.page(Query(text=name))
    assert len(page.rows) == 1
    quoted = name.replace("\\", "\\\\")
    assert len((await backend.page(Query(parse_filter(f'id:"*{quoted}"')))).rows) == 1


@ARTITEC
async def test_a_status_that_nobody_declared_is_other(world: World, backend: Backend) -> None:
    job = await world.add("a", "in_progress")
    seen = await backend.job(job)
    assert (seen.state, seen.status, seen.verdict) == (State.OTHER, "in_progress", None)
    assert (await backend.counts()).by_state[State.OTHER] == 1
    assert (await plan_recover(backend)).rows == ()


async def test_a_job_from_the_future_is_not_stuck(world: World, backend: Backend) -> None:
    job = await world.add("a", "running", created_ago=-HOUR, started_ago=-HOUR, updated_ago=-HOUR)
    assert (await backend.job(job)).verdict is None
    assert (await plan_recover(backend)).rows == ()


async def test_a_child_that_came_after_the_plan_is_brought_back_too(world: World, backend: Backend) -> None:
    job = await world.add("a", "failed")
    await world.add_log(job, "before the plan")
    plan = await backend.plan("delete", [job], Options())
    await world.add_log(job, "after the plan")
    before = await world.snapshot()
    result = await apply(backend, plan)
    assert outcomes(result) == {job: "applied"}
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


@ARTITEC
async def test_rows_that_refer_to_a_deleted_job_stay_and_are_linked_again(
    world: World, backend: Backend
) -> None:
    job = await world.add("a", "failed")
    await world.add_match(job)
    before = await world.snapshot()
    result = await apply(backend, await backend.plan("delete", [job], Options()))
    assert outcomes(result) == {job: "applied"}
    assert [len(rows) for rows in (await world.snapshot()).values()][-1] == len(list(before.values())[-1])
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


async def test_very_long_text_is_whole_on_the_job_screen_and_after_undo(
    world: World, backend: Backend
) -> None:
    text = "x" * 5000 + "\n" + "ü" * 5000
    job = await world.add("a", "running", started_ago=2 * HOUR, updated_ago=2 * HOUR, error=text)
    before = await world.snapshot()
    assert (await backend.job(job)).error == text
    result = await apply(backend, await plan_recover(backend))
    if world.system == "extraction":
        assert ((await row_of(world, job)).error or "").startswith(text)
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


@pytest.mark.parametrize("error", ["", " ", "\n\n"])
async def test_an_empty_error_text_is_kept_as_it_is(world: World, backend: Backend, error: str) -> None:
    await world.add("a", "running", started_ago=2 * HOUR, updated_ago=2 * HOUR, error=error)
    before = await world.snapshot()
    result = await apply(backend, await plan_recover(backend))
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await world.snapshot() == before


async def test_ids_that_are_no_ids_are_left_out_of_a_plan(world: World, backend: Backend) -> None:
    [job] = await add_stuck(world, "a")
    strange = [JobId(name) for name in ("nonsense", "", "a,b,c", "x:y", "--")]
    plan = await backend.plan("recover", [*strange, job], Options())
    assert [row.job for row in plan.rows] == [job]
    assert {left.job for left in plan.left_out} == set(strange)
    assert plan.found == 6
