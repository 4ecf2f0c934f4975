"""The one registry of what a person can do: it feeds bindings, help, hint line and the reasons why not.

An action's id names its handler: `rows.mark` is `do_rows_mark` of the screen (or of the base screen).
"""

from __future__ import annotations

from unstick.tui.actions.acts import ACTS_ACTIONS, PLAN_ACTIONS
from unstick.tui.actions.app import APP_ACTIONS
from unstick.tui.actions.copying import COPY_ACTIONS
from unstick.tui.actions.demo import DEMO_ACTIONS
from unstick.tui.actions.model import SCREENS, Action
from unstick.tui.actions.moves import MOVES_ACTIONS
from unstick.tui.actions.palette import PALETTE_ACTIONS
from unstick.tui.actions.places import REFRESH_ACTIONS, SOURCES_ACTIONS
from unstick.tui.actions.retries import RETRIES_ACTIONS
from unstick.tui.actions.rows import ROWS_ACTIONS
from unstick.tui.actions.sweep import SWEEP_ACTIONS
from unstick.tui.actions.tables import COLUMNS_ACTIONS, TABLES_ACTIONS
from unstick.tui.actions.views import VIEWS_ACTIONS
from unstick.tui.actions.welcome import WELCOME_ACTIONS

ACTIONS: tuple[Action, ...] = (
    *MOVES_ACTIONS, *ROWS_ACTIONS, *ACTS_ACTIONS, *VIEWS_ACTIONS, *TABLES_ACTIONS, *RETRIES_ACTIONS,
    *SWEEP_ACTIONS, *SOURCES_ACTIONS, *REFRESH_ACTIONS, *PLAN_ACTIONS, *COLUMNS_ACTIONS, *DEMO_ACTIONS,
    *COPY_ACTIONS, *WELCOME_ACTIONS, *APP_ACTIONS, *PALETTE_ACTIONS,
)  # fmt: skip
"""Every action, in the order of the help screen."""


def of_screen(screen: str) -> tuple[Action, ...]:
    """Return the actions of one screen."""
    return tuple(action for action in ACTIONS if screen in action.screens)


__all__ = ["ACTIONS", "SCREENS", "Action", "of_screen"]
