"""A live table that looks as it was left: columns, order, view and pane are kept per source."""

from __future__ import annotations

from typing import Any, ClassVar

from unstick.recovery.query import SORTS
from unstick.tui.column_choice import AUTOMATIC, ColumnChoice, choice_from_json
from unstick.tui.screens.jobs_text import VIEWS
from unstick.tui.screens.live_table import LiveTable
from unstick.tui.window import K, R
from unstick.tui.working import Work

_BUILT_IN = {"sort": "stuck", "reverse": False, "wide": False, "view": "all", "pane": True}
"""What holds until somebody changes it; it is not written down."""


class KeptTable(LiveTable[K, R]):
    """`ORDERS` are the sort orders that the list has. A filter is not kept: one that was forgotten would hide
    what is stuck."""

    ORDERS: ClassVar[tuple[str, ...]] = SORTS

    _recalled = False

    def _start(self) -> None:
        if self._recalled:
            super()._start()
        else:
            Work(self, "recall", exclusive=True).begin(self._recall)

    async def _recall(self) -> None:
        """Look as the table was left, then ask the first question."""
        await self.console.recall()
        self._recalled = True
        self._look(
            {key: self.console.memory.value(*self.place, key) for key in (*_BUILT_IN, "columns")},
        )
        super()._start()

    @property
    def place(self) -> tuple[str, ...]:
        """Where in the memory this table stands."""
        return ("sources", self.session.source.name, self.SCOPE)

    def _look(self, kept: dict[str, Any]) -> None:
        """Take over what makes sense; a file may have been edited by hand."""
        sort, view = kept["sort"], kept["view"]
        self.view = view if isinstance(view, str) and view in VIEWS else "all"
        terms, stuck_only = VIEWS[self.view]
        layout = self.rows.layout
        layout.wide, layout.choice = kept["wide"] is True, choice_from_json(kept["columns"]) or AUTOMATIC
        self.with_pane = kept["pane"] is not False
        self.share()
        self.set_question(
            sort=sort if sort in self.ORDERS else "stuck",
            descending=kept["reverse"] is True,
            terms=terms,
            stuck_only=stuck_only,
        )
        self.table.restyle()
        self.tell()

    def ask(self, **changes: object) -> None:
        """Ask another question, and keep how it is ordered."""
        super().ask(**changes)
        self.keep_look()

    def look(self) -> dict[str, Any]:
        """Return what is kept."""
        layout, query = self.rows.layout, self.query_now
        return {
            "sort": query.sort,
            "reverse": query.descending,
            "wide": layout.wide,
            "view": self.view,
            "pane": self.with_pane,
            "columns": None if layout.choice.automatic else layout.choice.as_json(),
        }

    def keep_look(self) -> None:
        """Keep how the table looks by now."""
        if not self._recalled:
            return
        for key, value in self.look().items():
            known = self.console.memory.value(*self.place, key)
            if known is not None or value != _BUILT_IN.get(key):
                self.console.keep(*self.place, key, value=value)

    def choose_columns(self, choice: ColumnChoice) -> None:
        """Show other columns at once."""
        self.rows.layout.choose(choice)
        self.table.restyle()
        self.keep_look()

    def do_view_columns(self) -> None:
        """List all columns of this table, to be shown, hidden and moved."""
        self.console.open_columns(self.rows.layout, self.choose_columns, self.called)

    def do_view_wide(self) -> None:
        """Show more and wider columns, or fewer again."""
        layout = self.rows.layout
        layout.resize(layout.width, not layout.wide)
        self.table.restyle()
        self.keep_look()

    def do_view_pane(self) -> None:
        """Hide the row beside the table, or show it again."""
        self.with_pane = not self.with_pane
        self.share()
        self.keep_look()
        if not self.side.display and self.with_pane:
            self.say(self.too_narrow())

    def do_view_beside(self) -> None:
        """Next section of the row beside the table."""
        if self.side.display:
            self.side.next_section()
        else:
            self.say(self.too_narrow() if self.with_pane else "the row beside the table is hidden")
