"""Textual's own table, of as many rows as the first argument says; `c` changes one cell, `m` thirty."""

import os
import sys

os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")

from textual.app import App, ComposeResult
from textual.coordinate import Coordinate
from textual.widgets import DataTable

COLUMNS = ("state", "id", "kind", "step", "try", "run", "idle", "created", "started", "why")


class Rows(App[None]):
    """A table."""

    BINDINGS = [("c", "change(1)", "One"), ("m", "change(30)", "Thirty")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill it."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        for number in range(int(sys.argv[1])):
            table.add_row("done", str(number), "send_receipt", "3/4", "1/3", "31m", "14m", "now", "now", "-")
        self.changes = 0

    def on_ready(self) -> None:
        """Tell that all rows are there."""
        self.query_one(DataTable).border_title = "ready"
        self.title = "ready"

    def action_change(self, rows: int) -> None:
        """Change a cell of so many rows in view."""
        table = self.query_one(DataTable)
        self.changes += 1
        for row in range(rows):
            table.update_cell_at(Coordinate(row + 2, 9), f"change {self.changes}")


if __name__ == "__main__":
    Rows().run(mouse=False)
