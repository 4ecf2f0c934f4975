"""All columns of a live table, to be shown, hidden and moved. What is changed holds at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from unstick.recovery.display import display_text
from unstick.tui.actions.model import COLUMNS
from unstick.tui.availability import Facts
from unstick.tui.column_choice import AUTOMATIC, WHY_KEPT, ColumnChoice
from unstick.tui.columns import Layout
from unstick.tui.keys import bindings
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.columns_text import ColumnRows
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Bar, Part
from unstick.tui.widgets.table import Table


class ColumnsScreen(ConsoleScreen):
    """Bound to the layout of one table; `choose` applies a choice to it."""

    SCOPE = COLUMNS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(COLUMNS))

    def __init__(
        self, session: Session, layout: Layout[Any], choose: Callable[[ColumnChoice], None], called: str
    ) -> None:
        super().__init__(session)
        self._layout, self._choose, self._called = layout, choose, called
        self.rows = ColumnRows(layout)
        self.table = Table(self.rows)
        self.preview = Bar()

    def body(self) -> Iterable[Widget]:
        """The columns, and below them the heading as it will be."""
        yield self.table
        yield self.preview

    def scroller(self) -> Table:
        """The columns."""
        return self.table

    def facts(self) -> Facts:
        """The column under the cursor."""
        return Facts(self.session.capabilities, COLUMNS, row=self.table.cursor)

    def title_parts(self) -> list[Part]:
        """Of which table, and for which source it is kept."""
        return [
            Part(f"Columns of {display_text(self._called, limit=20)}", "title"),
            Part(f"kept for {display_text(self.session.source.name, limit=40)}", "dim", 1, right=True),
        ]

    def on_mount(self) -> None:
        """List the columns."""
        super().on_mount()
        self._list()

    def tell(self) -> None:
        """Bring every line up to date."""
        super().tell()
        titles = [column.title for column, _ in self._layout.columns]
        self.preview.show([Part(" ".join([*titles, "WHY"]), "heading")])

    def _list(self) -> None:
        names = self.rows.names()
        self.table.show(names, names)
        self.tell()

    def _apply(self, choice: ColumnChoice) -> None:
        self._choose(choice)
        self._list()

    def do_columns_toggle(self) -> None:
        """Show or hide the column; some are always there."""
        name, layout = self.table.cursor or "", self._layout
        if name in WHY_KEPT:
            self.say(WHY_KEPT[name])
            return
        column = self.rows.column(name)
        if column is not None:
            wanted = layout.is_wanted(column)
            self._apply(layout.choice.hiding(name) if wanted else layout.choice.showing(name))

    def do_columns_right(self) -> None:
        """Move the column to the right."""
        self._move(1)

    def do_columns_left(self) -> None:
        """Move the column to the left."""
        self._move(-1)

    def _move(self, step: int) -> None:
        column = self.rows.column(self.table.cursor or "")
        if column is None:
            self.say("WHY always stands at the end of the line")
            return
        before = self._layout.choice
        self._apply(before.moving(column.id, step, self._layout.names))
        # The line moves, and the cursor with it.
        self.table.move_to(column.id)

    def do_columns_reset(self) -> None:
        """Choose nothing any more."""
        self._apply(AUTOMATIC)
        self.say("columns and their order are automatic again")

    def do_columns_done(self) -> None:
        """Go back to the table."""
        self.leave()
