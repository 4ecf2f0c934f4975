"""How a live table looks: its columns, the row beside it, saved views."""

from __future__ import annotations

from unstick.tui.actions.model import COLUMNS, TABLES, Action

TABLES_ACTIONS: tuple[Action, ...] = (
    Action("view.columns", ("C",), "columns", "Show, hide and move columns; kept for this source",
           TABLES, 18),
    Action("view.pane", ("b",), "beside", "Hide the row beside the table, or show it (wide terminals)",
           TABLES),
    Action("view.beside", ("tab",), "section", "Next section of the row beside the table", TABLES),
    Action("view.saved_1", ("6",), "view 1", "The first saved view", TABLES),
    Action("view.saved_2", ("7",), "view 2", "The second saved view", TABLES),
    Action("view.saved_3", ("8",), "view 3", "The third saved view", TABLES),
    Action("view.saved_4", ("9",), "view 4", "The fourth saved view", TABLES),
    Action("view.save", ("M",), "save view",
           "Save filter, view, order and columns under a name; or delete one", TABLES),
)  # fmt: skip

COLUMNS_ACTIONS: tuple[Action, ...] = (
    Action("columns.toggle", ("space",), "show/hide", "Show or hide the column", (COLUMNS,), 1),
    Action("columns.right", ("J", ">"), "right", "Move the column to the right", (COLUMNS,), 2),
    Action("columns.left", ("K", "<"), "left", "Move the column to the left", (COLUMNS,), 3),
    Action("columns.reset", ("r",), "automatic", "Columns and order as built in again", (COLUMNS,), 4),
    Action("columns.done", ("enter",), "done", "Back to the table", (COLUMNS,), 5),
)  # fmt: skip
