"""A key held while the terminal is behind: painted once when it has caught up, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.pty.consoles import Start, program
from unstick.tui.flow import QUESTION

pytestmark = pytest.mark.pty

ASKED = QUESTION.encode()
ANSWER = "\x1b[?2026;2$y"
FRAME_END = b"\x1b[?2026l"
HELD = 10


def cursor(shown: Terminal) -> int:
    """The line of the screen with the cursor's row."""
    return next(number for number, line in enumerate(shown.lines) if line.startswith(">"))


def behind(start: Start) -> Terminal:
    """A console that has written a large frame which its terminal did not read yet."""
    shown = start(columns=200, rows=50)
    assert shown.raw.count(ASKED) == 1
    shown.send(ANSWER)
    mark = shown.mark()
    shown.press("G")
    shown.wait_until(lambda: ASKED in shown.since(mark), "the frame ends with the question")
    # The row beside the table follows the cursor after a moment, and more rows are read.
    shown.wait_quiet(1.0)
    return shown


def test_keys_that_move_wait_for_a_terminal_that_is_behind_and_are_painted_as_one(start: Start) -> None:
    shown = behind(start)
    line, mark = cursor(shown), shown.mark()
    shown.press(*["up"] * HELD)
    shown.wait_quiet(0.3)
    assert shown.since(mark) == b""
    shown.send(ANSWER * (shown.raw.count(ASKED) - 1))
    shown.wait_until(lambda: ASKED in shown.since(mark), "the frame ends with the question")
    assert cursor(shown) == line - HELD
    assert shown.since(mark).count(FRAME_END) <= 2


def test_another_key_comes_after_those_that_move(start: Start) -> None:
    shown = behind(start)
    wanted = shown.lines[cursor(shown) - HELD].split()[2]
    shown.press(*["up"] * HELD)
    shown.wait_quiet(0.1)
    shown.press("enter")
    shown.wait_for(f"Job {wanted}")


def test_a_terminal_that_does_not_answer_is_asked_once(start: Start) -> None:
    shown = start(columns=200, rows=50)
    for key in ("G", "g", "down", "pagedown"):
        mark = shown.mark()
        shown.press(key)
        shown.wait_until(lambda mark=mark: shown.since(mark), "a frame comes")  # type: ignore[misc]
        shown.wait_quiet(0.2)
    assert shown.raw.count(ASKED) == 1


def test_a_terminal_that_answers_is_asked_nothing_while_no_key_is_pressed(start: Start) -> None:
    shown = start()
    shown.send(ANSWER)
    mark = shown.mark()
    shown.wait_quiet(1.0)
    assert shown.since(mark) == b""


SHELL = '"$@"; printf after:; IFS= read -r typed; printf "[%s]" "$typed" | cat -v'


def test_an_answer_that_is_still_on_its_way_when_the_console_is_left_is_not_typed_into_the_shell(
    terminal: Callable[..., Terminal], home: Path
) -> None:
    shown = terminal(["sh", "-c", SHELL, "sh", *program()])
    shown.wait_for("! stuck")
    shown.send(ANSWER)
    mark = shown.mark()
    shown.press("down")
    shown.wait_until(lambda: ASKED in shown.since(mark), "the frame ends with the question")
    shown.press("q")
    shown.wait_quiet(0.2)
    shown.send(ANSWER * shown.since(mark).count(ASKED))
    shown.wait_for("after:")
    shown.send("typed\n")
    shown.wait_for("[typed]")
