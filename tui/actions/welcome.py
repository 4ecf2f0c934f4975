"""The first screen where nothing is configured."""

from __future__ import annotations

from unstick.tui.actions.model import WELCOME, Action

WELCOME_ACTIONS: tuple[Action, ...] = (
    Action("welcome.demo", ("d",), "demo", "Five job systems with real workers; nothing to set up",
           (WELCOME,), 1),
    Action("welcome.url", ("u", "enter"), "database URL", "Open a database; its job system is recognised",
           (WELCOME,), 2),
    Action("welcome.init", ("i",), "init", "Write a database into the configuration, for every next time",
           (WELCOME,), 3),
)  # fmt: skip
