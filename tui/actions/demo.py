"""The demo: workers that can be killed."""

from __future__ import annotations

from unstick.tui.actions.model import JOBS, KILL, Action
from unstick.tui.availability import can_kill

DEMO_ACTIONS: tuple[Action, ...] = (
    Action("demo.kill", ("!",), "kill", "Kill this source's worker, to see its jobs get stuck (demo)",
           (JOBS,), 7, can_kill, quiet=True, initiates=True, demo=True),
    Action("demo.cancel", ("enter",), "cancel", "Leave the worker alive (focus is on Cancel)", (KILL,), 2,
           demo=True),
    Action("demo.confirm", ("K",), "kill", "Kill the worker", (KILL,), 1, can_kill, confirms=True, demo=True),
)  # fmt: skip
