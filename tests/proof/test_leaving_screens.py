"""A question that a screen has asked ends in the server when the screen is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.bench import tables
from tests.bench.world import PROFILE, mariadb_connection
from tests.contract.sides import Side, connect
from tests.harness.waiting import eventually_async
from unstick.backends import create_backend
from unstick.recovery.source import Source
from unstick.tui import feed
from unstick.tui.console import ConsoleApp
from unstick.tui.screens.jobs import JobsScreen

ASKED = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity "
    "WHERE application_name = 'unstick' AND state = 'active'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist "
    "WHERE db = database() AND command = 'Query' AND id <> connection_id()",
}


@asynccontextmanager
async def locked(engine: str, url: str) -> AsyncIterator[None]:
    """Nobody gets an answer about the jobs meanwhile."""
    if engine == "postgresql":
        holder = await asyncpg.connect(url)
        async with holder.transaction():
            await holder.execute("LOCK TABLE bench_job IN ACCESS EXCLUSIVE MODE")
            yield
        await holder.close()
        return
    other = mariadb_connection(url)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLES bench_job WRITE")
        yield
    other.close()


async def number(side: Side, engine: str) -> int:
    return int(str((await side.run(ASKED[engine]))[0][0]))


async def until(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await eventually_async(holds, what=what)


@pytest.mark.parametrize(("engine", "fixture"), [("postgresql", "postgres_url"), ("mariadb", "mariadb_url")])
@pytest.mark.parametrize("key", ["question_mark", "q", "escape"])
async def test_a_question_ends_with_the_screen_that_asked_it(
    engine: str,
    fixture: str,
    key: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "SLOW_S", 0.05)
    url: str = request.getfixturevalue(fixture)
    side = await connect(url)
    for statement in (*tables.create(engine), tables.fill(engine, 1, 50), *tables.INDEXES):
        await side.run(statement)
    source = Source("here", url, profile=str(PROFILE), refresh_s=3600.0, statement_timeout_s=60.0)
    app = ConsoleApp([(lambda: create_backend(source), source)], theme="dark")
    app.hold_s = 0.0

    async def asked() -> object:
        return await number(side, engine)

    async def ended() -> object:
        return not await number(side, engine)

    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            lambda: isinstance(app.screen, JobsScreen) and app.screen.rows.window.loaded, "it has rows"
        )
        async with locked(engine, url):
            await pilot.press("ctrl+r")
            await eventually_async(asked, what="the server is asked")
            if key == "escape":
                await until(lambda: app.session.slow, "that takes its time")
            await pilot.press(key)
            await eventually_async(ended, what="nothing is asked any more", timeout=20.0)
    await side.close()
