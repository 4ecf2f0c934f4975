"""A console that stays open for a day: refreshing again and again leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from dataclasses import astuple, dataclass

import pytest

from tests.bench import tables
from tests.bench.world import PROFILE
from tests.contract.sides import Side, connect
from tests.harness.waiting import eventually_async
from unstick.backends import create_backend
from unstick.recovery.source import Source
from unstick.tui import pace
from unstick.tui.console import ConsoleApp

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROWS = 2_000
WARM = 100
DAY = 1_440
"""Refreshes of a day, one a minute. Their timer gets no time to wait, so that the day passes in a minute."""
MORE = 4
"""Objects that a refresh may leave behind: with fewer a day costs less than its rows."""
LOOKS = 8
"""How often it is looked at what is held: in the middle of a refresh there is more, the least counts."""


@dataclass(frozen=True)
class Held:
    """What the process and the server hold."""

    tasks: int
    threads: int
    connections: int
    objects: int


async def held(side: Side, dialect: str) -> Held:
    """Count it."""
    connections = 0
    if dialect == "postgresql":
        counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'unstick'"
        connections = int(str((await side.run(counted))[0][0]))
    gc.collect()
    return Held(len(asyncio.all_tasks()), threading.active_count(), connections, len(gc.get_objects()))


@pytest.mark.parametrize(("dialect", "fixture"), [("postgresql", "postgres_url"), ("sqlite", "sqlite_url")])
async def test_a_day_leaves_no_task_no_connection_and_no_memory_behind(
    dialect: str, fixture: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FLOOR_S", 0.0)
    monkeypatch.setattr(pace, "SHARE", float("inf"))
    url: str = request.getfixturevalue(fixture)
    side = await connect(url)
    for statement in (*tables.create(dialect), tables.fill(dialect, 1, ROWS), *tables.INDEXES):
        await side.run(statement)
    source = Source("here", url, profile=str(PROFILE), refresh_s=0.0)
    app = ConsoleApp([(lambda: create_backend(source), source)], clock=time.monotonic, theme="dark")
    async with app.run_test(size=(120, 40)):
        page = app.session.costs.of("page")

        async def answered(times: int) -> None:
            async def enough() -> bool:
                return page.answered >= times

            await eventually_async(enough, what=f"{times:,} refreshes", timeout=800)

        async def least(since: int) -> Held:
            looks = []
            for look in range(LOOKS):
                await answered(since + look)
                looks.append(await held(side, dialect))
            return Held(*(min(numbers) for numbers in zip(*map(astuple, looks), strict=True)))

        before = await least(WARM)
        after = await least(WARM + DAY)
        assert app.session.problem is None
    await app.release()
    await side.close()
    assert after.tasks <= before.tasks
    assert (after.threads, after.connections) == (before.threads, before.connections)
    assert after.objects < before.objects + MORE * DAY
