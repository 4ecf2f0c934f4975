"""How much is measured: rows, repetitions, and what it takes on the disk."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ENGINES = ("postgresql", "mariadb", "sqlite")
BYTES_PER_ROW = {"postgresql": 420, "mariadb": 420, "sqlite": 300}
"""Table, indexes, and what the server writes beside them while they are made."""
FIXED = 600_000_000
"""Two servers without rows, and the programs to compare with."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """`rows` by engine of the table that is looked at, `written` of those that are changed; `starts`, `keys`
    and `pages` are repetitions; `seconds` is how long something is watched that should do nothing."""

    name: str
    rows: dict[str, int]
    written: dict[str, int]
    starts: int
    keys: int
    pages: int
    seconds: float
    sources: int = 50
    engines: tuple[str, ...] = field(default=ENGINES)

    @property
    def disk(self) -> int:
        """Bytes that it takes at most, all of it under the temporary folder."""
        rows = sum(self.rows[each] * BYTES_PER_ROW[each] for each in self.engines)
        return FIXED + rows + sum(self.written[each] * 6_000 for each in self.engines)


QUICK = Sizes(
    "quick",
    {"postgresql": 200_000, "mariadb": 50_000, "sqlite": 50_000},
    {"postgresql": 5_000, "mariadb": 2_000, "sqlite": 2_000},
    starts=3,
    keys=40,
    pages=40,
    seconds=4,
)
MIDDLE = Sizes(
    "middle",
    {"postgresql": 1_000_000, "mariadb": 300_000, "sqlite": 300_000},
    {"postgresql": 20_000, "mariadb": 5_000, "sqlite": 5_000},
    starts=7,
    keys=150,
    pages=200,
    seconds=10,
)
FULL = Sizes(
    "full",
    {"postgresql": 10_000_000, "mariadb": 1_000_000, "sqlite": 1_000_000},
    {"postgresql": 50_000, "mariadb": 10_000, "sqlite": 10_000},
    starts=11,
    keys=300,
    pages=400,
    seconds=20,
)


def lacking(sizes: Sizes) -> str | None:
    """Return why there is no room for it, as a sentence; None when there is."""
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    if free > sizes.disk * 1.2:
        return None
    need = f"{sizes.disk * 1.2 / 1e9:.1f} GB are needed"
    return f"{folder} has {free / 1e9:.1f} GB free, {need}: set TMPDIR, or use --quick"
