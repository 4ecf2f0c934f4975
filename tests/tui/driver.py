"""Drives the console in tests: keys in, the screen as text out, conditions instead of sleeps."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen

from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source
from unstick.tui.console import ConsoleApp
from unstick.tui.screens.job import JobScreen
from unstick.tui.screens.jobs import JobsScreen
from unstick.tui.screens.operations import OperationsScreen
from unstick.tui.screens.plan import PlanScreen
from unstick.tui.session import Make

S = TypeVar("S", bound=Screen[Any])

PATIENCE_S = 30.0
"""Seconds after which what a test waits for will not come; long, because machines are busy."""


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Console:
    """The running console and the person in front of it."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], backend: MemoryBackend, ticks: Ticks) -> None:
        self.app, self.pilot, self.backend, self.ticks = app, pilot, backend, ticks

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips[:height]] if width else []

    def on(self, kind: type[S]) -> S:
        """Return the screen on top, which must be of this kind."""
        assert isinstance(self.app.screen, kind), f"on {self.app.screen}, not {kind.__name__}\n{self.text}"
        return self.app.screen

    @property
    def jobs(self) -> JobsScreen:
        return cast("JobsScreen", self.app.screen_stack[1])

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the app work until the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                break
            await self.pilot.pause(0.005)
        else:
            return
        raise AssertionError(f"in vain waited {what or 'for a condition'}; the screen shows\n{self.text}")

    async def until_shows(self, text: str) -> None:
        await self.until(lambda: text in self.text, f"for {text!r}")

    async def press(self, *keys: str) -> None:
        """Press keys without any pause between them."""
        await self.pilot.press(*keys)

    async def burst(self, *keys: str, every: float = 0.0, waited: float = 0.0) -> None:
        """Let keys arrive at once, as after a lag or from a paste.

        `every` says how many seconds apart they were pressed, `waited` how long the last one lay there.
        """
        now = time.monotonic() - waited - every * len(keys)
        for number, key in enumerate(keys):
            event = Key(_character_to_key(key) if len(key) == 1 else key, key if len(key) == 1 else None)
            event.time = now + every * number
            event.set_sender(self.app)
            self.app.post_message(event)
        await self.pilot.pause()

    async def read_first(self) -> None:
        """Do what a person does who looks before pressing the next key."""
        await self.until(lambda: not getattr(self.app.screen, "unread", False), "to be painted")
        self.ticks.pass_by(1.0)
        await self.pilot.pause()

    async def refresh(self) -> None:
        """Refresh and wait for it."""
        feed = self.jobs.feed
        generation = feed._generation
        await self.press("ctrl+r")
        await self.until(lambda: feed._generation > generation and not feed.in_flight, "for a refresh")
        await self.pilot.pause()

    async def plan(self, key: str) -> PlanScreen:
        """Press the key of an action and wait for its plan."""
        await self.press(key)
        await self.until(lambda: isinstance(self.app.screen, PlanScreen), "for the plan screen")
        screen = self.on(PlanScreen)
        await self.until(lambda: screen.plan is not None and not screen.unread, "for the plan")
        await self.pilot.pause()
        return screen

    async def apply(self) -> None:
        """Confirm the plan and wait for its end."""
        screen = self.on(PlanScreen)
        await self.read_first()
        await self.press("A")
        await self.until(lambda: screen.result is not None, "for the result")
        await self.read_first()

    async def type(self, text: str) -> None:
        """Type into the prompt."""
        await self.press(*["space" if char == " " else char for char in text])


@asynccontextmanager
async def console(
    backend: MemoryBackend | None = None,
    *,
    environment: str = "staging",
    size: tuple[int, int] = (80, 24),
    ready: bool = True,
    read_only: bool = False,
    colour: str | None = None,
    theme: str | None = "dark",
    others: Sequence[tuple[Make, Source]] = (),
    **options: Any,
) -> AsyncIterator[Console]:
    """Open the console on a source in memory; `ready` waits for the first rows."""
    backend = backend or MemoryBackend.example(60, 5)
    ticks = Ticks()
    source = Source(
        backend.source,
        "memory://",
        environment=environment,
        colour=colour,
        refresh_s=3600.0,
        read_only=read_only,
    )
    sources = [(lambda: backend, source), *others]
    app = ConsoleApp(sources, clock=ticks, chance=lambda: 0.5, theme=theme, **options)
    # A key then acts as soon as those that are there already were looked at: no test waits for a timer.
    app.hold_s = 0.0
    async with app.run_test(size=size) as pilot:
        driven = Console(app, pilot, backend, ticks)
        await driven.until(lambda: isinstance(app.screen, JobsScreen), "for the live table")
        if ready:
            await driven.until(lambda: driven.jobs.rows.window.loaded, "for the first rows")
            await pilot.pause()
        yield driven
    await app.release()


__all__ = ["Console", "JobScreen", "JobsScreen", "OperationsScreen", "PlanScreen", "Ticks", "console"]
