"""Thresholds and the retry limit."""

import pytest

from tests.contract.world import (
    HOUR,
    MINUTE,
    STUCK,
    World,
    add_alive,
    add_stuck,
    plan_recover,
    recover_all,
)
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query


async def add_silent(world: World, name: str, ago: float) -> JobId:
    return await world.add(name, "running", created_ago=24 * HOUR, started_ago=ago, updated_ago=ago)


async def worn_out(world: World, backend: Backend) -> JobId:
    """A job that was recovered three times and hangs again."""
    [job] = await add_stuck(world, "a")
    for _ in range(3):
        assert (await recover_all(backend)).counts.applied == 1
        await world.hang(job)
    return job


@pytest.mark.parametrize("name", ["*", "stuck"])
async def test_a_threshold_can_be_set_with_the_question(world: World, backend: Backend, name: str) -> None:
    long, short = await add_silent(world, "long", 3 * HOUR), await add_silent(world, "short", 2 * HOUR)
    await add_alive(world, "r")
    wide = {name: 2.5 * HOUR}
    assert [job for job, _, _ in await backend.verdicts(wide)] == [long]
    assert (await backend.counts(wide)).stuck == 1
    assert (await backend.job(short, wide)).verdict is None
    page = await backend.page(Query(thresholds=wide))
    assert [job.id for job in page.rows if job.verdict] == [long]
    assert [row.job for row in (await plan_recover(backend, thresholds=wide)).rows] == [long]
    plan = await backend.plan("recover", Query(stuck_only=True, thresholds=wide), Options())
    assert [row.job for row in plan.rows] == [long]


async def test_a_shorter_threshold_finds_more(world: World, backend: Backend) -> None:
    await add_silent(world, "a", 2 * MINUTE)
    assert (await backend.counts()).stuck == 0
    assert (await backend.counts({"*": MINUTE})).stuck == 1


async def test_never_means_that_nothing_is_stuck(world: World, backend: Backend) -> None:
    await add_stuck(world, "a")
    assert (await backend.counts({"*": None})).stuck == 0
    assert await backend.verdicts({"*": None}) == ()
    assert (await plan_recover(backend, thresholds={"*": None})).rows == ()


async def test_thresholds_of_the_source_count_unless_the_question_has_its_own(world: World) -> None:
    await add_silent(world, "a", 2 * MINUTE)
    console = await world.console(thresholds={"stuck": MINUTE})
    assert (await console.counts()).stuck == 1
    assert console.capabilities.thresholds["stuck"] == MINUTE
    assert (await console.counts({"stuck": HOUR})).stuck == 0
    never = await world.console(thresholds={"stuck": None})
    assert (await never.counts()).stuck == 0
    assert (await never.counts({"stuck": MINUTE})).stuck == 1


async def test_the_threshold_of_the_plan_is_the_one_that_is_checked_again(
    world: World, backend: Backend
) -> None:
    job = await add_silent(world, "a", 2 * MINUTE)
    plan = await plan_recover(backend, thresholds={"*": MINUTE})
    operation = await backend.begin(plan)
    [row] = await backend.apply_chunk(plan, plan.rows, operation)
    assert (row.job, row.outcome.value) == (job, "applied")


async def test_the_retry_count_rises_with_every_recovery(world: World, backend: Backend) -> None:
    job = await worn_out(world, backend)
    seen = await backend.job(job)
    assert (seen.retries, seen.max_retries, seen.needs_person) == (3, 3, True)
    assert len(await backend.attempts(job)) == 3


async def test_a_job_at_its_limit_is_left_out_because_it_needs_a_person(
    world: World, backend: Backend
) -> None:
    job = await worn_out(world, backend)
    [fresh] = await add_stuck(world, "b")
    plan = await plan_recover(backend, by_sweep=True)
    assert [row.job for row in plan.rows] == [fresh]
    [left] = plan.left_out
    assert left.job == job
    assert "needs a person" in left.reason
    assert plan.found == 2
    by_hand = await backend.plan("recover", [job], Options())
    assert by_hand.rows == ()


async def test_a_job_at_its_limit_is_still_shown_as_stuck(world: World, backend: Backend) -> None:
    job = await worn_out(world, backend)
    assert [row.id for row in (await backend.page(STUCK)).rows] == [job]


async def test_the_limit_can_be_overridden_on_purpose(world: World, backend: Backend) -> None:
    job = await worn_out(world, backend)
    plan = await plan_recover(backend, over_limit=True)
    assert [row.job for row in plan.rows] == [job]
    operation = await backend.begin(plan)
    [row] = await backend.apply_chunk(plan, plan.rows, operation)
    assert row.outcome.value == "applied"
    assert (await backend.job(job)).retries == 4


async def test_a_source_can_have_another_limit_or_none(world: World, backend: Backend) -> None:
    await worn_out(world, backend)
    for limit, planned in ((3, 0), (4, 1), (None, 1)):
        console = await world.console(max_retries=limit)
        assert console.capabilities.max_retries == limit
        assert len((await plan_recover(console)).rows) == planned


async def test_retries_can_be_filtered_and_sorted(world: World, backend: Backend) -> None:
    job = await worn_out(world, backend)
    other = await world.add("b")
    page = await backend.page(Query(sort="retries", descending=True))
    assert [row.id for row in page.rows] == [job, other]
