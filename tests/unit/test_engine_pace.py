"""How fast an apply goes, and what makes it stop by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from unstick.recovery.engine import BRAKE, CHUNK, Stop, apply
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, Plan, PlanRow
from unstick.recovery.query import Query


class Clock:
    """A loop's clock that only pauses move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.on_pause: Callable[[], None] = lambda: None
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: self.now)
        monkeypatch.setattr(asyncio, "sleep", self.pause)

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        self.on_pause()


async def plan_of(backend: MemoryBackend) -> Plan:
    return await backend.plan("recover", Query(stuck_only=True), Options())


def broken(backend: MemoryBackend, plan: Plan, number: int) -> list[JobId]:
    """The database refuses the first so many rows of the plan."""
    jobs = [row.job for row in plan.rows[:number]]
    for job in jobs:
        backend.worker.break_row(job, "check constraint")
    return jobs


class TestRate:
    @pytest.mark.parametrize(("rate", "seconds", "chunk"), [(10, 9.0, 10), (3, 33.0, 3), (0.5, 198.0, 1)])
    async def test_so_many_rows_a_second_and_no_more(
        self, rate: float, seconds: float, chunk: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        sizes: list[int] = []
        backend.on_apply = lambda rows: sizes.append(len(rows))
        clock = Clock(monkeypatch)
        result = await apply(backend, plan, max_rate=rate)
        assert result.counts.applied == 100
        assert max(sizes) == chunk
        assert clock.now == pytest.approx(seconds, abs=0.2)

    async def test_without_a_rate_nothing_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        clock = Clock(monkeypatch)
        await apply(backend, plan)
        assert clock.now == 0.0

    async def test_a_pause_ends_when_it_is_asked_to_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        backend, stop = MemoryBackend.example(20, 4), Stop()
        plan = await plan_of(backend)
        clock = Clock(monkeypatch)
        clock.on_pause = lambda: setattr(stop, "requested", True)
        result = await apply(backend, plan, stop=stop, max_rate=0.001)
        assert (result.stopped, result.counts.applied) == (True, 1)
        assert clock.now < 1.0


class TestBrake:
    async def test_it_stops_after_the_chunk_in_which_most_rows_failed(self) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        broken(backend, plan, 15)
        result = await apply(backend, plan, chunk=20)
        assert (result.stopped, result.counts.applied, result.counts.failed) == (True, 5, 15)
        assert result.brake == "15 of 20 rows failed, the last one: check constraint"

    async def test_without_it_every_row_is_tried(self) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        broken(backend, plan, 15)
        result = await apply(backend, plan, chunk=20, brake=False)
        assert (result.stopped, result.brake, result.counts.applied) == (False, None, 85)

    @pytest.mark.parametrize("number", [1, BRAKE - 1])
    async def test_a_few_failures_stop_nothing(self, number: int) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        broken(backend, plan, number)
        result = await apply(backend, plan, chunk=number)
        assert (result.stopped, result.counts.failed, result.counts.applied) == (False, number, 100 - number)

    async def test_many_failures_among_more_that_are_changed_stop_nothing(self) -> None:
        backend = MemoryBackend.example(200, 100)
        plan = await plan_of(backend)
        broken(backend, plan, 20)
        result = await apply(backend, plan, chunk=40)
        assert (result.stopped, result.counts.failed, result.counts.applied) == (False, 20, 80)

    async def test_the_last_chunk_has_nothing_left_to_stop(self) -> None:
        backend = MemoryBackend.example(200, 15)
        plan = await plan_of(backend)
        broken(backend, plan, 15)
        result = await apply(backend, plan)
        assert (result.stopped, result.brake, result.counts.failed) == (False, None, 15)


async def test_a_chunk_is_never_larger_than_usual_however_high_the_rate() -> None:
    backend = MemoryBackend.example(700, 600)
    plan = await plan_of(backend)
    sizes: list[int] = []

    def seen(rows: Sequence[PlanRow]) -> None:
        sizes.append(len(rows))

    backend.on_apply = seen
    await apply(backend, plan, max_rate=1e9)
    assert sizes == [CHUNK, 100]
