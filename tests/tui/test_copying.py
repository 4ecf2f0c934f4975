"""Copying: the sequence in all its wrappings, and the text on the screen where no terminal takes it."""

from __future__ import annotations

import base64
import re

import pytest

from tests.tui.driver import JobsScreen, PlanScreen, console
from unstick.recovery.memory import MemoryBackend
from unstick.tui.clipboard import LIMIT, osc52
from unstick.tui.screens.text import MOST, TextScreen

SCREEN_BUFFER = 768
"""Characters that GNU screen keeps of a string; the rest it writes on the terminal."""
LONG = "a job's id or two\n" * 3_000


def sequence(text: str, **environ: str) -> str:
    made = osc52(text, environ)
    assert made is not None
    return made


def plain(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def seen_through_tmux(data: str) -> str:
    """What a terminal gets of the strings that tmux passes on with allow-passthrough."""
    passed = re.findall(r"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\", data)
    return "".join(passed).replace("\x1b\x1b", "\x1b")


def seen_through_screen(data: str) -> str:
    """What a terminal gets of the strings that screen passes on; fails where its buffer would overflow."""
    strings = re.findall(r"\x1bP(.*?)\x1b\\", data, re.DOTALL)
    rest = re.sub(r"\x1bP.*?\x1b\\", "", data, flags=re.DOTALL)
    assert all(len(each) < SCREEN_BUFFER for each in (*strings, rest))
    return "".join(strings)


@pytest.mark.parametrize("text", ["ü 失敗", LONG])
def test_a_terminal_gets_the_text_itself(text: str) -> None:
    assert sequence(text, TERM="xterm-256color") == plain(text)


@pytest.mark.parametrize("text", ["x", LONG])
@pytest.mark.parametrize(
    "environ", [{"TMUX": "/tmp/socket,1,0", "TERM": "screen"}, {"TERM": "tmux-256color"}]
)
def test_tmux_gets_it_in_both_forms_because_its_settings_decide(text: str, environ: dict[str, str]) -> None:
    made = sequence(text, **environ)
    assert made.startswith(plain(text))
    assert seen_through_tmux(made) == plain(text)


@pytest.mark.parametrize("text", ["x", LONG])
@pytest.mark.parametrize("environ", [{"STY": "1.pts-0", "TERM": "xterm"}, {"TERM": "screen-256color"}])
def test_screen_gets_it_in_pieces_that_its_buffer_holds(text: str, environ: dict[str, str]) -> None:
    made = sequence(text, **environ)
    assert seen_through_screen(made) == plain(text)
    assert "tmux;" not in made


def test_what_may_be_tmux_over_ssh_gets_a_short_text_plainly_too() -> None:
    assert sequence("88213", TERM="screen-256color").startswith(plain("88213"))


def test_what_no_terminal_takes_is_not_sent() -> None:
    assert osc52("x" * LIMIT, {}) is not None
    assert osc52("x" * (LIMIT + 1), {}) is None
    assert osc52("失" * (LIMIT // 2), {}) is None


async def test_the_same_key_again_shows_what_was_copied_without_anything_beside_it() -> None:
    async with console() as c:
        cursor = str(c.jobs.table.cursor)
        await c.press("y")
        assert f"copied id {cursor}; y again shows it" in c.text
        await c.press("y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        await c.until(lambda: cursor in c.lines)
        assert c.lines[1].startswith(f"Text  > id {cursor}")
        await c.press("y")
        assert c.lines[-2].strip() == f"copied id {cursor}"
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def test_any_other_key_in_between_copies_anew() -> None:
    async with console() as c:
        await c.press("y", "down", "y", "Y", "y")
        c.on(JobsScreen)
        assert "; y again shows it" in c.text


async def test_a_record_is_shown_as_it_would_be_copied() -> None:
    async with console() as c:
        await c.press("Y", "Y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        await c.until(lambda: "{" in c.lines)
        assert f' "id": "{c.jobs.table.cursor}",' in c.lines


async def test_the_sql_of_a_plan_is_shown_too() -> None:
    async with console() as c:
        screen = await c.plan("R")
        await c.read_first()
        await c.press("y", "y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        assert screen.plan is not None
        first = screen.plan.sql[0].split("\n")[0][:40]
        await c.until(lambda: any(text.startswith(first) for text in c.lines))
        await c.press("q")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))


async def test_marked_ids_stand_on_lines_of_their_own() -> None:
    async with console() as c:
        await c.press("space", "space", "space")
        marked = {str(each) for each in c.jobs.marks.ids}
        await c.press("y", "y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        await c.until(lambda: marked <= set(c.lines))


async def test_what_is_too_long_for_any_clipboard_is_shown_in_part() -> None:
    backend = MemoryBackend.example(5, 1)
    backend.worker.add("long", "running", updated_ago=1e6, error="e" * 300_000)
    async with console(backend, size=(120, 24)) as c:
        assert c.jobs.table.cursor == "long"
        await c.press("Y")
        assert "is too long for the clipboard; Y again shows it" in c.text
        await c.press("Y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        await c.until_shows(f"the first {MOST:,} characters")
        await c.press("G")
        assert c.lines[-3].endswith("e~")


async def test_hostile_text_is_shown_and_not_obeyed() -> None:
    backend = MemoryBackend.example(5, 1)
    backend.worker.add("\x1b]52;c;AAAA\x07[/]\u202e", "running", updated_ago=1e6)
    async with console(backend) as c:
        await c.press("y", "y")
        await c.until(lambda: isinstance(c.app.screen, TextScreen))
        await c.until(lambda: "\\x1b]52;c;AAAA\\x07[/]\\u202e" in c.lines)
