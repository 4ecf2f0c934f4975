"""Rows: open, mark."""

from __future__ import annotations

from unstick.tui.actions.model import LISTS, TABLES, VARIANT, VARIANTS, Action
from unstick.tui.availability import needs_row

ROWS_ACTIONS: tuple[Action, ...] = (
    Action("rows.open", ("enter",), "open", "Open the row", LISTS, 9, needs_row),
    Action("rows.mark", ("space",), "mark", "Mark or unmark the row", TABLES, 2, needs_row),
    Action(
        "rows.range", ("v",), "range", "Mark from here to where it is pressed again", TABLES, 0, needs_row
    ),
    Action("rows.all", ("*",), "mark all", "Mark all rows that are loaded; again: the rest too", TABLES, 15),
    Action("rows.none", ("U",), "unmark", "Remove every mark", TABLES),
    Action("rows.job", ("J",), "its job", "Open the job of the variant", (VARIANTS, VARIANT), 10, needs_row),
)
