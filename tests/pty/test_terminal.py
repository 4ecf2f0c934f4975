"""The pseudo-terminal harness: what a program in it sees is a real terminal."""

import re
import signal
import sys
from collections.abc import Callable

import pytest

from tests.harness.pty import Terminal
from tests.harness.screen import Screen
from tests.harness.server import alive
from tests.harness.waiting import eventually

pytestmark = pytest.mark.pty
TextualApp = """
from textual.app import App
from textual.widgets import Input, Label
class Demo(App):
    BINDINGS = [("ctrl+t", "quit", "Quit")]
    def compose(self):
        yield Label("hello")
        yield Input()
    def on_resize(self, event):
        self.query_one(Label).update(f"size {event.size.width}x{event.size.height}")
Demo().run()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_sees_a_terminal_of_the_given_size() -> None:
    code = "import os, sys; print(os.isatty(0), os.get_terminal_size(), open('/dev/tty').isatty())"
    with Terminal(python(code), columns=100, rows=30) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.lines[0] == "True os.terminal_size(columns=100, lines=30) True"


def test_keys_reach_a_textual_app_and_its_screen_reaches_us() -> None:
    with Terminal(python(TextualApp)) as terminal:
        terminal.wait_for("size 80x24")
        terminal.press("w", "o", "r", "d")
        terminal.wait_for("word")
        terminal.resize(60, 20)
        terminal.wait_for(re.compile(r"^size 60x20", re.MULTILINE))
        assert 1049 in terminal.screen.modes
        terminal.press("ctrl+t")
        assert terminal.wait_exit() == 0
        assert 1049 not in terminal.screen.modes
    assert not re.search(r"\[[<=>?]|\d+;\d+", terminal.text), "no escape sequence was taken for text"


def test_a_program_can_be_interrupted() -> None:
    with Terminal(python("import signal; print('ready', flush=True); signal.pause()")) as terminal:
        terminal.wait_for("ready")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == -signal.SIGTERM


def test_a_hang_up_is_noticed_by_the_program() -> None:
    with Terminal(python("import signal; print('ready', flush=True); signal.pause()")) as terminal:
        terminal.wait_for("ready")
        terminal.hang_up()
        assert terminal.wait_exit() == -signal.SIGHUP


def test_the_programs_children_end_with_it() -> None:
    code = "import subprocess; p = subprocess.Popen(['cat']); print('child', p.pid, flush=True); p.wait()"
    with Terminal(python(code)) as terminal:
        terminal.wait_for(re.compile(r"child \d+"))
        child = int(terminal.text.split()[1])
    eventually(lambda: not alive(child), what="the child is gone")


def test_a_wait_in_vain_shows_the_screen() -> None:
    with Terminal(python("print('only this', flush=True); input()")) as terminal:
        terminal.wait_for("only this")
        with pytest.raises(TimeoutError, match="only this"):
            terminal.wait_for("that", timeout=0.05)
        terminal.press("enter")
        with pytest.raises(EOFError, match="ended before"):
            terminal.wait_for("that")


def test_queries_get_the_answers_that_were_given(terminal: Callable[..., Terminal]) -> None:
    ask = "print('\\x1b[?2026$p', end='', flush=True)"
    code = f"import sys, tty; tty.setraw(0); {ask}; print(repr(sys.stdin.read(4)))"
    running = terminal(python(code), answers={b"\x1b[?2026$p": b"\x1b[?2"})
    running.wait_for("'\\x1b[?2'")


def test_bytes_are_counted_from_a_mark(terminal: Callable[..., Terminal]) -> None:
    running = terminal(python("input(); print('abc', flush=True); input()"))
    running.wait_quiet(0.2)
    mark = running.mark()
    running.press("enter")
    running.wait_for("abc")
    running.wait_quiet(0.1)
    assert running.since(mark) == b"\r\nabc\r\n"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[>1u",
        b"\x1b[<u",
        b"\x1b[=0;1u",
        b"\x1b]22;text\x1b\\",
        b"\x1b]8;;http://x\x07",
        b"\x1bP+q5463\x1b\\",
        b"\x1b[?2026$p",
    ],
)
def test_sequences_are_no_text_in_however_many_pieces_they_come(sequence: bytes) -> None:
    for cut in range(len(sequence)):
        screen = Screen(20, 2)
        screen.feed(b"a" + sequence[:cut])
        screen.feed(sequence[cut:] + b"b")
        assert screen.lines[0] == "ab"
