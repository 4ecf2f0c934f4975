"""One line of parts that leave in a fixed order when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.strip import Strip

from unstick.recovery.display import cell_width, clip, display_text
from unstick.tui.paint import Line, Span, paint, width_of
from unstick.tui.widgets.base import Painted


class Part(NamedTuple):
    """A part of a bar. The highest `drop` leaves first, 0 never. `right` parts stand at the right end."""

    text: str
    style: str = "bar"
    drop: int = 0
    right: bool = False


def arrange(parts: Sequence[Part], width: int, *, gap: str = "  ", ground: str = "bar") -> Line:
    """Return the parts that fit. If need be the longest part is cut, but never a [TAG]."""
    kept = [Part(display_text(part.text), *part[1:]) for part in parts if part.text]
    while kept and _taken(kept, gap) > width and max(part.drop for part in kept) > 0:
        worst = max(range(len(kept)), key=lambda index: (kept[index].drop, index))
        del kept[worst]
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
