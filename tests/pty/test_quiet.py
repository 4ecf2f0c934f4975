"""What is written on the line: nothing while nothing changes, and little when little does."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench import tables
from tests.bench.world import PROFILE, sqlite_connection
from tests.harness.pty import Terminal
from tests.pty.consoles import Asked, Start

pytestmark = pytest.mark.pty

SIZES = [(80, 24, 450), (200, 50, 700)]
"""Columns, rows, and the bytes that one changed row may cost there."""

LIVE = [
    ("1", "~ running"),
    ("enter", "Why it is stuck"),
    ("escape", "Jobs > all"),
    ("V", "Pieces > all"),
    ("escape", "Jobs > all"),
    ("@", "op-0001"),
    ("enter", "no reason was given"),
    ("escape", "newest first"),
    ("escape", "Jobs > all"),
    ("%", "Retries > jobs"),
    ("escape", "Jobs > all"),
    ("S", "Last decisions"),
    ("escape", "Jobs > all"),
]
"""Keys that lead through the screens of a source, and what tells that one is there."""

ASKED_ONCE = ("no reason was given", "Retries > jobs", "Last decisions")
"""Those that ask when they are opened or told to, not at the pace of the tables."""

STANDING = [
    ("x", "Dry run"),
    ("?", "Help"),
    ("a", "Actions"),
    ("C", "Columns"),
    ("ctrl+p", "Palette"),
    (":", ":"),
]
"""The same for screens about one question; esc leaves each of them."""

MOUSE_AND_KITTY = re.compile(rb"\x1b\[\?(?:9|100[0-3]|1005|1006|1015|1016)h|\x1b\[[>=][0-9;]*u")

# Everything is so old that no age changes while a test runs, but the clock does not stand still.
OLD = """
from datetime import timedelta
from unstick.recovery import engine
from unstick.recovery.memory import PIPELINE
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
backend = Backend.example(200, 5, source="jobs-eu", system=PIPELINE)
async def fill():
    await backend.open()
    page = await backend.page(Query())
    await engine.apply(backend, await backend.plan("recover", [page.rows[0].id], Options()))
asyncio.run(fill())
began, before = time.monotonic(), backend._store.clock()
backend._store.clock = lambda: before + timedelta(days=300, seconds=time.monotonic() - began)
"""

# Each SIGUSR1 changes one value of one row on the screen; the next refresh shows it.
ONE_ROW = """
def age(*_):
    row = backend._store.jobs[seen[0]]
    row["error"] = "changed " + str(time.monotonic_ns())
    seen.append(seen.pop(0))
async def find():
    from unstick.recovery.query import Query
    await backend.open()
    page = await backend.page(Query())
    return [job.id for job in page.rows[8:18]]
seen = asyncio.run(find())
signal.signal(signal.SIGUSR1, age)
"""


@pytest.mark.parametrize(("columns", "rows"), [size[:2] for size in SIZES])
def test_no_screen_writes_anything_while_nothing_changes(
    start: Start, asked: Asked, columns: int, rows: int
) -> None:
    shown = start(OLD + asked.setup, refresh=0.1, columns=columns, rows=rows)
    for key, text in LIVE:
        shown.press(key)
        shown.wait_for(text)
        shown.wait_quiet(0.3)
        mark = shown.mark()
        if text in ASKED_ONCE:
            shown.wait_quiet(0.5)
        else:
            asked.again(5)
            shown.wait_quiet(0.1)
        assert shown.since(mark) == b"", text
    for key, text in STANDING:
        shown.press(key)
        shown.wait_for(text)
        shown.wait_quiet(0.3)
        mark = shown.mark()
        shown.wait_quiet(0.5)
        assert shown.since(mark) == b"", text
        shown.press("escape")
        shown.wait_for("Jobs > all")
    assert not MOUSE_AND_KITTY.search(shown.raw)


@pytest.mark.parametrize(("columns", "rows", "most"), SIZES)
def test_a_changed_row_costs_little(start: Start, asked: Asked, columns: int, rows: int, most: int) -> None:
    setup = OLD + ONE_ROW + asked.setup
    shown = start(setup, refresh=0.1, columns=columns, rows=rows)
    shown.press("1")
    shown.wait_for("~ running")
    for _ in range(3):
        shown.wait_quiet(0.3)
        mark = shown.mark()
        shown.signal(signal.SIGUSR1)
        shown.wait_until(lambda mark=mark: shown.since(mark), "the row is repainted")  # type: ignore[misc]
        asked.again(4)
        shown.wait_quiet(0.1)
        assert len(shown.since(mark)) <= most, shown.since(mark)


@pytest.mark.parametrize(("columns", "rows"), [size[:2] for size in SIZES])
def test_the_clock_of_a_database_costs_nothing_with_a_stuck_row_under_the_cursor(
    terminal: Callable[..., Terminal], home: Path, sqlite_url: str, columns: int, rows: int
) -> None:
    # So old that no age on the screen changes meanwhile.
    old = "UPDATE bench_job SET {0} = datetime({0}, '-300 days') || '.000'"
    with closing(sqlite_connection(sqlite_url)) as file:
        for statement in (*tables.create("sqlite"), tables.fill_stuck("sqlite", 1, 60)):
            file.execute(statement)
        for column in ("created_at", "started_at", "heartbeat_at"):
            file.execute(old.format(column))
    config = home / "config.toml"
    config.write_text(f'[sources.own]\nurl = "{sqlite_url}"\nprofile = "{PROFILE}"\nrefresh = "1s"\n')
    command = [sys.executable, "-m", "unstick.cli", "--config", str(config)]
    shown = terminal(command, columns=columns, rows=rows)
    shown.wait_for("! stuck")
    # Two refreshes and a half: anything that goes with the clock would be written in between.
    shown.wait_quiet(2.5)
