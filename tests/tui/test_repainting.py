"""How many lines a key paints, counted: what makes the console quick and cheap on a thin line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.strip import Strip

from tests.tui.driver import Console, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Job
from unstick.tui.widgets.table import Table

SIZES = [(80, 24), (200, 50)]


@contextmanager
def painted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[int]]:
    """Count how often each line of a table is painted."""
    lines: Counter[int] = Counter()
    paint = Table.render_line

    def counting(self: Table, y: int) -> Strip:
        lines[y] += 1
        return paint(self, y)

    with monkeypatch.context() as patched:
        patched.setattr(Table, "render_line", counting)
        yield lines


async def at_rest(c: Console) -> None:
    """Let it read and paint what it wants to."""
    await c.until(lambda: not c.jobs.feed.in_flight and not c.jobs.rows.reading_more)
    await c.pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_the_cursor_paints_two_lines(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async with console(size=size) as c:
        await at_rest(c)
        with painted(monkeypatch) as lines:
            await c.press("down")
            await at_rest(c)
        assert lines == {1: 1, 2: 1}


@pytest.mark.parametrize("size", SIZES)
async def test_a_page_is_painted_once(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async with console(MemoryBackend.example(400, 5), size=size) as c:
        await at_rest(c)
        await c.press("pagedown")
        await at_rest(c)
        with painted(monkeypatch) as lines:
            await c.press("pagedown")
            await c.pilot.pause()
        assert len(lines) >= size[1] // 2
        assert max(lines.values()) == 1


async def test_many_moves_that_come_together_are_painted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(MemoryBackend.example(400, 5)) as c:
        await at_rest(c)
        await c.press("pagedown")
        await at_rest(c)
        before = c.jobs.table.position
        with painted(monkeypatch) as lines:
            await c.burst(*["down"] * 30)
            await at_rest(c)
        assert c.jobs.table.position == before + 30
        assert sum(lines.values()) <= 3 * c.jobs.table.body_height


async def test_a_row_that_looks_the_same_is_not_painted_under_the_cursor_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with console() as c:
        await at_rest(c)
        table, window = c.jobs.table, c.jobs.rows.window
        job = window.rows[window.order[0]]
        assert isinstance(job, Job)
        assert table.cursor == job.id
        assert job.verdict is not None
        # A clock in the evidence went on: another value, the same line.
        verdict = replace(job.verdict, evidence=(("now", str(timedelta(seconds=1))),))
        window.rows[job.id] = replace(job, verdict=verdict)
        with painted(monkeypatch) as lines:
            table.show(window.order, {job.id})
            await c.pilot.pause()
        assert not lines
