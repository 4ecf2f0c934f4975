"""The console in a real terminal: what reaches it byte for byte, and how it is left behind."""

from __future__ import annotations

import re
import signal
import time

import pytest

from tests.pty.consoles import RESTORED, Start

pytestmark = pytest.mark.pty

HOSTILE = r"""
evil = "\x1b]0;owned\x07\x1b[31mred\x9b2J \x1b]52;c;AAAA\x07 \u202egpj.exe [/] [@click=app.leave(3)]x[/] \0"
backend.worker.add(evil, "running", started_ago=1e7, updated_ago=1e7, kind=evil, error=evil * 2000)
"""


def test_moving_the_cursor_repaints_two_lines(start: Start) -> None:
    shown = start()
    shown.press("down")
    shown.wait_quiet(0.2)
    mark = shown.mark()
    shown.press("down")
    shown.wait_quiet(0.2)
    assert 0 < len(shown.since(mark)) <= 700


def test_hostile_text_reaches_the_terminal_only_as_visible_characters(start: Start) -> None:
    shown = start(HOSTILE)
    for key in ("enter", "tab", "tab", "escape", "R"):
        shown.press(key)
        shown.wait_quiet(0.4)
    for pattern in (
        rb"\x1b\]0;owned",
        rb"\x1b\]52;c;AAAA",
        rb"\x1b\[31mred",
        "\u202e".encode(),
        b"\xc2\x9b",
        b"\0",
    ):
        assert not re.search(pattern, shown.raw), pattern
    assert "\\x1b]0;owned" in shown.text


KNOWN = re.compile(
    rb"\x1b\[[0-9;?>=<]*\$?[a-zA-Z]|\x1b[=>78]"
    rb"|\x1b\]22;[a-z]*\x07"  # the pointer's shape, which Textual sets
)


def test_only_known_sequences_are_written(start: Start) -> None:
    shown = start(HOSTILE)
    shown.press("enter")
    shown.wait_quiet(0.4)
    rest = KNOWN.sub(b"", shown.raw)
    assert b"\x1b" not in rest, rest[:200]
    assert not re.search(rb"[\x00-\x07\x0e-\x1f\x7f]", rest)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal(start: Start, number: signal.Signals) -> None:
    shown = start()
    mark = shown.mark()
    shown.signal(number)
    assert shown.wait_exit(5) == 128 + number
    for sequence in RESTORED:
        assert sequence in shown.since(mark)


def test_a_closed_terminal_ends_the_console(start: Start) -> None:
    shown = start()
    shown.hang_up()
    assert shown._process.wait(5) != 0


def test_a_signal_during_an_apply_lets_the_chunk_end(start: Start, tmp_path: object) -> None:
    slow = f"""
applied = backend.apply_chunk
async def apply_chunk(plan, rows, operation):
    await asyncio.sleep(0.5)
    outcomes = await applied(plan, rows, operation)
    open({str(tmp_path)!r} + "/chunks", "a").write(f"{{len(rows)}} ")
    return outcomes
backend.apply_chunk = apply_chunk
"""
    shown = start(slow)
    shown.press("R")
    shown.wait_for("A applies it")
    shown.wait_quiet(0.5)
    shown.press("A")
    shown.wait_for("s stops after this chunk")
    shown.signal(signal.SIGHUP)
    assert shown.wait_exit(5) == 129
    with open(f"{tmp_path}/chunks") as chunks:
        assert chunks.read() == "1 "


def test_q_leaves_within_a_second_although_the_driver_hangs(start: Start) -> None:
    hang = "threading.Thread(target=time.sleep, args=(60,)).start(); await asyncio.to_thread(time.sleep, 60)"
    shown = start(on_open=hang, wait=False)
    shown.wait_for("connecting")
    started = time.monotonic()
    shown.press("q")
    assert shown.wait_exit(5) == 0
    assert time.monotonic() - started < 1.5
    assert RESTORED[0] in shown.raw


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_can_not_show_it_gets_a_sentence(start: Start, term: str) -> None:
    shown = start(wait=False, env={"TERM": term}, columns=200)
    assert shown.wait_exit(20) == 2
    assert "unstick jobs --stuck" in shown.text
    assert b"\x1b" not in shown.raw


def test_a_source_that_can_not_be_opened_gives_the_terminal_back_with_a_sentence(start: Start) -> None:
    shown = start(on_open="self.go_down(); await super().open()", wait=False, columns=120)
    assert shown.wait_exit(20) == 3
    assert RESTORED[0] in shown.raw
    left = shown.raw.rpartition(RESTORED[0])[2]
    assert b"unstick: " in left


def test_the_source_is_on_the_screen_before_its_backend_is_made(start: Start) -> None:
    never = "time.sleep(60)"
    shown = start(f"make = lambda: {never}", make="make", wait=False)
    shown.wait_for("connecting")
    assert shown.lines[0].startswith("jobs-eu  [STAGING]")
    shown.wait_for("R recover")
    shown.press("q")
    assert shown.wait_exit(5) == 0


def test_textual_is_not_imported_to_refuse(start: Start) -> None:
    tell = "import atexit; atexit.register(lambda: print('textual' in sys.modules))"
    shown = start(tell, wait=False, env={"TERM": "dumb"}, columns=200)
    shown.wait_exit(20)
    assert "False" in shown.text


def test_no_color_sends_no_colour(start: Start) -> None:
    shown = start(env={"NO_COLOR": "1"})
    shown.press("down")
    shown.wait_quiet(0.3)
    assert not re.search(rb"\x1b\[[0-9;]*(3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]", shown.raw)
    assert ">  ! stuck" in shown.text


@pytest.mark.parametrize("term", ["xterm", "linux", "screen", "vt100", "tmux-256color"])
def test_other_terminals_show_the_same(start: Start, term: str) -> None:
    shown = start(env={"TERM": term})
    assert "jobs-eu  [STAGING]" in shown.lines[0]
    assert b"38;2;" not in shown.raw


def test_mouse_and_kitty_keys_stay_off(start: Start) -> None:
    shown = start()
    for sequence in (b"\x1b[?1000h", b"\x1b[?1003h", b"\x1b[>1u"):
        assert sequence not in shown.raw


def test_a_small_terminal_works(start: Start) -> None:
    shown = start(columns=40, rows=12)
    assert shown.lines[0].startswith("jobs-eu  [STAGING]")
    shown.resize(100, 30)
    shown.wait_for("R recover")
    shown.resize(20, 5)
    shown.wait_quiet(0.5)
    shown.press("q")
    assert shown.wait_exit(5) == 0
