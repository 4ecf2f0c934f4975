"""The console itself."""

from __future__ import annotations

from unstick.tui.actions.model import COMMANDED, HELP, PALETTE, SCREENS, Action
from unstick.tui.availability import may_suspend

APP_ACTIONS: tuple[Action, ...] = (
    Action("app.help", ("?",), "help", "All keys of this screen, and why some are not available",
           tuple(screen for screen in SCREENS if screen not in (HELP, PALETTE)), 20),
    Action("app.command", (":",), "command", "Type a command: names of actions, :source NAME, :filter EXPR",
           COMMANDED, 18),
    Action("app.palette", ("ctrl+p",), "palette", "Find an action, a source, a view or a theme by its words",
           COMMANDED),
    Action("app.back", ("escape",), "back", "Back; first lets go of range, result, filter", SCREENS, 19),
    Action("app.quit", ("q",), "quit", "Back, and at the first screen quit"),
    Action("app.interrupt", ("ctrl+c",), "quit", "Twice: quit from anywhere"),
    Action("app.suspend", ("ctrl+z",), "suspend", "Back to the shell for a while; fg returns",
           when=may_suspend),
    Action("app.redraw", ("ctrl+l",), "redraw", "Draw the screen again"),
)  # fmt: skip
