"""From a key to the end of the frame that it leads to, while the source is refreshed every second."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.figures import Figure, at_most, percentile
from tests.bench.references import own
from tests.bench.start import ROW
from tests.bench.wire import Wire
from tests.bench.world import World

SIZES = ((80, 24), (200, 50))
REFERENCE_ROWS = 1_000
P95 = 0.95
KEYS = {
    "view": ("cursor down inside the window", 6.0, "down"),
    "scroll": ("scrolling by one", 10.0, "down"),
    "page": ("page down", 16.0, "pagedown"),
    "end": ("to the end and back", 16.0, "G"),
}
"""What is pressed, and the milliseconds on the machine that the budgets were measured on. There Textual's own
table took `DATATABLE`: the same share of what it takes here is the budget here."""
DATATABLE = {"view": 8.1, "scroll": 38.0, "page": 90.0, "end": 90.0}


END = {"console": ("G", "g"), "DataTable": ("\x1b[1;5F", "\x1b[1;5H")}


def keys(world: World) -> Iterator[Figure]:
    """Every movement, at two sizes, beside Textual's own table."""
    url = world.rows("postgresql")
    for columns, rows in SIZES:
        with (
            Wire(world.console(url, refresh=1), columns=columns, rows=rows) as ours,
            Wire(own("datatable", REFERENCE_ROWS), columns=columns, rows=rows) as theirs,
        ):
            _ = ours.until(ROW), theirs.until(b"done")
            _ = ours.drained(2), theirs.drained(1)
            for name, (what, limit, key) in KEYS.items():
                times = world.sizes.keys if name == "view" else max(world.sizes.keys // 3, 10)
                took = _taken(ours, "console", name, key, times)
                beside = _taken(theirs, "DataTable", name, key, times)
                factor = limit / DATATABLE[name]
                line, called = f"keys.{name}.{columns}x{rows}", f"DataTable of {REFERENCE_ROWS:,}"
                yield at_most(line, f"{what}, p95", took, "ms", factor, beside, called, limit)
            yield _held(ours, columns, rows)


def _taken(wire: Wire, program: str, name: str, key: str, times: int) -> float:
    """Return the 95th percentile of the milliseconds from key to frame."""
    if name == "scroll":
        # First to the lower edge: from there on every step scrolls.
        for _ in range(60):
            _ = wire.frame(key)
    found = []
    for turn in range(times):
        pressed = key
        if name == "view" and turn % 4 > 1:
            pressed = "up"
        elif name == "end":
            pressed = END[program][turn % 2]
        took = wire.frame(pressed)
        if took is not None:
            found.append(took * 1000)
    _ = wire.drained(0.3)
    return percentile(found, P95)


def _held(wire: Wire, columns: int, rows: int) -> Figure:
    """A key held for two seconds, thirty times a second: how long the console still moves after that."""
    _ = wire.frame("g")
    for _ in range(60):
        wire.press("down")
        _ = wire.drained(1 / 30)
    lag = 0.0
    while wire.drained(0.05) and lag < 5:
        lag += 0.05
    return at_most(f"keys.held.{columns}x{rows}", "lag after a held key", lag * 1000, "ms", limit=100)
