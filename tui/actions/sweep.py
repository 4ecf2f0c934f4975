"""The sweep: the way there, what it may do, and what it would recover as a plan."""

from __future__ import annotations

from dataclasses import replace

from unstick.tui.actions.model import ARM, SWEEP, TABLES, Action
from unstick.tui.availability import Facts, Reason, connected, offers


def would_recover(facts: Facts) -> Reason:
    """Whether a sweep would recover anything now."""
    return connected(facts) or (None if facts.marked else "a sweep would recover nothing now")


def may_recover(facts: Facts) -> Reason:
    """Whether that may be planned as a change."""
    return offers("recover")(replace(facts, marked=1)) or would_recover(facts)


def may_look(facts: Facts) -> Reason:
    """Whether a sweep may run here at all, and be it only to tell."""
    able = facts.capabilities
    if able is None:
        return connected(facts)
    if not able.schedule.enabled:
        return f"the sweep is switched off for this source: {able.schedule.enabled_by}"
    known = any(action.name == "recover" for action in able.actions)
    return None if known else f"{able.profile} has no action recover"


def may_arm(facts: Facts) -> Reason:
    """Whether the sweep may be armed; to arm it again lets go of its brake."""
    return may_look(facts) or offers("recover")(replace(facts, marked=1))


def may_arm_now(facts: Facts) -> Reason:
    """Whether it is known by now what that would mean."""
    return may_arm(facts) or (None if facts.looked else "it is not known yet what it would do")


def may_shadow(facts: Facts) -> Reason:
    """Whether the sweep may be made to only tell."""
    return may_look(facts) or ("it only tells already" if facts.sweep == "shadow" else None)


def may_switch_off(facts: Facts) -> Reason:
    """Whether there is anything to be switched off."""
    return None if facts.sweep in ("shadow", "armed") else "the sweep is off already"


def may_run_now(facts: Facts) -> Reason:
    """Whether a run may begin before it is due."""
    if facts.sweep not in ("shadow", "armed"):
        return "the sweep is off"
    return "a run is under way" if facts.sweeping else None


SWEEP_ACTIONS: tuple[Action, ...] = (
    Action("view.sweep", ("S",), "sweep", "The sweep: what it would recover now, by which rules; switch it",
           TABLES, 17),
    Action("sweep.arm", ("E",), "arm", "Ask whether the sweep may recover by itself; lets go of its brake",
           (SWEEP,), 1, may_arm, initiates=True),
    Action("sweep.shadow", ("s",), "shadow", "Let the sweep run and tell what it would do; changes nothing",
           (SWEEP,), 2, may_shadow),
    Action("sweep.off", ("o",), "off", "Switch the sweep off at once", (SWEEP,), 3, may_switch_off,
           quiet=True),
    Action("sweep.now", ("N",), "run now", "Begin the next run of the sweep now", (SWEEP,), 4, may_run_now,
           quiet=True, initiates=True),
    Action("sweep.dry_run", ("x",), "dry-run", "Show row by row what a sweep would do; changes nothing",
           (SWEEP,), 5, would_recover),
    Action("sweep.recover", ("R",), "recover", "Plan to recover all that a sweep would take", (SWEEP,), 6,
           may_recover, initiates=True),
    Action("arm.cancel", ("enter",), "cancel", "Leave the sweep as it is (focus is on Cancel)", (ARM,), 3),
    Action("arm.confirm", ("A",), "arm", "Arm the sweep: from now on it recovers by itself", (ARM,), 1,
           may_arm_now, confirms=True),
    Action("arm.reason", ("r",), "reason", "Say why, for the journal (required in prod)", (ARM,), 2),
)  # fmt: skip
