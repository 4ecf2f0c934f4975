"""A console that stays open for a day: refreshing again and again leaves nothing behind."""

from __future__ import annotations

import asyncio
import functools
import gc
import heapq
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.bench import tables
from tests.bench.world import PROFILE
from tests.contract.sides import Side, connect
from tests.harness.waiting import eventually_async
from unstick.backends import create_backend
from unstick.recovery.source import Source
from unstick.tui.console import ConsoleApp
from unstick.tui.pace import Pace
from unstick.tui.screens.jobs import JobsScreen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ROWS = 2_000
WARM = 120
"""Refreshes after which whatever is kept once is there: imports, compiled statements."""
EVERY_S = 240.0
DAY = int(24 * 3600 / EVERY_S)
"""Refreshes of a day. They follow each other at once, and the console's clock passes over what is between."""
MORE = 2 * DAY
"""Objects that may be there in addition: what is kept once varies by hundreds; a leak is more."""
ENGINES = {"postgresql": "postgres_url", "mariadb": "mariadb_url", "sqlite": "sqlite_url"}
CONSOLES = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'unstick'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE id <> connection_id()",
}


@dataclass(frozen=True)
class Held:
    """What the process and the server hold."""

    tasks: Counter[str]
    threads: int
    files: int
    connections: int
    objects: int


@dataclass
class Day:
    """A console, and how it is looked at while it rests."""

    app: ConsoleApp
    side: Side
    engine: str

    async def held(self, after: int) -> Held:
        """Let it refresh so many times more; count what is held while it rests."""
        screen, pace = self.app.screen, self.app.session.pace
        assert isinstance(screen, JobsScreen)
        wanted = screen.feed._generation + after
        pace.paused = False
        screen.feed.now()
        await _until(lambda: screen.feed._generation >= wanted, f"{after} refreshes")
        pace.paused = True
        await _until(lambda: not screen.feed.in_flight and not screen.rows.reading_more, "it rests")
        return await self._count()

    async def _count(self) -> Held:
        connections = 0
        if self.engine in CONSOLES:
            connections = int(str((await self.side.run(CONSOLES[self.engine]))[0][0]))
        await _forget_cancelled_timers()
        # What is bounded by itself may be full or not.
        for each in gc.get_objects():
            if isinstance(each, functools._lru_cache_wrapper):
                each.cache_clear()
        gc.collect()
        names = Counter(_name(task) for task in asyncio.all_tasks())
        files = len(os.listdir("/proc/self/fd"))
        return Held(names, threading.active_count(), files, connections, len(gc.get_objects()))


async def _forget_cancelled_timers() -> None:
    """asyncio keeps those that were cancelled until they are due or many, and all that they know of."""
    timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    timers[:] = [each for each in timers if not each.cancelled()]
    heapq.heapify(timers)


def _name(task: asyncio.Task[object]) -> str:
    """What a task is about, without what numbers it."""
    return getattr(task.get_coro(), "__qualname__", "") or task.get_name()


async def _until(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await eventually_async(holds, what=what, timeout=300)


@pytest.mark.parametrize("engine", list(ENGINES))
async def test_a_day_leaves_no_task_no_connection_and_no_memory_behind(
    engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]

    def due(pace: Pace) -> float | None:
        passed[0] += EVERY_S
        return None if pace.paused else 0.0

    monkeypatch.setattr(Pace, "next_delay", due)
    url: str = request.getfixturevalue(ENGINES[engine])
    side = await connect(url)
    for statement in (*tables.create(engine), tables.fill(engine, 1, ROWS), *tables.INDEXES):
        await side.run(statement)
    source = Source("here", url, profile=str(PROFILE))
    app = ConsoleApp(
        [(lambda: create_backend(source), source)], clock=lambda: time.monotonic() + passed[0], theme="dark"
    )
    async with app.run_test(size=(120, 40)):
        await _until(lambda: isinstance(app.screen, JobsScreen) and app.session.connected, "it is connected")
        day = Day(app, side, engine)
        before = await day.held(WARM)
        after = await day.held(DAY)
        assert app.session.problem is None
    await app.release()
    await side.close()
    assert after.tasks == before.tasks
    assert after.threads == before.threads
    assert (after.files, after.connections) == (before.files, before.connections)
    assert after.objects < before.objects + MORE
