"""How long it takes from the start of the program to what is on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.figures import Figure, at_most
from tests.bench.references import environment, own
from tests.bench.wire import ran, started
from tests.bench.world import World, unstick

ROW = b"! stuck"
MINIMAL = b"minimal-app-here"
OTHERS = {"pg_activity": (1.5, b"RUNNING QUERIES"), "harlequin": (0.5, b"main")}
"""By how much the first rows may be later than another program's first full frame, and what tells of that."""


def start(world: World) -> Iterator[Figure]:
    """The first frame, and the first rows."""
    console = world.console(world.rows("postgresql"))
    programs: dict[str, tuple[Sequence[str], bytes]] = {
        "minimal app": (own("minimal"), MINIMAL),
        "frame": (console, b"bench"),
        "rows": (console, ROW),
        **{name: (command, OTHERS[name][1]) for name, command in _others(world).items()},
    }
    # Once before anything is timed, so that byte code and pages are there.
    started(programs, 1)
    took = started(programs, world.sizes.starts)
    minimal = took["minimal app"]
    yield at_most(
        "start.frame", "first frame of the console", took["frame"], "ms", 1.2, minimal, "minimal app"
    )
    yield at_most("start.rows", "first rows from PostgreSQL", took["rows"], "ms", 2.0, minimal, "minimal app")
    for name, (factor, _) in OTHERS.items():
        line, what = f"start.rows.{name}", f"first rows, beside {name}"
        if name in took:
            yield at_most(line, what, took["rows"], "ms", factor, took[name], name)
        else:
            yield Figure(line, what, note=f"{name} could not be run")


def _others(world: World) -> Mapping[str, list[str]]:
    found = {}
    if (folder := environment("pg_activity")) is not None:
        found["pg_activity"] = [str(folder / "pg_activity"), world.rows("postgresql"), "--no-inst-info"]
    if (folder := environment("harlequin")) is not None:
        file = world.rows("sqlite").removeprefix("sqlite:///")
        found["harlequin"] = [str(folder / "harlequin"), "-a", "sqlite", file]
    return found


def headless(world: World) -> Iterator[Figure]:
    """Commands without a console."""
    file = world.config(world.rows("sqlite"))
    programs = {
        "python": [sys.executable, "-c", "pass"],
        "driver": [sys.executable, "-c", "import sqlite3"],
        "help": [unstick(), "--help"],
        "jobs": [unstick(), "jobs", "--json", "--limit", "20", *file],
    }
    ran(programs, 1)
    took = ran(programs, max(world.sizes.starts, 5))
    yield at_most("start.help", "unstick --help", took["help"], "ms", 3, took["python"], "python -c pass")
    yield at_most(
        "start.jobs", "unstick jobs --json, SQLite", took["jobs"], "ms", 12, took["driver"], "import sqlite3"
    )
