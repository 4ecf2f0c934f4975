"""The source in memory: a believable example, and the switches that tests of screens need."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from unstick.recovery.engine import apply
from unstick.recovery.errors import PlanError, ReadOnlySource, Unreachable, UsageError
from unstick.recovery.memory import ARTITEC, EXTRACTION, START, FixedClock, MemoryBackend, MemorySystem
from unstick.recovery.model import ActionInfo, State
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query


def test_it_is_a_backend() -> None:
    backend: Backend = MemoryBackend()
    assert backend.source == "memory"


async def test_the_example_has_the_jobs_that_were_asked_for() -> None:
    backend = MemoryBackend.example(jobs=300, stuck=7)
    counts = await backend.counts()
    assert (counts.total, counts.stuck) == (300, 7)
    assert counts.by_state[State.RUNNING] > 7
    assert all(counts.by_state[state] for state in (State.PENDING, State.DONE, State.FAILED, State.CANCELLED))


async def test_the_example_is_the_same_for_the_same_seed() -> None:
    pages = [(await MemoryBackend.example(seed=seed).page(Query())).rows for seed in (1, 1, 2)]
    assert pages[0] == pages[1] != pages[2]


@pytest.mark.parametrize("system", [ARTITEC, EXTRACTION])
async def test_every_example_job_can_be_looked_into(system: MemorySystem) -> None:
    backend = MemoryBackend.example(jobs=40, system=system)
    for job in (await backend.page(Query())).rows:
        assert await backend.job(job.id) == job
        await backend.variants(job.id)
        await backend.events(job.id)


@pytest.mark.parametrize(("jobs", "stuck"), [(0, 0), (3, 3), (1, 0)])
async def test_the_example_can_be_small(jobs: int, stuck: int) -> None:
    counts = await MemoryBackend.example(jobs=jobs, stuck=stuck).counts()
    assert (counts.total, counts.stuck) == (jobs, stuck)


async def test_the_clock_stands_still_until_it_is_advanced() -> None:
    backend = MemoryBackend()
    assert await backend.clock() == START
    backend.advance(90)
    assert await backend.clock() == START + timedelta(seconds=90)


async def test_a_given_clock_can_be_advanced_too() -> None:
    clock = FixedClock()
    backend = MemoryBackend(clock=clock)
    clock.advance(10)
    backend.advance(5)
    assert await backend.clock() == START + timedelta(seconds=15)


async def test_time_makes_a_silent_job_stuck() -> None:
    backend = MemoryBackend()
    job = backend.worker.add("a", "running", started_ago=0, updated_ago=0)
    assert (await backend.job(job)).verdict is None
    backend.advance(1801)
    verdict = (await backend.job(job)).verdict
    assert verdict is not None
    assert (verdict.why, verdict.age_s) == ("running 30m 1s > 30m", 1801)


async def test_a_running_job_without_any_time_is_stuck_and_says_so() -> None:
    backend = MemoryBackend()
    job = backend.worker.add("a", "running", started_ago=None, updated_ago=None)
    verdict = (await backend.job(job)).verdict
    assert verdict is not None
    assert (verdict.why, verdict.age_s) == ("no life sign", None)


async def test_a_source_that_is_down_answers_nothing() -> None:
    backend = MemoryBackend.example(jobs=3, stuck=1)
    plan = await backend.plan("recover", Query(), Options())
    backend.go_down()
    for question in (backend.open, backend.clock, backend.counts, backend.operations, backend.queue):
        with pytest.raises(Unreachable):
            await question()
    with pytest.raises(Unreachable):
        await backend.begin(plan)
    await backend.close()
    backend.come_back()
    await backend.open()
    assert (await backend.counts()).stuck == 1


async def test_a_slow_source_answers_when_it_is_released() -> None:
    backend = MemoryBackend.example(jobs=3, stuck=1)
    backend.hold()
    asking = asyncio.ensure_future(backend.counts())
    await asyncio.sleep(0)
    assert not asking.done()
    backend.release()
    assert (await asking).total == 3


async def test_watchers_are_told_of_every_move() -> None:
    backend = MemoryBackend()
    ticks: list[None] = []

    async def watching() -> None:
        async for tick in backend.watch():
            ticks.append(tick)

    task = asyncio.ensure_future(watching())
    await asyncio.sleep(0)
    job = backend.worker.add("a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    backend.worker.claim(job)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    assert len(ticks) == 2


async def test_a_second_console_sees_the_same_rows_and_journal() -> None:
    backend = MemoryBackend.example(jobs=10, stuck=2)
    other = backend.second(source="there", read_only=True)
    await apply(backend, await backend.plan("recover", Query(), Options()))
    assert (await other.counts()).stuck == 0
    assert [operation.source for operation in await other.operations()] == ["memory"]
    with pytest.raises(ReadOnlySource):
        await apply(other, await other.plan("delete", Query(), Options()))


async def test_a_system_can_have_actions_of_its_own() -> None:
    pause = replace(ARTITEC.actions[1], info=ActionInfo("pause", "set paused"), to_status="cancelled")
    backend = MemoryBackend(replace(ARTITEC, actions=(*ARTITEC.actions, pause)))
    job = backend.worker.add("a")
    await apply(backend, await backend.plan("pause", [job], Options()))
    assert (await backend.job(job)).status == "cancelled"


async def test_nonsense_is_refused() -> None:
    backend = MemoryBackend.example(jobs=3)
    with pytest.raises(PlanError):
        await backend.plan("explode", Query(), Options())
    with pytest.raises(UsageError):
        await backend.page(Query(), after="nonsense")
