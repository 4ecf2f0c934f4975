"""The sweep: the way there, and what it would recover as a plan."""

from __future__ import annotations

from dataclasses import replace

from unstick.tui.actions.model import SWEEP, TABLES, Action
from unstick.tui.availability import Facts, Reason, connected, offers


def would_recover(facts: Facts) -> Reason:
    """Whether a sweep would recover anything now."""
    return connected(facts) or (None if facts.marked else "a sweep would recover nothing now")


def may_recover(facts: Facts) -> Reason:
    """Whether that may be planned as a change."""
    return offers("recover")(replace(facts, marked=1)) or would_recover(facts)


SWEEP_ACTIONS: tuple[Action, ...] = (
    Action("view.sweep", ("S",), "sweep", "The sweep: what it would recover now, and by which rules", TABLES,
           17),
    Action("sweep.dry_run", ("x",), "dry-run", "Show row by row what a sweep would do; changes nothing",
           (SWEEP,), 2, would_recover),
    Action("sweep.recover", ("R",), "recover", "Plan to recover all that a sweep would take", (SWEEP,), 3,
           may_recover, initiates=True),
)  # fmt: skip
