"""A table known by keys: it scrolls by itself, keeps finished strips, and repaints the lines that changed.

Not a ScrollView (each scroll would lay the screen out again) and not a DataTable (one changed cell repaints
everything, and the row under the cursor changes identity on sort).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from textual.events import Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from unstick.recovery.display import wrap
from unstick.tui.paint import BLANK, Line, Span, paint
from unstick.tui.widgets.base import Painted, difference

EMPTY_AT = 2
"""The line on which an empty table begins to say why."""


class Rows(Protocol):
    """Where a table's lines come from."""

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        ...

    def header(self) -> Line:
        """Return the heading line."""
        ...

    def row(self, key: str) -> Line:
        """Return one row's line; the first three cells belong to cursor and mark."""
        ...

    def empty(self) -> str:
        """Say why there are no rows."""
        ...

    def tail(self) -> str:
        """Say what follows after the last row; empty at the end."""
        ...


class Table(Painted):
    """Cursor and marks are keys, never positions."""

    DEFAULT_CSS = "Table { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """The cursor moved, or other rows came into view."""

    def __init__(self, rows: Rows, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows = rows
        self._keys: list[str] = []
        self._index: dict[str, int] = {}
        self._strips: dict[str, Strip] = {}
        # The cursor's row as it was painted last, only to compare with.
        self._lit: tuple[str, Strip] | None = None
        # What the lines of an empty table say on the screen.
        self._said: dict[int, str] = {}
        self.cursor: str | None = None
        self.marks: frozenset[str] = frozenset()
        self.top = 0

    @property
    def body_height(self) -> int:
        """Lines below the heading."""
        return max(self.size.height - 1, 1)

    @property
    def in_view(self) -> list[str]:
        """The keys of the rows on the screen."""
        return self._keys[self.top : self.top + self.body_height]

    @property
    def position(self) -> int:
        """Where the cursor's row is, or -1."""
        return self._index.get(self.cursor, -1) if self.cursor is not None else -1

    def show(self, keys: Sequence[str], changed: Collection[str] = ()) -> None:
        """Show these rows; `changed` are those whose values are new."""
        before, line = self._slice(), self.position - self.top
        if list(keys) != self._keys:
            self._keys = list(keys)
            self._index = {key: index for index, key in enumerate(self._keys)}
            self._strips = {key: strip for key, strip in self._strips.items() if key in self._index}
            self._settle(line)
        if not self._keys and not any(before):
            self.say_empty()
            return
        if len(before) != len(self._slice()) or not self._keys:
            self._drop(changed)
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._slice(), strict=True), start=1):
            if old != new:
                self._drop((new,))
                self.repaint(y)
            elif new is not None and new in changed:
                self._repaint_changed(y, new)
        self._drop(key for key in changed if key not in before)

    def say_empty(self) -> None:
        """Say why there are no rows, where that is not what is said already."""
        if self._keys:
            return
        for y in range(EMPTY_AT, self.size.height):
            if self._said.get(y, "") != self._why(y):
                self.repaint(y)

    def restyle(self) -> None:
        """Paint everything again: other columns, another theme."""
        self._strips.clear()
        self._rows.resize(self.size.width)
        self.refresh()

    def mark(self, marks: frozenset[str]) -> None:
        """Show these marks."""
        flipped, self.marks = self.marks ^ marks, marks
        for y, key in enumerate(self.in_view, start=1):
            if key in flipped:
                self.repaint(y, 0, None if key == self.cursor else 3)
                self._strips.pop(key, None)
        self._drop(flipped)

    def move_to(self, key: str | None) -> None:
        """Put the cursor on a row and scroll it into view; two lines are painted unless it scrolls."""
        old_y, old_top = self.position - self.top + 1, self.top
        self.cursor = key if key in self._index else None
        self._reveal()
        if self.top != old_top:
            self.refresh(Region(0, 1, self.size.width, self.body_height))
        else:
            self.repaint(old_y)
            self.repaint(self.position - self.top + 1)
        self.post_message(self.Moved())

    def move(self, how: str) -> None:
        """Move the cursor: down, up, page_down, page_up, top, end."""
        if not self._keys:
            return
        page, last = max(self.body_height - 1, 1), len(self._keys) - 1
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "top": -last - 1, "end": last + 1}
        self.move_to(self._keys[min(max(max(self.position, 0) + steps[how], 0), last)])

    def render_line(self, y: int) -> Strip:
        """Paint the heading or a row, from the cache where it has it."""
        width = self.size.width
        if y == 0:
            return paint(self._rows.header(), width, self.palette)
        index = self.top + y - 1
        if index < len(self._keys):
            return self._strip(self._keys[index])
        return paint(self._below(y), width, self.palette)

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new size."""
        self._rows.resize(event.size.width)
        self._strips.clear()
        self._reveal()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget strips of the old theme."""
        self._strips.clear()
        super().notify_style_update()

    def _slice(self) -> list[str | None]:
        keys: list[str | None] = list(self.in_view)
        return [*keys, *[None] * (self.body_height - len(keys))]

    def _drop(self, keys: Iterable[str | None]) -> None:
        for key in keys:
            if key is not None:
                self._strips.pop(key, None)

    def _settle(self, line: int) -> None:
        """Keep the cursor's row, and its line on the screen unless the list is shown from its top."""
        if self.cursor not in self._index:
            self.cursor = self._keys[0] if self._keys else None
            self.top = 0
        elif self.top > 0:
            self.top = self.position - line
        self._reveal()

    def _reveal(self) -> None:
        highest = max(len(self._keys) - self.body_height, 0)
        self.top = min(max(self.top, 0), highest)
        if self.position >= 0:
            self.top = min(max(self.top, self.position - self.body_height + 1), self.position)

    def _repaint_changed(self, y: int, key: str) -> None:
        old = self._strips.pop(key, None)
        if key == self.cursor:
            old = self._lit[1] if self._lit is not None and self._lit[0] == key else None
        where = difference(old, self._strip(key))
        if where is not None:
            self.repaint(y, *where)

    def _strip(self, key: str) -> Strip:
        at_cursor = key == self.cursor
        if not at_cursor and key in self._strips:
            return self._strips[key]
        gutter = Span(f"{'>' if at_cursor else ' '}{'*' if key in self.marks else ' '} ", "mark")
        strip = paint((gutter, *self._rows.row(key)), self.size.width, self.palette,
                      over="cursor" if at_cursor else None)  # fmt: skip
        if at_cursor:
            self._lit = key, strip
        else:
            self._strips[key] = strip
        return strip

    def _why(self, y: int) -> str:
        """What a line of an empty table says."""
        pieces = wrap(self._rows.empty(), max(self.size.width - 4, 10))
        return pieces[y - EMPTY_AT] if 0 <= y - EMPTY_AT < len(pieces) else ""

    def _below(self, y: int) -> Line:
        if not self._keys:
            words = self._said[y] = self._why(y)
            return (Span(f"   {words}", "dim"),) if words else BLANK
        if self.top + y - 1 == len(self._keys) and (tail := self._rows.tail()):
            return (Span(f"   {tail}", "dim"),)
        return BLANK
