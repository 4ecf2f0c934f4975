"""Every door to a plan, for the tests that press what a hurried person presses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.tui.driver import Console, JobScreen, PlanScreen, console
from tests.tui.test_variants import pipeline
from unstick.recovery.memory import MemoryBackend
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.variant import VariantScreen
from unstick.tui.screens.variants import VariantsScreen


async def to_jobs(c: Console) -> None:
    """The live table is open already."""


async def to_job(c: Console) -> None:
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, JobScreen))
    screen = c.on(JobScreen)
    await c.until(lambda: screen.view is not None, "for the job")


async def to_variants(c: Console) -> None:
    await c.press("V")
    await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
    screen = c.on(VariantsScreen)
    await c.until(lambda: screen.rows.window.loaded, "for the variants")
    await c.press("j")


async def to_variant(c: Console) -> None:
    await to_variants(c)
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, VariantScreen))
    screen = c.on(VariantScreen)
    await c.until(lambda: screen.view is not None, "for the variant")


async def to_choice(c: Console) -> None:
    await c.press("a")
    await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))
    await c.read_first()


Way = Callable[[Console], Awaitable[None]]

DOORS: dict[str, tuple[Way, str]] = {
    "jobs": (to_jobs, "R"),
    "job": (to_job, "R"),
    "variants": (to_variants, "R"),
    "variant": (to_variant, "R"),
    "choice": (to_choice, "enter"),
}
"""Door -> how to get there, and the key that opens a plan of recovery there."""


def backend(door: str) -> MemoryBackend:
    return pipeline() if door.startswith("variant") else MemoryBackend.example(60, 5)


@asynccontextmanager
async def at(door: str, **options: Any) -> AsyncIterator[tuple[Console, str]]:
    """The console at a door, and the key that opens the plan of a recovery there."""
    way, key = DOORS[door]
    async with console(backend(door), **options) as c:
        await way(c)
        yield c, key


@asynccontextmanager
async def planned(door: str, **options: Any) -> AsyncIterator[tuple[Console, PlanScreen]]:
    """The console with the plan of a recovery open, through one of the doors; nobody has read it yet."""
    async with at(door, **options) as (c, key):
        screen = await c.plan(key)
        assert screen.plan is not None
        assert screen.plan.rows, c.text
        yield c, screen


every_door = pytest.mark.parametrize("door", DOORS)
