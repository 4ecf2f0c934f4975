"""The sweep's timer in the console: what it does by itself, when, and what ends it."""

from __future__ import annotations

from typing import Any

from tests.tui.driver import Console, console
from tests.tui.test_sweep import hanging
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId, State
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Run
from unstick.tui.source_sweep import SourceSweep


def sweep_of(c: Console, place: int = 0) -> SourceSweep:
    return c.app.sweep_of(c.app.sessions[place])


async def runs_again(c: Console, sweep: SourceSweep, seconds: float = 300.0) -> Run:
    """Let the time of the next run come, and return what came of it."""
    before = number(sweep)
    c.ticks.pass_by(seconds)
    sweep.wake()
    await c.until(lambda: number(sweep) > before and not sweep.running, "for the next run")
    return sweep.runs[0]


def number(sweep: SourceSweep) -> int:
    return sweep.runs[0].number if sweep.runs else 0


async def switched(c: Console, mode: Mode, place: int = 0, **options: Any) -> SourceSweep:
    """Switch the sweep to a mode and wait for its first run."""
    sweep = sweep_of(c, place)
    before = len(sweep.runs)
    c.app.set_sweep(c.app.sessions[place], mode, **options)
    await c.until(lambda: len(sweep.runs) > before and not sweep.running, "for the first run")
    return sweep


async def state(backend: MemoryBackend, job: str) -> State:
    return (await backend.job(JobId(job))).state


class TestModes:
    async def test_it_is_off_at_the_start_whatever_the_configuration_says(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            assert sweep_of(c).mode is Mode.OFF
            c.ticks.pass_by(9_999.0)
            await c.refresh()
            assert not sweep_of(c).runs
            assert await backend.operations() == ()

    async def test_shadow_tells_and_changes_nothing(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            sweep = await switched(c, Mode.SHADOW)
            assert sweep.runs[0].decision is Decision.REPORT
            await runs_again(c, sweep)
            assert await backend.operations() == ()
            assert await state(backend, "stuck-0") is State.RUNNING

    async def test_armed_recovers_again_and_again(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            assert sweep.runs[0].outcomes.applied == 3
            backend.worker.add("later", "running", updated_ago=9_000.0)
            assert (await runs_again(c, sweep)).outcomes.applied == 1
            assert await state(backend, "later") is State.PENDING
            assert len(await backend.operations()) == 2
