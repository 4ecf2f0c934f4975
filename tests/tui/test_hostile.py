"""Text from a database is shown, never obeyed: on every screen, in every column."""

from __future__ import annotations

import re

import pytest

from tests.tui.driver import JobScreen, JobsScreen, console
from unstick.recovery.memory import PIPELINE, MemoryBackend
from unstick.tui.screens.variants import VariantsScreen

HOSTILE = (
    "\x1b]0;owned\x07\x1b[31m\x9b2J",
    "[/] [/foo] [bold",
    "[@click=app.leave(3)]press me[/]",
    "a\0b\x7fc\u202egpj.exe\u200b\udc80",
    "失敗" * 200,
    "x" * 1_000_000,
    "\n".join(f"line {number}" for number in range(5_000)),
)


def source(text: str) -> MemoryBackend:
    backend = MemoryBackend.example(5, 1)
    job = backend.worker.add(
        text[:400], "running", started_ago=1e6, updated_ago=1e6, kind=text, step=text, error=text
    )
    backend.worker.add_variant(job, text, "failed", error=text)
    backend.worker.add_event(job, text, level=text[:20], stage=text[:50])
    return backend


def assert_inert(lines: list[str], width: int) -> None:
    for line in lines:
        assert line.isprintable(), repr(line)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ud800-\udfff]", line), repr(line)
        assert len(line) <= width


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_screen_shows_it_inertly(text: str) -> None:
    async with console(source(text)) as c:
        assert_inert(c.lines, 80)
        await c.press("w")
        assert_inert(c.lines, 80)
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("Why it is stuck")
        for _ in range(6):
            assert_inert(c.lines, 80)
            await c.press("tab")
        await c.press("z", "G")
        assert_inert(c.lines, 80)
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.plan("R")
        assert_inert(c.lines, 80)
        await c.apply()
        assert_inert(c.lines, 80)
        await c.press("escape", "at")
        await c.until_shows("applied 1")
        await c.press("enter")
        await c.until_shows("planned")
        assert_inert(c.lines, 80)
        assert c.app.is_running


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("width", [80, 200])
async def test_hostile_variants_are_shown_inertly_wherever_they_are(text: str, width: int) -> None:
    backend = MemoryBackend(PIPELINE, source="memory")
    job = backend.worker.add(text[:300], "busy", updated_ago=1.0, step="paint")
    backend.worker.add_variant(job, text, "bad", id=f"1{text[:300]}", step=text, error=text)
    async with console(backend, size=(width, 24)) as c:
        await c.press("V")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
        await c.until_shows("broken")
        assert_inert(c.lines, width)
        await c.press("enter")
        await c.until_shows("Why it is stuck")
        assert_inert(c.lines, width)
        await c.plan("R")
        assert_inert(c.lines, width)
        await c.apply()
        assert_inert(c.lines, width)
        await c.press("escape", "J")
        await c.until_shows("Pieces: 1")
        await c.press("V")
        await c.until_shows("> variant")
        assert_inert(c.lines, width)


async def test_a_hostile_error_of_the_database_is_one_inert_line() -> None:
    backend = MemoryBackend.example(5, 1)
    async with console(backend) as c:
        c.app.session.failed(RuntimeError("\x1b[2J[/]\nsecond line \u202e"))
        c.jobs.tell()
        await c.pilot.pause()
        assert "\\x1b[2J[/] second line \\u202e" in c.text


async def test_ascii_leaves_nothing_else_on_any_screen() -> None:
    async with console(source("Zoë 失敗 \u202e 🚀 →"), ascii=True) as c:
        assert all(line.isascii() for line in c.lines)
        assert "Zoe ????" in c.text
        await c.press("enter")
        await c.until_shows("Why it is stuck")
        assert all(line.isascii() for line in c.lines)
