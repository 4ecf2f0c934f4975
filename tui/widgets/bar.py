"""One line of parts that leave in a fixed order when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual.events import Resize
from textual.strip import Strip

from unstick.recovery.display import cell_width, clip, display_text, wrap
from unstick.tui.paint import Line, Span, paint, width_of
from unstick.tui.widgets.base import Painted

NARROW = 60
"""Columns below which a bar that may be tall takes another line rather than let a part go."""


LEAST = 12
"""Cells at the end of a line that are worth beginning a sentence in."""


class Part(NamedTuple):
    """A part of a bar. The highest `drop` leaves first, 0 never. `right` parts stand at the right end."""

    text: str
    style: str = "bar"
    drop: int = 0
    right: bool = False


def arrange(parts: Sequence[Part], width: int, *, gap: str = "  ", ground: str = "bar") -> Line:
    """Return the parts that fit. If need be the longest part is cut, but never a [TAG]."""
    kept = _kept(parts, lambda left: _taken(left, gap) <= width)
    if _taken(kept, gap) > width:
        gap = " "
    excess = _taken(kept, gap) - width
    cuttable = [index for index, part in enumerate(kept) if not part.text.startswith("[")]
    if excess > 0 and cuttable:
        longest = max(cuttable, key=lambda index: cell_width(kept[index].text))
        part = kept[longest]
        kept[longest] = part._replace(text=clip(part.text, max(cell_width(part.text) - excess, 4)))
    left = _join([part for part in kept if not part.right], gap, ground)
    right = _join([part for part in kept if part.right], gap, ground)
    space = width - width_of(left) - width_of(right)
    return (*left, Span(" " * max(space, 0), ground), *right)


def flow(parts: Sequence[Part], width: int, most: int, *, gap: str = "  ", ground: str = "bar") -> list[Line]:
    """Return the parts in up to `most` lines, one after the other.

    On a terminal that isn't narrow parts leave rather than take a second line; a sentence that is too long
    takes it anywhere.
    """
    kept = _kept(parts, lambda left: len(_flown(left, width, gap)) <= (most if width < NARROW else 1))
    if len(_flown(kept, width, gap)) <= 1 or most <= 1:
        return [arrange(kept, width, gap=gap, ground=ground)]
    lines = _flown(kept, width, gap)
    if len(lines) > most:
        cut = " ".join(part.text for part in lines[most - 1])
        rest = " ".join(part.text for line in lines[most:] for part in line)
        lines = [*lines[: most - 1], [lines[most - 1][0]._replace(text=clip(f"{cut} {rest}", width))]]
    return [_join(line, gap, ground) for line in lines]


def _kept(parts: Sequence[Part], fits: Callable[[Sequence[Part]], bool]) -> list[Part]:
    """Return the parts without those that have to leave."""
    kept = [Part(display_text(part.text), *part[1:]) for part in parts if part.text]
    while kept and not fits(kept) and max(part.drop for part in kept) > 0:
        worst = max(range(len(kept)), key=lambda index: (kept[index].drop, index))
        del kept[worst]
    return kept


def _flown(parts: Sequence[Part], width: int, gap: str) -> list[list[Part]]:
    """Put parts into lines; a part that is longer than a line is broken at its spaces."""
    lines: list[list[Part]] = []
    for part in parts:
        if lines and _taken([*lines[-1], part], gap) <= width:
            lines[-1].append(part)
            continue
        pieces = wrap(part.text, max(width, 1))
        filled = _filling(part.text, lines[-1], width, gap) if lines else []
        if filled and len(filled) <= len(pieces):
            lines[-1].append(part._replace(text=filled[0]))
            pieces = filled[1:]
        lines.extend([part._replace(text=piece)] for piece in pieces)
    return lines


def _filling(text: str, line: Sequence[Part], width: int, gap: str) -> list[str]:
    """Return a text in pieces, the first of which stands behind what a line has already; none if that can't
    be."""
    room = width - _taken(line, gap) - len(gap)
    first = wrap(text, room)[0].rstrip() if room >= LEAST else ""
    if not first or text[len(first) : len(first) + 1] != " ":
        return []
    return [first, *wrap(text[len(first) :].strip(), width)]


def _taken(parts: Sequence[Part], gap: str) -> int:
    return sum(cell_width(part.text) for part in parts) + len(gap) * max(len(parts) - 1, 0)


def _join(parts: Sequence[Part], gap: str, ground: str) -> Line:
    spans: list[Span] = []
    for part in parts:
        if spans:
            spans.append(Span(gap, ground))
        spans.append(Span(part.text, part.style))
    return tuple(spans)


class Bar(Painted):
    """A line of parts; showing the same parts again writes nothing."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, *, ground: str = "text", gap: str = "  ", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ground, self._gap = ground, gap
        self.parts: tuple[Part, ...] = ()

    def show(self, parts: Sequence[Part]) -> None:
        """Show these parts."""
        if tuple(parts) != self.parts:
            self.parts = tuple(parts)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint the line."""
        width = self.size.width
        line = arrange(self.parts, width, gap=self._gap, ground=self._ground)
        return paint(line, width, self.palette)

    @property
    def text(self) -> str:
        """What the line says, for tests and screen readers."""
        return "".join(span.text for span in arrange(self.parts, self.size.width, gap=self._gap)).rstrip()


class TallBar(Bar):
    """A bar that takes up to three lines where one can't say it: what to do next is never cut away."""

    MOST = 3

    def __init__(self, *, ground: str = "text", gap: str = "  ", id: str | None = None) -> None:  # noqa: A002
        super().__init__(ground=ground, gap=gap, id=id)
        self._lines: list[Line] = []

    def show(self, parts: Sequence[Part]) -> None:
        """Show these parts."""
        if tuple(parts) != self.parts:
            super().show(parts)
            self._lay_out(self.size.width or self.screen.size.width)

    def _lay_out(self, width: int) -> None:
        most = min(max(self.screen.size.height // 4, 1), self.MOST)
        self._lines = flow(self.parts, width, most, gap=self._gap, ground=self._ground)
        lines = max(len(self._lines), 1)
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Flow again."""
        self._lay_out(event.size.width)

    def render_line(self, y: int) -> Strip:
        """Paint one of the lines."""
        line = self._lines[y] if y < len(self._lines) else ()
        return paint(line, self.size.width, self.palette)

    @property
    def text(self) -> str:
        """What it says, for tests and screen readers."""
        return " ".join("".join(span.text for span in line).rstrip() for line in self._lines)
