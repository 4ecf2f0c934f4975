"""Every screen worth a look, by name: a source whose clock stands still, and the keys that lead there.

Goldens, pictures and the test of colours all go through this list, so a new screen is one function here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.tui.driver import Console, JobScreen, JobsScreen, OperationsScreen, PlanScreen, console
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import Capabilities
from unstick.recovery.source import Source
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.kill import KillScreen
from unstick.tui.screens.operation import OperationScreen
from unstick.tui.screens.variant import VariantScreen
from unstick.tui.screens.variants import VariantsScreen

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
    """What is shown. `options` go to the console; `alone` leaves the second source out."""

    name: str
    drive: Drive
    source: Callable[[], MemoryBackend] = jobs_source
    alone: bool = False
    options: dict[str, Any] = field(default_factory=dict)


XDG = ("CONFIG", "STATE", "DATA", "CACHE")

SCENES: dict[str, Scene] = {}


def scene(name: str, source: Callable[[], MemoryBackend] = jobs_source, *, alone: bool = False,
          **options: Any) -> Callable[[Drive], Drive]:  # fmt: skip
    """Put a way to a screen on the list."""

    def enter(drive: Drive) -> Drive:
        assert name not in SCENES, name
        SCENES[name] = Scene(name, drive, source, alone, options)
        return drive

    return enter


@asynccontextmanager
async def on_stage(name: str, size: tuple[int, int], **options: Any) -> AsyncIterator[Console]:
    """Open the console and drive it to a scene."""
    wanted = SCENES[name]
    imports = Shown.example(40, 3, system=EXTRACTION, source="imports-eu")
    others = [] if wanted.alone else [(lambda: imports, Source("imports-eu", "memory://"))]
    with (
        TemporaryDirectory() as home,
        # What is remembered from one run to the next must not come from whoever draws this.
        patch.dict(os.environ, {"HOME": home, **{f"XDG_{each}_HOME": f"{home}/{each}" for each in XDG}}),
        patch("unstick.tui.screens.plan.describe_operator", lambda: "ann@bastion"),
        patch("unstick.recovery.plan.secrets.token_hex", lambda size: "0" * size),
    ):
        async with console(wanted.source(), size=size, others=others, **{**wanted.options, **options}) as c:
            c.app.session.pace.every_s = 5.0
            c.jobs.tell()
            await wanted.drive(c)
            await c.pilot.pause()
            yield c


@scene("jobs")
async def jobs(c: Console) -> None:
    """The live table as it opens."""


@scene("jobs-marked")
async def marked(c: Console) -> None:
    await c.press("space", "space", "space")


@scene("jobs-filter")
async def filtered(c: Console) -> None:
    await c.press("slash")
    await c.type("state:failed retries>=1")
    await c.press("enter")
    await c.until(lambda: c.jobs.rows.window.loaded)
    await c.until(lambda: c.jobs.rows.window.order)


@scene("jobs-wrong-filter")
async def wrong_filter(c: Console) -> None:
    await c.press("slash")
    await c.type("age>soon")
    await c.press("enter")


@scene("jobs-prompt")
async def prompt(c: Console) -> None:
    await c.press("slash")
    await c.type("kind:up")


@scene("jobs-all-clear", nothing_stuck)
async def all_clear(c: Console) -> None:
    await c.press("2")
    await c.until(lambda: c.jobs.rows.window.loaded)


@scene("jobs-empty", no_jobs)
async def empty(c: Console) -> None:
    """No job at all."""


@scene("jobs-down")
async def down(c: Console) -> None:
    c.backend.go_down()
    await c.refresh()
    c.ticks.pass_by(90)
    c.jobs.tell()


@scene("jobs-prod-read-only", environment="prod", read_only=True)
async def read_only(c: Console) -> None:
    await c.press("R")


@scene("jobs-paused", alone=True, environment="", colour="#1565c0")
async def paused(c: Console) -> None:
    await c.press("p")


@scene("job")
async def job(c: Console) -> None:
    await c.press("g", "enter")
    await c.until(lambda: isinstance(c.app.screen, JobScreen))
    await c.until_shows("Why it is stuck")


@scene("job-variants", posters, alone=True)
async def job_variants(c: Console) -> None:
    await variants(c)
    await c.press("g", "J")
    await c.until(lambda: isinstance(c.app.screen, JobScreen))
    await c.until_shows("Pieces: 3")
    await c.press("V")
    await c.until_shows("> variant")


@scene("variants", posters, alone=True)
async def variants(c: Console) -> None:
    await c.press("V")
    await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
    await c.until_shows("9 stuck")


@scene("variants-marked", posters, alone=True)
async def variants_marked(c: Console) -> None:
    await variants(c)
    await c.press("space", "space")


@scene("variant", posters, alone=True)
async def variant(c: Console) -> None:
    await variants(c)
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, VariantScreen))
    await c.until_shows("Why it is stuck")


@scene("plan")
async def plan(c: Console) -> None:
    await marked(c)
    await c.press("g")
    await c.plan("R")
    await c.read_first()


@scene("plan-dry-run")
async def dry_run(c: Console) -> None:
    await c.plan("x")


@scene("plan-delete")
async def delete(c: Console) -> None:
    await c.plan("ctrl+d")


@scene("plan-many", many_stuck)
async def many(c: Console) -> None:
    await c.press("2")
    await c.until(lambda: len(c.jobs.rows.window.order) > 20)
    await c.press("asterisk")
    await c.until_shows("rows marked")
    await c.plan("R")


@scene("plan-typed", many_stuck)
async def typed(c: Console) -> None:
    await many(c)
    await c.read_first()
    await c.press("A")
    await c.until(lambda: c.app.screen.query_one("Prompt").has_class("-open"))
    await c.type("4")


@scene("plan-prod", environment="prod")
async def plan_prod(c: Console) -> None:
    await c.plan("R")


@scene("plan-applied")
async def applied(c: Console) -> None:
    await plan(c)
    c.backend.worker.finish(c.on(PlanScreen).plan.rows[1].job)  # type: ignore[union-attr]
    await c.apply()


@scene("jobs-result")
async def result(c: Console) -> None:
    await applied(c)
    await c.press("escape")
    await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def undone(c: Console) -> None:
    """Recover, and take it back two minutes later."""
    await applied(c)
    await c.press("escape")
    c.backend.advance(120)
    await c.plan("u")
    await c.read_first()
    await c.press("r")
    await c.type("billing waits for it")
    await c.press("enter")
    await c.apply()
    await c.press("escape")


@scene("operations")
async def operations(c: Console) -> None:
    await undone(c)
    await c.press("at")
    await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
    await c.until_shows("undone")


@scene("operation")
async def operation(c: Console) -> None:
    await operations(c)
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, OperationScreen))
    await c.until_shows("billing waits")


@scene("help")
async def help_(c: Console) -> None:
    await c.press("question_mark")
    await c.until(lambda: isinstance(c.app.screen, HelpScreen))


@scene("choice", posters, alone=True)
async def choice(c: Console) -> None:
    await c.press("a")
    await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))


@scene("kill", workers=OneWorker())
async def kill(c: Console) -> None:
    await c.press("exclamation_mark")
    await c.until(lambda: isinstance(c.app.screen, KillScreen))
