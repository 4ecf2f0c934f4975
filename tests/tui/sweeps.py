"""Helps to drive the sweep's timer: its time is let pass, and what came of its runs is waited for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.tui.driver import Console
from unstick.recovery.memory import EXTRACTION, MemoryBackend
from unstick.recovery.model import Capabilities, JobId, Schedule, State
from unstick.recovery.sweep import Mode
from unstick.recovery.sweeping import Run
from unstick.tui.screens.arm import ArmScreen
from unstick.tui.source_sweep import SourceSweep


class SwitchedOff(MemoryBackend):
    """A source whose own environment variable switches the sweep off."""

    @property
    def capabilities(self) -> Capabilities:
        """The same, but not to be swept."""
        schedule = Schedule(enabled=False, enabled_by="JOB_MONITOR_ENABLED=false")
        return replace(super().capabilities, schedule=schedule)


def filled(backend: MemoryBackend, stuck: int, running: int = 0) -> MemoryBackend:
    """Put so many jobs in that hang, and so many that run as they should."""
    for number in range(stuck):
        backend.worker.add(f"stuck-{number}", "running", updated_ago=1000.0 + number)
    for number in range(running):
        backend.worker.add(f"fine-{number}", "running", updated_ago=1.0)
    return backend


def named(name: str, stuck: int, running: int = 9) -> MemoryBackend:
    return filled(MemoryBackend(EXTRACTION, source=name), stuck, running)


def sweep_of(c: Console, place: int = 0) -> SourceSweep:
    return c.app.sweep_of(c.app.sessions[place])


async def switched(c: Console, mode: Mode, place: int = 0, **options: Any) -> SourceSweep:
    """Switch the sweep to a mode and wait for its first run."""
    sweep = sweep_of(c, place)
    before = last_number(sweep)
    c.app.set_sweep(c.app.sessions[place], mode, **options)
    await c.until(lambda: last_number(sweep) != before and not sweep.running, "for the first run")
    return sweep


async def next_run(c: Console, sweep: SourceSweep, seconds: float = 300.0) -> Run:
    """Let the time of the next run come, and return what came of it."""
    before = last_number(sweep)
    c.ticks.pass_by(seconds)
    sweep.wake()
    await c.until(lambda: last_number(sweep) != before and not sweep.running, "for the next run")
    return sweep.runs[0]


def last_number(sweep: SourceSweep) -> tuple[int, int]:
    """Which run was the last one: a sweep that is switched on again counts from one."""
    return (len(sweep.runs), id(sweep.runs[0])) if sweep.runs else (0, 0)


async def to_arm(c: Console) -> ArmScreen:
    """Press the key that asks whether the sweep may be armed, and read the question."""
    await c.press("E")
    await c.until(lambda: isinstance(c.app.screen, ArmScreen), "for the question")
    screen = c.on(ArmScreen)
    await c.until(lambda: screen.seen is not None or screen._problem, "for what it would do")
    await c.read_first()
    return screen


async def state(backend: MemoryBackend, job: str) -> State:
    return (await backend.job(JobId(job))).state
