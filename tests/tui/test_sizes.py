"""Every screen on every terminal: what never leaves stays, and what one needs next can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.tui.driver import Console, PlanScreen, console
from tests.tui.test_kill import FakeWorkers
from unstick.recovery.display import cell_width
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source
from unstick.tui.paint import Span
from unstick.tui.screens.base import SHORT, ConsoleScreen
from unstick.tui.screens.beside import FROM, LEAST, MOST, pane_width
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.job import JobScreen
from unstick.tui.widgets.bar import NARROW, Part, TallBar, arrange, flow

SIZES = [(40, 12), (60, 15), (80, 24), (120, 40), (200, 50)]
TINY = [(20, 6), (10, 3), (1, 1)]

WAYS: dict[str, Sequence[str]] = {
    "jobs": (),
    "columns": ("C",),
    "job": ("enter",),
    "variant": ("enter", "V", "enter"),
    "variants": ("V",),
    "actions": ("a",),
    "plan": ("x",),
    "operations": ("at",),
    "operation": ("at", "enter"),
    "retries": ("percent_sign",),
    "sweep": ("S",),
    "arm": ("S", "E"),
    "sources": ("0",),
    "kill": ("exclamation_mark",),
    "help": ("question_mark",),
}
"""Screen -> the keys that lead there from the live table."""

WRITING = ("arm",)
"""Those that a source which may not be written has not."""


async def go(c: Console, name: str) -> ConsoleScreen:
    """Press the keys one after the other, as somebody does who looks at what they do."""
    for key in WAYS[name]:
        before = c.app.screen
        await c.press(key)
        if not isinstance(before, JobScreen) or key != "V":
            await c.until(partial(another, c, before), f"for {name}")
        await settled(c)
    screen = c.on(ConsoleScreen)
    assert name == screen.SCOPE, c.text
    return screen


def another(c: Console, before: object) -> bool:
    return c.app.screen is not before


async def settled(c: Console) -> None:
    """Wait until the screen has been told all that it shows."""
    await c.pilot.pause()
    await c.until(lambda: "reading ..." not in c.text and "planning ..." not in c.text)
    await c.read_first()


@asynccontextmanager
async def production(size: tuple[int, int], *, read_only: bool = True) -> AsyncIterator[Console]:
    """A console on a source of production with an operation in its journal."""
    backend, workers = MemoryBackend.example(60, 5), FakeWorkers()
    async with console(backend, environment="prod", read_only=read_only, size=size, workers=workers) as c:
        from unstick.recovery import engine
        from unstick.recovery.plan import Options

        stuck = [each.id for each in c.jobs.rows.window.rows.values() if each.verdict][:1]
        await engine.apply(backend, await backend.plan("recover", tuple(stuck), Options()))
        yield c


def assert_header(c: Console, *, read_only: bool = True) -> None:
    assert c.lines[0].startswith("memory"), c.text
    assert "[PROD]" in c.lines[0], c.text
    assert ("[READ-ONLY]" in c.lines[0]) is read_only, c.text


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_source_and_tags_are_on_every_screen_at_every_size(size: tuple[int, int]) -> None:
    for name in WAYS:
        async with production(size, read_only=name not in WRITING) as c:
            screen = await go(c, name)
            assert_header(c, read_only=name not in WRITING)
            assert len(c.lines) == size[1]
            assert all(cell_width(line) <= size[0] for line in c.lines)
            assert c.lines[1].strip(), f"{name} has no title\n{c.text}"
            assert sum(bool(line.strip()) for line in c.lines[2:]) >= 2, f"{name} shows nothing\n{c.text}"
            assert screen.hint_bar.has_class("-hidden") == (size[1] < SHORT)


@pytest.mark.parametrize("size", TINY, ids=str)
@pytest.mark.parametrize("writing", [False, True], ids=["read-only", "writing"])
async def test_no_screen_fails_on_a_terminal_that_is_far_too_small(
    size: tuple[int, int], writing: bool
) -> None:
    async with production((80, 24), read_only=not writing) as c:
        for name in WRITING if writing else [each for each in WAYS if each not in WRITING]:
            while c.app.screen is not c.jobs:
                await c.press("escape")
                await c.pilot.pause()
            await go(c, name)
            await c.pilot.resize_terminal(*size)
            await c.pilot.pause()
            await c.press("j", "k", "ctrl+f", "G", "g")
            await c.pilot.resize_terminal(80, 24)
            await c.pilot.pause()
            assert_header(c, read_only=not writing)


async def test_a_resize_while_open_keeps_cursor_marks_and_the_row_in_view() -> None:
    async with console(MemoryBackend.example(200, 20)) as c:
        for _ in range(30):
            await c.press("j")
        await c.press("space", "space")
        cursor, marks = c.jobs.table.cursor, c.jobs.marks.ids
        assert len(marks) == 2
        for size in ((40, 12), (120, 40), (20, 6), (80, 24)):
            await c.pilot.resize_terminal(*size)
            await c.pilot.pause()
            assert (c.jobs.table.cursor, c.jobs.marks.ids) == (cursor, marks)
            assert cursor in c.jobs.table.in_view
            if size[1] > 6:
                assert f"{cursor}" in c.text
                assert "marked 2" in c.text


async def test_a_resize_keeps_how_far_a_text_is_scrolled() -> None:
    async with console(size=(80, 24)) as c:
        await c.press("enter")
        await settled(c)
        screen = c.on(JobScreen)
        await c.press("j", "j", "j")
        for size in ((40, 12), (60, 15), (80, 24)):
            await c.pilot.resize_terminal(*size)
            await c.pilot.pause()
            assert screen.pane.top == 3


async def test_the_smallest_plan_says_how_many_rows_what_happens_and_which_key_does_it() -> None:
    async with console(size=(40, 12)) as c:
        await c.press("space", "space", "space")
        await c.plan("R")
        await c.read_first()
        await c.press("G")
        assert "3 rows" in c.lines[1]
        low = " ".join(line.strip() for line in c.lines[-5:])
        assert "[ Cancel ]  A applies it to 3 rows" in low
        assert "set failed (worker is not stopped)" in low


async def test_the_smallest_plan_in_production_says_what_is_wanted_first() -> None:
    async with console(size=(40, 12), environment="prod") as c:
        await c.press("space", "space")
        await c.plan("R")
        await c.read_first()
        assert_says(c, "[ Cancel ] A wants a reason first, then applies it to 2 rows")
        await c.press("A")
        await c.type("because")
        await c.press("enter")
        await c.read_first()
        assert_says(c, "A wants 2 or memory typed first, then applies it to 2 rows")
        await c.press("A")
        await c.type("2")
        await c.press("enter")
        await c.read_first()
        assert_says(c, "A applies it to 2 rows")
        await c.press("A")
        await c.until(lambda: c.on(PlanScreen).result is not None)
        await c.pilot.pause()
        assert_says(c, "recovered 2 operation")


def assert_says(c: Console, words: str) -> None:
    assert words in " ".join(c.text.split()), c.text


async def test_the_smallest_terminal_shows_a_whole_refusal() -> None:
    async with console(size=(40, 12)) as c:
        await c.plan("x")
        await c.read_first()
        await c.press("A")
        assert_says(c, "this is a dry run; go back with esc and choose the action itself")


async def test_an_action_that_has_no_room_is_written_out_below_the_list() -> None:
    async with console(size=(40, 12)) as c:
        await c.press("a")
        await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))
        await c.pilot.pause()
        assert_says(c, "set failed (worker is not stopped) only stuck ones")
        await c.read_first()
        await c.press("G")
        await c.pilot.pause()
        assert "set failed (worker is not stopped)" not in " ".join(c.text.split())
        assert_says(c, "delete with changes and logs")


async def test_a_short_terminal_gives_a_jobs_text_the_lines_of_its_variants() -> None:
    async with console(size=(80, 12)) as c:
        await c.press("enter")
        await settled(c)
        assert "STATE" not in c.text
        assert "Changes: 3" in c.text
        await c.press("V")
        await c.pilot.pause()
        assert "STATE" in c.text
        await c.press("escape")
        await c.pilot.resize_terminal(80, 24)
        await c.pilot.pause()
        assert "STATE" in c.text


@pytest.mark.parametrize("size", [(40, 12), (80, 24)], ids=str)
async def test_a_long_name_of_a_source_leaves_the_tags_alone(size: tuple[int, int]) -> None:
    backend = MemoryBackend.example(10, 1)
    name = "billing-eu-central-1-a"
    backend._source = name
    others = [(lambda: MemoryBackend.example(1, 0), Source("second", "memory://", refresh_s=3600.0))]
    async with console(backend, environment="prod", read_only=True, others=others, size=size) as c:
        await c.press("p")
        shown = c.lines[0]
        assert "[PROD]" in shown
        assert "[READ-ONLY]" in shown
        assert c.app.session.source.name[:6] in shown


def test_a_pane_begins_where_the_table_keeps_the_width_of_a_small_terminal() -> None:
    assert pane_width(FROM - 1) == 0
    assert pane_width(FROM) == LEAST
    assert FROM - LEAST - 1 >= 76
    assert pane_width(1000) == MOST
    widths = [pane_width(columns) for columns in range(FROM, 400)]
    assert widths == sorted(widths)


async def test_a_table_and_a_job_stand_side_by_side_from_120_columns_on_until_b_hides_it() -> None:
    async with console(size=(120, 40)) as c:
        await c.until_shows("Why it is stuck")
        await c.until_shows("Fields")
        assert "WHY" in c.text
        assert "running 13h 48m > 30m" in c.jobs.table.render_line(1).text
        await c.press("b")
        await c.pilot.pause()
        assert "Why it is stuck" not in c.text
        assert c.jobs.table.size.width == 120
    async with console(size=(120, 40)) as c:
        assert "Why it is stuck" not in c.text
        await c.press("b")
        await c.until_shows("Why it is stuck")


async def test_b_on_a_narrow_terminal_says_what_is_missing() -> None:
    async with console() as c:
        await c.press("b", "b")
        assert "from 120 columns on; here are 80" in c.text


async def test_the_row_beside_asks_once_when_the_cursor_rests() -> None:
    backend = MemoryBackend.example(60, 5)
    asked: list[str] = []
    original = backend.attempts

    async def counted(job: object = None, limit: int = 200) -> object:
        asked.append(str(job))
        return await original(job, limit)  # type: ignore[arg-type]

    backend.attempts = counted  # type: ignore[assignment,method-assign]
    async with console(backend, size=(120, 40)) as c:
        await c.until_shows("Fields")
        assert asked == [c.jobs.table.cursor]
        await c.refresh()
        await c.press(*"jjjjjj")
        last = c.jobs.table.cursor
        await c.until(lambda: last in asked, "for the question")
        await c.refresh()
        assert len(asked) <= 3
        assert asked[-1] == last
        assert len(asked) == len(set(asked))


async def test_tab_goes_through_the_row_beside_and_another_row_begins_at_its_top() -> None:
    async with console(size=(120, 24)) as c:
        await c.until(lambda: len(c.jobs.side.lines) > 30)
        await c.press("tab")
        assert c.jobs.side.top > 0
        await c.press("j")
        await c.until(lambda: c.jobs.side.top == 0)


def words(lines: Sequence[Sequence[Span]]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_a_tall_bar_takes_another_line_before_anything_leaves_a_narrow_terminal() -> None:
    parts = [Part("[ Cancel ]"), Part("A applies it to 3 rows"), Part("set failed", drop=2)]
    assert words(flow(parts, 40, 3)) == ["[ Cancel ]  A applies it to 3 rows", "set failed"]
    assert words(flow(parts, 40, 1)) == ["[ Cancel ]  A applies it to 3 rows"]
    assert words(flow(parts, NARROW, 3)) == ["[ Cancel ]  A applies it to 3 rows  set failed"]


@pytest.mark.parametrize("width", range(1, 90, 4))
def test_a_tall_bar_never_exceeds_its_lines_or_the_width(width: int) -> None:
    parts = [Part("[ Cancel ]"), Part("word " * 30), Part("漢字" * 20, drop=1), Part("x" * 50, right=True)]
    lines = words(flow(parts, width, TallBar.MOST))
    assert 1 <= len(lines) <= TallBar.MOST
    assert width < 20 or all(cell_width(line) <= width for line in lines)


def test_gaps_shrink_before_a_name_is_cut() -> None:
    parts = [Part("a" * 20), Part("[PROD]"), Part("[READ-ONLY]")]
    assert words([arrange(parts, 39)]) == [f"{'a' * 20} [PROD] [READ-ONLY]"]
