"""Moving about."""

from __future__ import annotations

from unstick.tui.actions.model import Action

MOVES_ACTIONS: tuple[Action, ...] = (
    Action("move.down", ("j", "down"), "down", "Next line"),
    Action("move.up", ("k", "up"), "up", "Previous line"),
    Action("move.page_down", ("ctrl+f", "pagedown"), "page", "Next page"),
    Action("move.page_up", ("ctrl+b", "pageup"), "page up", "Previous page"),
    Action("move.top", ("g", "home"), "top", "First line"),
    Action("move.end", ("G", "end"), "end", "Last line; of variants the last one that is loaded"),
)
