"""The last recoveries of the journal as rows: when, what came of them, who, why."""

from __future__ import annotations

from collections.abc import Iterable

from unstick.recovery.display import display_text
from unstick.recovery.outcome import Operation
from unstick.tui.columns import Column, Layout
from unstick.tui.paint import Line, Span
from unstick.tui.screens.operations import counts_text

_COLUMNS: tuple[Column[Operation], ...] = (
    Column("when", "WHEN", lambda each: Span(f"{each.started_at:%m-%d %H:%M}"), 11, 11),
    Column("outcome", "OUTCOME", lambda each: _outcome(each), 7, 24, 44),
    Column("who", "WHO", lambda each: Span(display_text(each.operator, limit=60) or "-"), 3, 14, 24, drop=3),
    Column("id", "OPERATION", lambda each: Span(display_text(each.id, limit=60), "dim"), 9, 14, 40, drop=2),
)


def _outcome(operation: Operation) -> Span:
    untold = f"; hooks missing {operation.hooks_due:,}" if operation.hooks_due else ""
    finished = operation.status == "finished"
    status = "" if finished else f"{operation.status}: "
    return Span(status + counts_text(operation) + untold, "text" if finished and not untold else "warning")


def _why(operation: Operation) -> Span:
    return Span(display_text(operation.reason) or "-", "text" if operation.reason else "dim")


class DecisionRows:
    """Recoveries for the table widget, the newest first."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.layout: Layout[Operation] = Layout(_COLUMNS, _why)

    def take(self, operations: Iterable[Operation]) -> list[str]:
        """Show these; returns their ids in order."""
        self.operations = {each.id: each for each in operations}
        self.layout.measure(self.operations.values())
        return list(self.operations)

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self.layout.resize(width, wide=False)

    def header(self) -> Line:
        """Return the heading line."""
        return self.layout.header()

    def row(self, key: str) -> Line:
        """Return one recovery's line."""
        return self.layout.row(self.operations[key])

    def empty(self) -> str:
        """Say why there are no rows."""
        return "the journal has no recovery yet"

    def tail(self) -> str:
        """There is nothing after the last one; the journal's own screen has all."""
        return ""
