"""One operation of the journal with its rows, before and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text, fit
from unstick.recovery.model import Image
from unstick.recovery.outcome import Operation, OperationRow
from unstick.tui.actions import OPERATION
from unstick.tui.keys import bindings
from unstick.tui.paint import Line, Span
from unstick.tui.screens.acting import ActingScreen
from unstick.tui.screens.operations import counts_text
from unstick.tui.screens.plan_text import Lines
from unstick.tui.session import Session, sentence
from unstick.tui.states import outcome_span
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane


class OperationScreen(ActingScreen):
    """Read once: the journal of a finished operation doesn't change, except by an undo."""

    SCOPE = OPERATION
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(OPERATION))

    def __init__(self, session: Session, operation: str) -> None:
        super().__init__(session)
        self.operation_id = operation
        self.operation: Operation | None = None
        self.pane = Pane()

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.pane

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def title_parts(self) -> list[Part]:
        """Which operation, and how it stands."""
        status = self.operation.status if self.operation else ""
        return [
            Part(f"Operation {display_text(self.operation_id, limit=60)}", "title"),
            Part(status, "accent"),
        ]

    def on_screen_resume(self) -> None:
        """Read it, also after an undo."""
        super().on_screen_resume()
        self.run_worker(self._read(), name="operation", group="operation", exclusive=True)

    async def _read(self) -> None:
        try:
            self.operation = await self.session.call(
                lambda: self.session.backend.operation(self.operation_id)
            )
        except Exception as error:
            self.pane.show([(Span(f"  {sentence(error)}", "failed"),)])
            return
        self._show_lines()
        self.tell()

    def on_resize(self, event: Resize) -> None:
        """Lay out again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    def _show_lines(self) -> None:
        if self.operation is not None:
            lines = operation_lines(self.operation)
            self.pane.show(lines, lines.sections)

    def do_act_undo(self) -> None:
        """Plan the undo of this operation."""
        self.open_undo(self.operation_id)

    def do_view_wrap(self) -> None:
        """Nothing here is wrapped."""

    def do_copy_id(self) -> None:
        """Copy the operation's id."""
        self.copy(self.operation_id, f"operation {self.operation_id}")


def operation_lines(operation: Operation) -> Lines:
    """Return everything the journal has of an operation."""
    lines = Lines()
    finished = (
        operation.finished_at.strftime("%Y-%m-%d %H:%M:%S") if operation.finished_at else "not finished"
    )
    facts = (
        ("action", operation.action),
        ("who", operation.operator or "-"),
        ("why", operation.reason or "no reason was given"),
        ("started", operation.started_at.strftime("%Y-%m-%d %H:%M:%S")),
        ("finished", finished),
        ("planned", f"{operation.planned:,} rows, plan {operation.plan_id}"),
        ("outcome", counts_text(operation)),
        ("undone", f"{operation.undone:,} rows" if operation.undone else ""),
        ("undoes", f"operation {operation.undoes}" if operation.undoes else ""),
        ("unknown", f"{operation.unresolved:,} rows" if operation.unresolved else ""),
    )
    lines.add(
        [(Span(f"  {fit(label, 10)}", "dim"), Span(display_text(value))) for label, value in facts if value]
    )
    lines.heading(f"Rows: {len(operation.rows):,}")
    lines.lazy(len(operation.rows), lambda index: _row(operation.rows[index]))
    return lines


def _row(row: OperationRow) -> Line:
    outcome = outcome_span(row.outcome)
    name = display_text(f"{row.job} / {row.variant}" if row.variant else row.job, limit=60)
    undone = f"  undone by {display_text(row.undone_by)}" if row.undone_by else ""
    return (
        Span(f"  {fit(name, 16)}  ", "title"),
        Span(f"{display_text(outcome.text)}  ", outcome.style),
        Span(f"{_moved(row.before, row.after)}  {display_text(row.detail)}{undone}"),
    )


def _moved(before: Image | None, after: Image | None) -> str:
    if not before or not after:
        return "" if not before and not after else "deleted" if before else "inserted"
    moved = (f"{name}: {display_text(before.get(name), limit=60) or 'null'} -> "
             f"{display_text(value, limit=60) or 'null'}"
             for name, value in after.items() if before.get(name) != value)  # fmt: skip
    return "; ".join(moved)
