"""`python -m tests.bench`: measures, prints, and tells by the exit code whether every budget was met."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from tests.bench import database, footprint, keys, line, link, report, start, writes
from tests.bench.figures import Figure
from tests.bench.sizes import FULL, MIDDLE, QUICK, Sizes, lacking
from tests.bench.world import World, noted
from unstick.cli import YOUNG

MEASUREMENTS: dict[str, Callable[[World], Iterator[Figure]]] = {
    "start": start.start,
    "headless": start.headless,
    "keys": keys.keys,
    "line": line.line,
    "link": link.link,
    "database": database.database,
    "writes": writes.writes,
    "memory": writes.memory,
    "locks": writes.locks,
    "footprint": footprint.footprint,
    "sources": footprint.sources,
}
LONG = ("link", "sources", "footprint")
"""Left out of a quick run unless they are asked for by name: they have to wait."""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures every line of the budgets, each as a ratio to a reference in the same run.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", dest="sizes", action="store_const", const=QUICK, help="two minutes, little data"
    )
    size.add_argument(
        "--full", dest="sizes", action="store_const", const=FULL,
        help="10 M rows on PostgreSQL, 1 M on MariaDB and SQLite: half an hour",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=MEASUREMENTS, help=", ".join(MEASUREMENTS)
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/performance.md")
    parser.set_defaults(sizes=MIDDLE)
    return parser.parse_args(arguments)


def chosen(sizes: Sizes, only: Sequence[str] | None) -> list[str]:
    """Return the names of what is measured."""
    if only:
        return [name for name in MEASUREMENTS if name in only]
    return [name for name in MEASUREMENTS if sizes is not QUICK or name not in LONG]


def measured(world: World, names: Sequence[str]) -> list[Figure]:
    """Return the figures; a measurement that fails is told and left out."""
    found: list[Figure] = []
    for name in names:
        with noted(f"{name}:\n"):
            try:
                found.extend(MEASUREMENTS[name](world))
            except (OSError, RuntimeError, TimeoutError, EOFError) as error:
                found.append(Figure(name, "could not be measured", note=" ".join(str(error).split())[:60]))
    return found


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for; 1 when a budget is missed."""
    options = parsed(arguments)
    sizes: Sizes = options.sizes
    # As in the program, for what runs in this process.
    gc.set_threshold(YOUNG)
    if (why := lacking(sizes)) is not None:
        print(why, file=sys.stderr)
        return 2
    told = ", ".join(f"{sizes.rows[each]:,} rows on {each}" for each in sizes.engines)
    print(
        f"{sizes.name}: {told}; at most {sizes.disk / 1e9:.1f} GB of disk, given back at the end",
        file=sys.stderr,
    )
    begun = time.monotonic()
    with World(sizes) as world:
        figures = measured(world, chosen(sizes, options.only))
    if options.json:
        print(report.as_json(figures, about(sizes)))
    elif options.markdown:
        print(report.as_markdown(figures))
    else:
        print(report.as_table(figures))
    print(f"{report.summary(figures)}, in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return int(any(figure.met is False for figure in figures))


def about(sizes: Sizes) -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": sizes.name,
        "rows": sizes.rows,
        "written": sizes.written,
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
