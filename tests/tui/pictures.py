"""Draws the pictures in `screenshots/`: a made-up source whose clock stands still, so each run is alike."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.tui.driver import Console, JobScreen, OperationsScreen, console
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import Capabilities
from unstick.recovery.source import Source
from unstick.tui.screens.variants import VariantsScreen

SIZE = (120, 28)
FOLDER = Path(__file__).parents[2] / "screenshots"


class Shown(MemoryBackend):
    """A source in memory that looks like one behind a server."""

    @property
    def capabilities(self) -> Capabilities:
        """The same, under another address."""
        return replace(super().capabilities, engine="postgresql", database="db7.internal/jobs", notify=False)


async def pictures() -> AsyncIterator[tuple[str, str]]:
    """Yield each picture's name and its SVG."""
    backend = Shown.example(160, 5, seed=4, source="jobs-eu")
    other = Shown.example(40, 3, system=EXTRACTION, source="imports-eu")
    second: tuple[Callable[[], MemoryBackend], Source] = (lambda: other, Source("imports-eu", "memory://"))
    with (
        patch("unstick.tui.screens.plan.describe_operator", lambda: "ann@bastion"),
        patch("unstick.recovery.plan.secrets.token_hex", lambda size: "0" * size),
    ):
        async with console(backend, environment="staging", size=SIZE, others=[second]) as c:
            c.app.session.pace.every_s = 5.0
            c.jobs.tell()
            await c.press("space", "space", "space")
            yield "jobs", await _drawn(c)
            await c.press("g", "enter")
            await c.until(lambda: isinstance(c.app.screen, JobScreen))
            await c.until_shows("Why it is stuck")
            yield "job", await _drawn(c)
            await c.press("escape")
            await c.plan("R")
            await c.read_first()
            yield "plan", await _drawn(c)
            await c.apply()
            await c.press("escape")
            backend.advance(120)
            await _undone(c, "the billing run needs the first one")
            await c.press("escape", "at")
            await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
            await c.until_shows("undone")
            yield "operations", await _drawn(c)
            await c.press("escape", "question_mark")
            await c.until_shows("Help > jobs")
            yield "help", await _drawn(c)


async def _of_variants() -> AsyncIterator[tuple[str, str]]:
    """Yield the pictures of a system whose jobs have variants to act on."""
    backend = Shown(PIPELINE, source="posters-eu")
    fill(backend.worker, 60, 9, 7)
    async with console(backend, environment="staging", size=SIZE) as c:
        c.app.session.pace.every_s = 5.0
        await c.press("V")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
        await c.until_shows("9 stuck  9 stuck jobs")
        await c.press("space", "space")
        yield "variants", await _drawn(c)
        await c.press("U", "g", "J")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("Pieces: 3")
        await c.press("V")
        await c.until_shows("> variant")
        yield "job-variants", await _drawn(c)


async def _undone(c: Console, reason: str) -> None:
    await c.plan("u")
    await c.read_first()
    await c.press("r")
    await c.type(reason)
    await c.press("enter")
    await c.apply()


async def every_picture() -> AsyncIterator[tuple[str, str]]:
    """Yield all of them."""
    async for picture in pictures():
        yield picture
    async for picture in _of_variants():
        yield picture


async def _drawn(c: Console) -> str:
    await c.pilot.pause()
    return c.app.export_screenshot(title="unstick")


async def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    async for name, svg in every_picture():
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        sys.stderr.write(f"screenshots/{name}.svg\n")


if __name__ == "__main__":
    asyncio.run(main())
