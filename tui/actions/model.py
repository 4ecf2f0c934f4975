"""What an action is, and the names of the screens that have actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unstick.tui.availability import Facts, Reason

JOBS, JOB, PLAN, OPERATIONS, OPERATION, HELP = "jobs", "job", "plan", "operations", "operation", "help"
VARIANTS, VARIANT = "variants", "variant"
CHOICE, KILL, TEXT = "actions", "kill", "text"
COLUMNS = "columns"
ARM = "arm"
WELCOME = "welcome"
RETRIES, SWEEP = "retries", "sweep"
PALETTE = "palette"
SOURCES, EVERYWHERE = "sources", "everywhere"
SCREENS = (
    *(JOBS, JOB, VARIANTS, VARIANT, CHOICE, PLAN, OPERATIONS, OPERATION, KILL, TEXT, COLUMNS, WELCOME, HELP),
    *(RETRIES, SWEEP, ARM, PALETTE, SOURCES, EVERYWHERE),
)
TABLES = (JOBS, VARIANTS)
"""The live tables."""
LIVE = (JOBS, JOB, VARIANTS, VARIANT)
"""What shows jobs or variants that can be acted on."""
LISTS = (JOBS, JOB, VARIANTS, OPERATIONS, CHOICE, RETRIES, SWEEP, EVERYWHERE)
"""What has rows that can be opened."""
DIALOGS = (PLAN, ARM, KILL, CHOICE, COLUMNS, HELP)
"""What is about one question: from there nothing else is opened."""
QUESTIONS = (PLAN, ARM, KILL, CHOICE, COLUMNS, WELCOME)
"""What waits for an answer: there is no `:` line and no palette, and nothing leads away from below them."""
COMMANDED = tuple(screen for screen in SCREENS if screen not in (*QUESTIONS, PALETTE))
"""What has the `:` line and the palette."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `when` gives the reason why it can't be done now, `hint` its place in the hint line.

    `quiet` keeps it out of the hint line while it can't be done. `initiates` marks keys that open a plan that
    can change rows, or ask about such changes; `confirms` is the key that says yes. `demo` actions are only
    told of in the demo.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    screens: tuple[str, ...] = SCREENS
    hint: int = 0
    when: Callable[[Facts], Reason] = lambda facts: None
    quiet: bool = False
    initiates: bool = False
    confirms: bool = False
    demo: bool = False
