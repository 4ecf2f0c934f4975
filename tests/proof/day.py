"""A console that stays open for a day, in a process of its own: what other tests leave would be counted too.

    python -m tests.proof.day ENGINE URL

It prints what it and the server hold before the day and after each part of it, as lines of JSON.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import heapq
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

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

ROWS = 2_000
WARM = 120
"""Refreshes after which whatever is kept once is there: imports, compiled statements."""
EVERY_S = 240.0
DAY = int(24 * 3600 / EVERY_S)
"""Refreshes of a day. They follow each other at once, and the console's clock passes over what is between."""
PARTS = 4
"""How often it is looked at in that time."""
CONSOLES = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity "
    "WHERE application_name = 'unstick' AND datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist "
    "WHERE db = DATABASE() AND id <> connection_id()",
}


@dataclass(frozen=True)
class Held:
    """What the process and the server hold."""

    tasks: int
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
        tasks = len(asyncio.all_tasks())
        files = len(os.listdir("/proc/self/fd"))
        return Held(tasks, threading.active_count(), files, connections, len(gc.get_objects()))


async def _forget_cancelled_timers() -> None:
    """asyncio keeps those that were cancelled until they are due or many, and all that they know of."""
    timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    timers[:] = [each for each in timers if not each.cancelled()]
    heapq.heapify(timers)


async def _until(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await eventually_async(holds, what=what, timeout=300)


async def main(engine: str, url: str) -> None:
    """Open the console on a table of the engine, and let a day pass."""
    passed = [0.0]

    def due(pace: Pace) -> float | None:
        passed[0] += EVERY_S
        return None if pace.paused else 0.0

    side = await connect(url)
    for statement in (*tables.create(engine), tables.fill(engine, 1, ROWS), *tables.INDEXES):
        await side.run(statement)
    source = Source("here", url, profile=str(PROFILE))
    app = ConsoleApp(
        [(lambda: create_backend(source), source)], clock=lambda: time.monotonic() + passed[0], theme="dark"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pace, "next_delay", due)
        async with app.run_test(size=(120, 40)):
            await _until(lambda: isinstance(app.screen, JobsScreen) and app.session.connected, "it connects")
            day = Day(app, side, engine)
            held = [await day.held(WARM), *[await day.held(DAY // PARTS) for _ in range(PARTS)]]
            assert app.session.problem is None, app.session.problem
    await app.release()
    await side.close()
    for each in held:
        print(json.dumps(asdict(each)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
