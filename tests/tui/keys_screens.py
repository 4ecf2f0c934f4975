"""How to get to each screen, for the tests of its keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.tui import safety
from tests.tui.driver import Console, Ticks, console
from tests.tui.keys_expected import opens, scope_of
from tests.tui.test_kill import FakeWorkers
from tests.tui.test_sources import another
from tests.tui.test_variants import pipeline
from unstick.recovery.memory import MemoryBackend
from unstick.tui.welcome import WelcomeApp

Reach = Callable[[Console], Awaitable[None]]


async def to_plan(c: Console) -> None:
    await c.plan("R")
    await c.read_first()


async def to_operations(c: Console) -> None:
    await to_plan(c)
    await c.apply()
    await c.press("escape")
    await c.until(lambda: scope_of(c) == "jobs")
    screen: Any = await opens(c, "@", "operations")
    await c.until(lambda: screen.rows.operations, "for the journal")


async def to_operation(c: Console) -> None:
    await to_operations(c)
    screen: Any = await opens(c, "enter", "operation")
    await c.until(lambda: screen.operation is not None)


async def to_job(c: Console) -> None:
    await safety.to_job(c)
    screen: Any = c.app.screen
    await c.until(lambda: screen.variants.held.rows, "for its variants")


async def to_text(c: Console) -> None:
    await c.press("y")
    await opens(c, "y", "text")


async def to_kill(c: Console) -> None:
    await opens(c, "!", "kill")
    await c.read_first()


async def to_columns(c: Console) -> None:
    await opens(c, "C", "columns")


async def to_help(c: Console) -> None:
    await opens(c, "?", "help")


async def to_palette(c: Console) -> None:
    await opens(c, "ctrl+p", "palette")


async def to_retries(c: Console) -> None:
    screen: Any = await opens(c, "%", "retries")
    await c.until(lambda: screen.counted is not None, "for the figures")
    await c.until(lambda: screen.table.number, "for the rows")


async def to_sweep(c: Console) -> None:
    await to_plan(c)
    await c.apply()
    await c.press("escape")
    await c.until(lambda: scope_of(c) == "jobs")
    screen: Any = await opens(c, "S", "sweep")
    await c.until(lambda: screen.view is not None and screen.table.number, "for the sweep")


async def to_arm(c: Console) -> None:
    await to_sweep(c)
    screen: Any = await opens(c, "E", "arm")
    await c.until(lambda: screen.seen is not None, "for what it would do")
    await c.read_first()


async def to_sources(c: Console) -> None:
    await opens(c, "0", "sources")


async def to_everywhere(c: Console) -> None:
    await to_sources(c)
    screen: Any = await opens(c, "2", "everywhere")
    await c.until(lambda: len(screen.rows.keys) == 8, "for the stuck jobs of both")


async def to_welcome(c: Console) -> None:
    """It is the first one, of an app of its own."""


REACH: dict[str, Reach] = {
    "jobs": safety.to_jobs,
    "job": to_job,
    "variants": safety.to_variants,
    "variant": safety.to_variant,
    "actions": safety.to_choice,
    "plan": to_plan,
    "operations": to_operations,
    "operation": to_operation,
    "kill": to_kill,
    "text": to_text,
    "columns": to_columns,
    "help": to_help,
    "palette": to_palette,
    "retries": to_retries,
    "sweep": to_sweep,
    "arm": to_arm,
    "sources": to_sources,
    "everywhere": to_everywhere,
    "welcome": to_welcome,
}
"""Screen -> how to get there from the live table."""


@asynccontextmanager
async def welcomed() -> AsyncIterator[Console]:
    """The console where nothing is configured."""
    ticks = Ticks()
    app = WelcomeApp(_open, "there is no file", clock=ticks, theme="dark")
    app.hold_s = 0.0
    async with app.run_test(size=(120, 40)) as pilot:
        c = Console(app, pilot, MemoryBackend.example(1, 0), ticks)
        await c.until(lambda: scope_of(c) == "welcome")
        await pilot.pause()
        yield c


async def _open(url: str) -> None:
    """Any database can be opened."""


@asynccontextmanager
async def reached(screen: str, **options: Any) -> AsyncIterator[Console]:
    """The console with a screen open: the demo's worker runs, there is a second source, and room."""
    if screen == "welcome":
        async with welcomed() as c:
            yield c
        return
    variants = screen in ("job", "variants", "variant")
    backend = pipeline() if variants else MemoryBackend.example(60, 5)
    _, second = another(environment="staging")
    options = {"others": [second], "workers": FakeWorkers(), "size": (120, 40), **options}
    async with console(backend, **options) as c:
        await REACH[screen](c)
        await c.pilot.pause()
        assert scope_of(c) == screen
        yield c
