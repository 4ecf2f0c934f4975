"""Copying."""

from __future__ import annotations

from unstick.tui.actions.model import LIVE, OPERATION, OPERATIONS, PLAN, Action

COPY_ACTIONS: tuple[Action, ...] = (
    Action("copy.id", ("y",), "copy", "Copy the id (Plan: the SQL) to the clipboard of your terminal",
           (*LIVE, PLAN, OPERATIONS, OPERATION), 14),
    Action("copy.record", ("Y",), "copy JSON", "Copy the whole record as JSON", (*LIVE, PLAN)),
)  # fmt: skip
