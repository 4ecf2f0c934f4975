"""Plain aligned text; data goes to stdout, narration to stderr.

Every value passes through `display_text` before it is aligned, and every line again on its way out, so that
no command can forget it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from unstick.recovery.display import cell_width, clip, display_text, fit

CELL = 60
"""Cells that one column takes at most; the last column is never cut."""


def say(text: str = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print lines of data: the only way to stdout for what is not JSON. `end` is ours, never data."""
    print(_shown(text), end=end, flush=flush)


def narrate(text: str = "", *, end: str = "\n") -> None:
    """Say something that is not data: the only way to stderr."""
    print(_shown(text), end=end, file=sys.stderr, flush=True)


def _shown(text: str) -> str:
    # What the longest stand-in takes for one character: nothing is ever cut here.
    return display_text(text, limit=10 * len(text) + 1, multiline=True)


def safe(value: object, limit: int = 300) -> str:
    """Return a value as safe text on one line; `-` for nothing."""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    return display_text(value, limit=limit) or "-"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, indent: str = "") -> None:
    """Print rows under a head, aligned; numbers to the right."""
    cells = [[safe(value) for value in row] for row in rows]
    last = len(head) - 1
    widths = [max(cell_width(line[column]) for line in [list(head), *cells]) for column in range(len(head))]
    # Ids stand first and are there to be copied: they are never cut.
    widths[1:] = [min(CELL, width) for width in widths[1:]]
    for line in [list(head), *cells]:
        parts = [text if at == last else fit(text, widths[at]) for at, text in enumerate(line)]
        say((indent + "  ".join(parts)).rstrip())


def pairs(items: Iterable[tuple[str, object]], *, indent: str = "") -> None:
    """Print label and value, one pair per line, aligned. Line breaks in a value stay inside its column."""
    shown = [(safe(label), value) for label, value in items]
    width = min(CELL, max((cell_width(label) for label, _ in shown), default=0))
    for label, value in shown:
        lines = block(value)
        say(f"{indent}{fit(label, width)}  {lines[0]}".rstrip())
        for line in lines[1:]:
            say(f"{indent}{' ' * width}  {line}".rstrip())


def block(value: object, limit: int = 4000) -> list[str]:
    """Return a value as safe lines; at least one."""
    if isinstance(value, datetime):
        return [safe(value)]
    return (display_text(value, limit=limit, multiline=True) or "-").split("\n")


def short(value: object, cells: int) -> str:
    """Return a value as safe text of at most so many terminal cells."""
    return clip(safe(value), cells)


def count(number: int, one: str, many: str | None = None) -> str:
    """Return `1 job`, `3 jobs`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
