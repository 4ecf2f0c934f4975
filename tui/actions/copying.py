"""Copying."""

from __future__ import annotations

from unstick.tui.actions.model import LIVE, OPERATION, OPERATIONS, PLAN, RETRIES, SWEEP, TEXT, Action

COPY_ACTIONS: tuple[Action, ...] = (
    Action("copy.id", ("y",), "copy",
           "Copy the id (Plan: the SQL) to your terminal's clipboard; again: show it, to be selected",
           (*LIVE, PLAN, OPERATIONS, OPERATION, TEXT, RETRIES, SWEEP), 14),
    Action("copy.record", ("Y",), "copy JSON", "Copy the whole record as JSON; again: show it",
           (*LIVE, PLAN)),
)  # fmt: skip
