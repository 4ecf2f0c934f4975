"""The journal: what was changed, by whom, why, and how it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from unstick.recovery.display import cell_width, display_text, fit
from unstick.recovery.outcome import Operation
from unstick.tui.actions.model import OPERATIONS
from unstick.tui.availability import Facts
from unstick.tui.emptiness import JOURNAL
from unstick.tui.feed import Feed
from unstick.tui.keys import bindings
from unstick.tui.paint import Line, Span
from unstick.tui.screens.acting import ActingScreen
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.table import Table

_STATUS_STYLES = {"finished": "done", "interrupted": "failed", "undone": "dim", "partly undone": "warning"}


def counts_text(operation: Operation) -> str:
    """Return `applied 3, drifted 1`."""
    counts = operation.counts.as_dict()
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    missing = operation.planned - operation.counts.total
    return (told or "nothing") + (f", not reached {missing:,}" if missing > 0 else "")


class OperationRows:
    """The journal's rows for the table widget."""

    def __init__(self) -> None:
        self.operations: Mapping[str, Operation] = {}
        self.why_empty = "reading ..."
        self._id_width = 9

    def resize(self, width: int) -> None:
        """Every line is cut at the right; nothing to lay out."""

    def take(self, operations: Iterable[Operation]) -> frozenset[str]:
        """Show these; returns the ids whose line changed."""
        fresh = {operation.id: operation for operation in operations}
        changed = frozenset(key for key, value in fresh.items() if self.operations.get(key) != value)
        self.operations = fresh
        self._id_width = min(max([9, *(cell_width(display_text(key)) for key in fresh)]), 20)
        self.why_empty = JOURNAL
        return changed

    def header(self) -> Line:
        """Return the heading line."""
        return (Span(f"   {fit('OPERATION', self._id_width)} {'WHEN':16} {'STATUS':13} {'ACTION':9} "
                     f"{'WHO':16} OUTCOME / REASON", "heading"),)  # fmt: skip

    def row(self, key: str) -> Line:
        """Return one operation's line."""
        each = self.operations[key]
        when = each.started_at.strftime("%Y-%m-%d %H:%M")
        reason = f'  "{display_text(each.reason)}"' if each.reason else ""
        undoes = f" of {display_text(each.undoes)}" if each.undoes else ""
        return (
            Span(f"{fit(display_text(each.id), self._id_width)} {when} "),
            Span(f"{each.status:13} ", _STATUS_STYLES.get(each.status, "text")),
            Span(f"{fit(display_text(each.action), 9)} {fit(display_text(each.operator) or '-', 16)} "),
            Span(f"{counts_text(each)}{undoes}"),
            Span(f"; hooks missing {each.hooks_due:,}" if each.hooks_due else "", "failed"),
            Span(reason),
        )

    def empty(self) -> str:
        """Say why there are no rows."""
        return self.why_empty

    def tail(self) -> str:
        """The journal's newest hundred are all that is shown."""
        return "... older ones: unstick operations" if len(self.operations) >= 100 else ""


class OperationsScreen(ActingScreen):
    """The newest operations; open one, undo it."""

    SCOPE = OPERATIONS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(OPERATIONS))

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.rows = OperationRows()
        self.table = Table(self.rows)
        self.feed: Feed[tuple[Operation, ...]] = Feed(self, session, self._read, self._show, self.tell)

    def body(self) -> Iterable[Widget]:
        """The table."""
        yield self.table

    def scroller(self) -> Table:
        """The table."""
        return self.table

    def facts(self) -> Facts:
        """Whether there is a row."""
        return Facts(self.session.capabilities, row=self.table.cursor)

    def title_parts(self) -> list[Part]:
        """What is listed, and where the journal is."""
        able = self.session.capabilities
        kept = {"database": "kept in the database", "local": "kept in a local file"}
        where = kept.get(able.journal, "") if able else ""
        return [
            Part("Operations", "title"),
            Part("newest first", "dim", 2),
            Part(where, "dim", 1, right=True),
        ]

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Read again."""
        super().on_screen_resume()
        self.feed.start()

    async def _read(self) -> tuple[Operation, ...]:
        return await self.session.backend.operations(limit=100)

    def _show(self, operations: tuple[Operation, ...]) -> None:
        changed = self.rows.take(operations)
        self.table.show(list(self.rows.operations), changed)
        if changed:
            self.table.repaint(0)

    def do_rows_open(self) -> None:
        """Open the operation under the cursor."""
        if self.table.cursor is not None:
            self.console.open_operation(self.table.cursor)

    def do_act_undo(self) -> None:
        """Plan the undo of the operation under the cursor."""
        if self.table.cursor is not None:
            self.open_undo(self.table.cursor)

    def do_copy_id(self) -> None:
        """Copy the operation's id."""
        if self.table.cursor is not None:
            self.copy(self.table.cursor, f"operation {self.table.cursor}")
