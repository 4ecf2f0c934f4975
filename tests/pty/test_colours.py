"""Which colour codes reach a terminal: none, sixteen, or what the theme says."""

from __future__ import annotations

import re

import pytest

from tests.harness.pty import Terminal
from tests.pty.consoles import Start

pytestmark = pytest.mark.pty

CODES = re.compile(rb"\x1b\[([0-9;:]*)m")

COLOURED = """
from dataclasses import replace
run_plain = run_console
def run_console(seats):
    seats = [(make, replace(source, colour="#1565c0")) for make, source in seats]
    return run_plain(seats, theme={theme!r})
"""


def colours(raw: bytes) -> set[bytes]:
    """Return the parameters of every code that sets a colour; 39 and 49 go back to the terminal's own."""
    found = set()
    for match in CODES.finditer(raw):
        rest = match[1].split(b";")
        while rest:
            code = rest.pop(0)
            if code in (b"38", b"48"):
                found.add(b";".join([code, *rest]))
                break
            if re.fullmatch(rb"3[0-7]|4[0-7]|9[0-7]|10[0-7]", code):
                found.add(code)
    return found


def go_around(shown: Terminal) -> None:
    """Open what is painted differently: a filter, a job, a plan with its button, help."""
    shown.press("/")
    shown.wait_for("filter /")
    shown.send("kind:up")
    shown.wait_for("kind:up")
    shown.press("escape")
    shown.wait_gone("kind:up")
    shown.press("space")
    shown.wait_for("marked 1")
    shown.press("R")
    shown.wait_for("Cancel")
    shown.wait_quiet(0.6)
    shown.press("escape")
    shown.wait_gone("Cancel")
    shown.wait_quiet(0.3)
    shown.press("enter")
    shown.wait_for("Why it is stuck")
    shown.press("?")
    shown.wait_for("Help > job")
    shown.wait_quiet(0.3)


@pytest.mark.parametrize("theme", [None, "light", "ansi16", "prod-red"])
def test_no_color_sends_no_colour_on_any_screen_in_any_theme(start: Start, theme: str | None) -> None:
    shown = start(COLOURED.format(theme=theme), env={"NO_COLOR": "1"})
    go_around(shown)
    assert colours(shown.raw) == set()


@pytest.mark.parametrize("term", ["linux", "xterm", "screen"])
def test_a_terminal_of_sixteen_colours_gets_no_others(start: Start, term: str) -> None:
    shown = start(COLOURED.format(theme=None), env={"TERM": term})
    go_around(shown)
    assert colours(shown.raw)
    assert not [code for code in colours(shown.raw) if b";" in code]


def test_a_terminal_of_256_colours_gets_no_others(start: Start) -> None:
    shown = start(COLOURED.format(theme=None), env={"TERM": "xterm-256color"})
    go_around(shown)
    told = colours(shown.raw)
    assert any(code.startswith(b"38;5;") for code in told)
    assert not any(b";2;" in code for code in told)


def test_a_terminal_of_all_colours_gets_those_of_the_theme(start: Start) -> None:
    shown = start(COLOURED.format(theme="light"), env={"COLORTERM": "truecolor"})
    assert b"48;2;251;251;249" in shown.raw
    assert b"48;2;21;101;192" in shown.raw
