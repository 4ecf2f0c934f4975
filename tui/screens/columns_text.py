"""The columns of a live table as lines: shown or hidden, by whom, and why one isn't on the screen."""

from __future__ import annotations

from typing import Any

from unstick.recovery.display import fit
from unstick.tui.column_choice import KEPT, WHY_ID
from unstick.tui.columns import Column, Layout
from unstick.tui.key_words import key
from unstick.tui.paint import Line, Span

NAME, HOW = 9, 10

WHAT = {
    "state": "what state it is in",
    "id": "what it is known by",
    "job": "the job that it belongs to",
    "kind": "what kind or name it has",
    "status": "the system's own word for its state",
    "step": "how far it is",
    "variants": "how many of its variants are done",
    "priority": "which comes first",
    "tries": "attempts made, and how many are allowed",
    "created": "when it was created",
    "running": "how long ago it was started",
    "idle": "how long ago it gave a sign of life",
    WHY_ID: "why it needs a look",
}


class ColumnRows:
    """The columns for the table widget; the reason comes last, as on the table itself."""

    def __init__(self, layout: Layout[Any]) -> None:
        self._layout = layout

    def names(self) -> list[str]:
        """Return what the lines are known by, in order."""
        return [*(column.id for column in self._layout.arranged()), WHY_ID]

    def column(self, name: str) -> Column[Any] | None:
        """Return the column of a line; the reason is none."""
        return next((each for each in self._layout.known if each.id == name), None)

    def resize(self, width: int) -> None:
        """Every line is cut at the right; nothing to lay out."""

    def header(self) -> Line:
        """Return the heading line."""
        return (Span(f"       {fit('COLUMN', NAME)} {fit('SHOWN', HOW)} WHAT IT TELLS", "heading"),)

    def row(self, key: str) -> Line:
        """Return a column's line: box, title, who decides, what it tells, and what is to be said of it."""
        column = self.column(key)
        title, shown = ("WHY", True) if column is None else (column.title, self._layout.is_wanted(column))
        said = self.remark(column)
        return (
            Span(f"[{'x' if shown else ' '}] {fit(title, NAME)} ", "key" if shown else "dim"),
            Span(fit(self.decided(key), HOW) + " ", "text" if shown else "dim"),
            *((Span(f"{said}  ", "warning"),) if said else ()),
            Span(WHAT.get(key, ""), "dim"),
        )

    def decided(self, name: str) -> str:
        """Return who decides whether a column is shown."""
        if name in KEPT or name == WHY_ID:
            return "always"
        choice = self._layout.choice
        return "shown" if name in choice.shown else "hidden" if name in choice.hidden else "automatic"

    def remark(self, column: Column[Any] | None) -> str:
        """Return why a column is empty or not on the screen, where that needs to be said."""
        layout = self._layout
        if column is None:
            return ""
        if column.optional and column.id not in layout.seen:
            return "no values seen"
        if layout.is_wanted(column):
            return "" if layout.has_room(column) else "no room"
        wide = column.wide and column.id not in layout.choice.hidden
        return f"{key('view.wide')} shows it" if wide else ""

    def empty(self) -> str:
        """There always are columns."""
        return "there are no columns"

    def tail(self) -> str:
        """There is nothing after the last column."""
        return ""
