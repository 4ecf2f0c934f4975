"""What is written on the line: nothing while nothing changes, and little when little does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from tests.bench.figures import Figure, at_most, median
from tests.bench.references import own
from tests.bench.start import ROW
from tests.bench.wire import Wire
from tests.bench.world import World, sqlite_connection

SIZES = ((80, 24, 450, 3_500), (200, 50, 700, 13_000))
"""Columns, rows, and the bytes that one and thirty changed rows may cost."""
ROWS = 2_000
CHANGES = 5


def line(world: World) -> Iterator[Figure]:
    """Bytes of a refresh in which nothing, one row, or thirty rows changed; and what idling costs."""
    url = world.some("sqlite", ROWS)
    with closing(sqlite_connection(url)) as file:
        # So old that no age on the screen changes meanwhile.
        old = "UPDATE bench_job SET {} = datetime({}, '-300 days') || '.000'"
        for column in ("created_at", "started_at", "heartbeat_at"):
            file.execute(old.format(column, column))
    for columns, rows, one, thirty in SIZES:
        with (
            Wire(world.console(url, refresh=1), columns=columns, rows=rows) as ours,
            Wire(own("datatable", 1_000), columns=columns, rows=rows) as theirs,
        ):
            _ = ours.until(ROW), theirs.until(b"done")
            _ = ours.drained(3), theirs.drained(1)
            yield from _idle(ours, world.sizes.seconds, f"{columns}x{rows}")
            for number, limit in ((1, one), (30, thirty)):
                beside = _of_datatable(theirs, number)
                cost = _of_console(ours, url, min(number, rows - 8))
                line = f"line.{number}.{columns}x{rows}"
                yield at_most(line, f"{number} changed", cost, "B", None, beside, "DataTable", limit)


def _idle(wire: Wire, seconds: float, size: str) -> Iterator[Figure]:
    busy = wire.busy()
    written = wire.drained(seconds)
    share = (wire.busy() - busy) / seconds * 100
    yield at_most(f"line.idle.{size}", f"{seconds:g} s of refreshing, nothing changed", written, "B", limit=0)
    yield at_most(f"line.cpu.{size}", "processor meanwhile, refresh every second", share, "%", limit=1)


def _of_console(wire: Wire, url: str, number: int) -> float:
    found = []
    with closing(sqlite_connection(url)) as file:
        # The first rows in view: what hangs comes first, the newest of the others behind it.
        listed = (
            "SELECT id FROM bench_job ORDER BY status <> 'working', created_at DESC, id LIMIT 30 OFFSET 3"
        )
        ids = [row[0] for row in file.execute(listed)]
        chosen = ", ".join(str(each) for each in ids[:number])
        for change in range(CHANGES):
            mark = wire.mark()
            file.execute(f"UPDATE bench_job SET error = 'changed {change}' WHERE id IN ({chosen})")
            _ = wire.drained(2.2)
            found.append(len(wire.since(mark)))
    return median(found)


def _of_datatable(wire: Wire, number: int) -> float:
    mark = wire.mark()
    wire.press("c" if number == 1 else "m")
    _ = wire.drained(0.5)
    return len(wire.since(mark))
