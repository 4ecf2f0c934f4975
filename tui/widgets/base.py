"""What all painted widgets share: the palette, and repainting of single lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from unstick.tui.palette import Palette

if TYPE_CHECKING:
    from unstick.tui.console import ConsoleApp


class Painted(Widget):
    """A widget that paints its lines itself and repaints only those that changed."""

    can_focus = False
    ALLOW_SELECT = False

    @property
    def palette(self) -> Palette:
        """The styles of the app's theme."""
        return cast("ConsoleApp", self.app).palette

    def repaint(self, y: int, start: int = 0, end: int | None = None) -> None:
        """Repaint one line, or the cells from `start` to `end` of it."""
        width = self.size.width
        stop = width if end is None else end
        if 0 <= y < self.size.height and stop > start:
            self.refresh(Region(start, y, stop - start, 1))


def difference(old: Strip | None, new: Strip) -> tuple[int, int] | None:
    """Return the cells by which two strips of equal width differ, or None when they are equal.

    Only single-width text is compared cell by cell; anything else counts as changed as a whole.
    """
    if old is None or old.cell_length != new.cell_length:
        return 0, new.cell_length
    before, after = _cells(old), _cells(new)
    if before is None or after is None:
        return None if list(old) == list(new) else (0, new.cell_length)
    changed = [index for index, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    return (changed[0], changed[-1] + 1) if changed else None


def _cells(strip: Strip) -> list[tuple[str, object]] | None:
    if not strip.text.isascii():
        return None
    return [(char, segment.style) for segment in strip for char in segment.text]
