"""What the scenes are played on: sources whose clocks stand still, and the list that scenes enter."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.tui.driver import Console, Ticks, console
from unstick.recovery.errors import Unreachable
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import Capabilities
from unstick.recovery.source import Source, mask_url
from unstick.tui.screens.welcome import WelcomeScreen
from unstick.tui.welcome import WelcomeApp

Drive = Callable[[Console], Awaitable[None]]


class Shown(MemoryBackend):
    """A source in memory that looks like one behind a server."""

    @property
    def capabilities(self) -> Capabilities:
        """The same, under another address."""
        return replace(super().capabilities, engine="postgresql", database="db7.internal/jobs", notify=False)


class OneWorker:
    """The demo's worker, which lives."""

    def pid(self, source: str) -> int | None:
        return 4711

    def kill(self, source: str) -> str:
        return "worker 4711 killed; its job goes stuck in 15 s"


def jobs_source() -> MemoryBackend:
    return Shown.example(160, 5, seed=4, source="jobs-eu")


def many_stuck() -> MemoryBackend:
    return Shown.example(160, 45, seed=4, source="jobs-eu")


def nothing_stuck() -> MemoryBackend:
    return Shown.example(160, 0, seed=4, source="jobs-eu")


def no_jobs() -> MemoryBackend:
    return Shown.example(0, 0, source="jobs-eu")


def posters() -> MemoryBackend:
    """A system whose jobs have variants to act on."""
    backend = Shown(PIPELINE, source="posters-eu")
    fill(backend.worker, 60, 9, 7)
    return backend


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown. `alone` leaves the second source out, `bare` all; `options` go to the console. A scene
    with a caption is drawn in `screenshots/`."""

    name: str
    drive: Drive
    source: Callable[[], MemoryBackend] = jobs_source
    alone: bool = False
    bare: bool = False
    caption: str = ""
    options: dict[str, Any] = field(default_factory=dict)


SOON_S = 1.0
"""Seconds; what a timer does within them belongs to the picture, later ones are the next refresh."""

FRAME_S = 0.02
"""Seconds within which Textual paints what has changed."""

IN_BACKGROUND = ("watch", "keep")
"""Workers that are always there, or change nothing on the screen."""

XDG = ("CONFIG", "STATE", "DATA", "CACHE")

SCENES: dict[str, Scene] = {}


def scene(name: str, source: Callable[[], MemoryBackend] = jobs_source, *, alone: bool = False,
          bare: bool = False, **options: Any) -> Callable[[Drive], Drive]:  # fmt: skip
    """Put a way to a screen on the list."""

    def enter(drive: Drive) -> Drive:
        assert name not in SCENES, name
        caption = " ".join((drive.__doc__ or "").split())
        SCENES[name] = Scene(name, drive, source, alone, bare, caption, options)
        return drive

    return enter


@asynccontextmanager
async def on_stage(name: str, size: tuple[int, int], **options: Any) -> AsyncIterator[Console]:
    """Open the console and drive it to a scene."""
    wanted = SCENES[name]
    begin = nowhere if wanted.bare else at_a_source
    with (
        TemporaryDirectory() as home,
        # What is remembered from one run to the next must not come from whoever draws this.
        patch.dict(os.environ, {"HOME": home, **{f"XDG_{each}_HOME": f"{home}/{each}" for each in XDG}}),
        patch("unstick.tui.screens.plan.describe_operator", lambda: "ann@bastion"),
        patch("unstick.tui.source_sweep.sweeper_name", lambda: "ann@bastion pid 4242"),
        patch("unstick.recovery.plan.secrets.token_hex", lambda size: "0" * size),
    ):
        async with begin(wanted, size, options) as c:
            await wanted.drive(c)
            await c.until(lambda: at_rest(c), "until nothing moves any more")
            await painted(c)
            yield c


async def painted(c: Console) -> None:
    """Wait until two frames in a row show the same."""
    before, shows = "", c.text
    while before != shows:
        await c.pilot.pause(FRAME_S)
        before, shows = shows, c.text


def at_rest(c: Console) -> bool:
    """Whether nothing is on its way to the screen: no question open, nothing that waits for resting hands."""
    nodes = c.app.screen.walk_children(with_self=True)
    soon = [each for node in nodes for each in node._timers if each._repeat == 0 and each._interval < SOON_S]
    waiting = any(timer._task is not None and not timer._task.done() for timer in soon)
    asking = any(not worker.is_finished and worker.group not in IN_BACKGROUND for worker in c.app.workers)
    return not waiting and not asking


@asynccontextmanager
async def at_a_source(
    wanted: Scene, size: tuple[int, int], options: dict[str, Any]
) -> AsyncIterator[Console]:
    """The console on one source, or on two."""
    imports = Shown.example(40, 3, system=EXTRACTION, source="imports-eu")
    others = [] if wanted.alone else [(lambda: imports, Source("imports-eu", "memory://", refresh_s=5.0))]
    async with console(wanted.source(), size=size, others=others, **{**wanted.options, **options}) as c:
        c.app.session.pace.every_s = 5.0
        c.jobs.tell()
        yield c


@asynccontextmanager
async def nowhere(wanted: Scene, size: tuple[int, int], options: dict[str, Any]) -> AsyncIterator[Console]:
    """The console where nothing is configured."""
    ticks = Ticks()
    app = WelcomeApp(
        _attempt, "there is no ~/.config/unstick/config.toml", clock=ticks, **{"theme": "dark", **options}
    )
    app.hold_s = 0.0
    async with app.run_test(size=size) as pilot:
        c = Console(app, pilot, wanted.source(), ticks)
        await c.until(lambda: isinstance(app.screen, WelcomeScreen), "for the welcome screen")
        await pilot.pause()
        yield c


async def _attempt(url: str) -> None:
    raise Unreachable(f"no server answers at {mask_url(url)}")
