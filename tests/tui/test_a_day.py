"""A console that is left open: a day of refreshes leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.tui import driver
from tests.tui.driver import Console, console
from unstick.recovery.memory import MemoryBackend
from unstick.tui.pace import Pace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DAY_S = 24 * 3600.0
EVERY_S = 120.0
WARM_UP = 100
"""Refreshes after which whatever is kept once is there: caches, imports, pages of memory."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds."""

    objects: int
    tasks: int
    threads: int
    files: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        files = len(os.listdir("/proc/self/fd"))
        return cls(len(gc.get_objects()), len(asyncio.all_tasks()), threading.active_count(), files)


@contextmanager
def without_pauses(
    c: Console, monkeypatch: pytest.MonkeyPatch, each: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """The next refresh follows at once where it would be due later; `each` is called before every one."""

    def due(pace: Pace) -> float:
        c.ticks.pass_by(EVERY_S)
        each()
        return 0.0

    with monkeypatch.context() as patched:
        patched.setattr(driver, "PATIENCE_S", 350.0)
        patched.setattr(Pace, "next_delay", due)
        yield


async def refreshed(c: Console, times: int) -> Held:
    """Wait until it was refreshed so many times more, and until nothing is under way."""
    feed = c.jobs.feed
    wanted = feed._generation + times
    await c.until(lambda: feed._generation >= wanted and not feed.in_flight, f"for {times} refreshes")
    return Held.now()


async def test_a_day_of_refreshes_leaves_nothing_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend.example(60, 5)
    living = backend.worker.add("living", "running", started_ago=60.0, updated_ago=0.0)

    def change() -> None:
        backend.advance(EVERY_S)
        backend.worker.heartbeat(living)

    async with console(backend) as c:
        with without_pauses(c, monkeypatch, change):
            await c.press("ctrl+r")
            before = await refreshed(c, WARM_UP)
            after = await refreshed(c, int(DAY_S / EVERY_S) - WARM_UP)
    assert (after.tasks, after.threads, after.files) == (before.tasks, before.threads, before.files)
    assert after.objects - before.objects < 1_000, "no refresh leaves an object behind"
