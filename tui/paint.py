"""Spans -> strips: the only place where text becomes something that Textual writes to the terminal.

Every span passes the gate again here (it costs next to nothing for clean text), so no widget can forget it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from unstick.recovery.display import TEXT_LIMIT, cell_width, clip, display_text
from unstick.tui.palette import Palette


class Span(NamedTuple):
    """A piece of a line and the name of its style."""

    text: str
    style: str = "text"


Line = tuple[Span, ...]
"""One line of a screen."""

BLANK: Line = ()


def line(*parts: Span | str) -> Line:
    """Make a line; a bare string is plain text."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def paint(spans: Iterable[Span], width: int, palette: Palette, *, over: str | None = None) -> Strip:
    """Return the spans as a strip of exactly `width` cells.

    `over` paints the whole line in one style (the cursor). Neighbours of equal style become one segment,
    which saves a colour code each on the line.
    """
    merged: list[list[str]] = []
    left = width
    for raw, style in spans:
        if left <= 0:
            break
        text = clip(display_text(raw, limit=TEXT_LIMIT), left)
        if palette.plain and not text.isascii():
            text = plain_text(text)
        left -= cell_width(text)
        if text:
            _add(merged, text, over or style)
    if left > 0:
        _add(merged, " " * left, over or (merged[-1][1] if merged and _is_bar(merged[-1][1]) else "text"))
    return Strip([Segment(text, palette[style]) for text, style in merged], max(width, 0))


def plain_text(text: str) -> str:
    """Return text as ASCII that takes the same cells: letters lose their accents, anything else is a `?`."""
    plain = []
    for char in text:
        base, cells = unicodedata.normalize("NFKD", char)[0], cell_width(char)
        plain.append(base if base.isascii() and cells == 1 else "?" * cells)
    return "".join(plain)


def _add(merged: list[list[str]], text: str, style: str) -> None:
    if merged and merged[-1][1] == style:
        merged[-1][0] += text
    else:
        merged.append([text, style])


def _is_bar(style: str) -> bool:
    return style.startswith("bar")


def width_of(spans: Sequence[Span]) -> int:
    """Return how many cells the spans take."""
    return sum(cell_width(display_text(span.text, limit=TEXT_LIMIT)) for span in spans)
