"""The welcome screen in a real terminal: it appears, idles without a byte, hides a password, and goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.systems.databases import create_tables

pytestmark = pytest.mark.pty

PROGRAM = [sys.executable, "-m", "unstick.cli"]
Start = Callable[..., Terminal]


async def test_from_the_welcome_screen_to_a_database_of_ones_own(
    terminal: Start, sqlite_url: str, home: Path
) -> None:
    await create_tables(sqlite_url, "artitec")
    shown = terminal(PROGRAM)
    shown.wait_for("unstick shows background jobs that hang")
    shown.send("u")
    shown.wait_for("database URL:")
    shown.send("postgresql://me:geheim@127.0.0.1:1/db")
    shown.wait_for("postgresql://me:******@127.0.0.1:1/db")
    shown.press("enter")
    shown.wait_for("nothing listens there")
    assert b"geheim" not in shown.since(0)
    # Not all at once: a flood of keys presses nothing.
    shown.wait_quiet(0.3)
    shown.press("u")
    shown.wait_for("database URL:")
    shown.press("ctrl+u")
    shown.send(sqlite_url)
    shown.wait_for("sqlite:///")
    shown.wait_quiet(0.3)
    shown.press("enter")
    shown.wait_for("no jobs here yet")
    shown.send("q")
    assert shown.wait_exit() == 0


def test_it_writes_nothing_while_nobody_presses_a_key(terminal: Start, home: Path) -> None:
    shown = terminal(PROGRAM)
    shown.wait_for("Five job systems")
    shown.wait_quiet(1.0)
    mark = shown.mark()
    shown.wait_quiet(3.0)
    assert shown.since(mark) == b""
    shown.send("q")
    assert shown.wait_exit() == 0
    assert b"\x1b[?1049l" in shown.since(mark)
