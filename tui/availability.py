"""Why an action can or can't be done now: each condition returns None, or the reason in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unstick.recovery.model import Capabilities
from unstick.tui.key_words import key

Reason = str | None
READ_ONLY = "the source is read-only; open it with --write to change rows"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an action's availability depends on."""

    capabilities: Capabilities | None = None
    screen: str = ""
    row: str | None = None
    marked: int = 0
    sources: int = 1
    plan_ready: bool = False
    plan_rows: int = 0
    dry_run: bool = False
    applying: bool = False
    applied: bool = False
    variants: bool = False
    """Whether what is acted on are variants, not jobs."""
    hooks_due: int = 0
    demo: bool = False
    """Whether the console is the demo's, which has workers that can be killed."""
    worker: int | None = None
    sweep: str = ""
    """What the sweep of the source may do: `off`, `shadow`, `armed`."""
    sweeping: bool = False
    """Whether a run of it is under way."""
    looked: bool = False
    """Whether it is known what the sweep would do now."""


def needs_row(facts: Facts) -> Reason:
    return None if facts.row or facts.marked else "there is no row to act on"


def can_kill(facts: Facts) -> Reason:
    """Whether there is a worker to be killed: only the demo has any."""
    if not facts.demo:
        return "only the demo has workers that can be killed"
    return None if facts.worker else "no worker runs right now; a new one starts within seconds"


def several_sources(facts: Facts) -> Reason:
    return None if facts.sources > 1 else "there is only this source"


def connected(facts: Facts) -> Reason:
    return None if facts.capabilities else "not connected yet"


def offers(name: str) -> Callable[[Facts], Reason]:
    def when(facts: Facts) -> Reason:
        able = facts.capabilities
        if able is None:
            return connected(facts)
        action = next((action for action in able.actions if action.name == name), None)
        if action is None:
            return f"{able.profile} has no action {name}"
        if facts.variants and not action.for_variants:
            return f"{name} is for whole jobs; {able.variants_name or 'variants'} have no such action"
        if not facts.variants and not action.for_jobs:
            return f"{name} is for single {able.variants_name or 'variants'}, not for whole jobs"
        if able.read_only:
            return able.refusal.get(name, READ_ONLY)
        return able.refusal.get(name) or needs_row(facts)

    return when


def has_variants(facts: Facts) -> Reason:
    """Whether the system has variants at all."""
    if facts.capabilities is None:
        return connected(facts)
    return None if facts.capabilities.variants_name else "the jobs of this system have no variants"


def can_plan(facts: Facts) -> Reason:
    return connected(facts) or needs_row(facts)


def writable(facts: Facts) -> Reason:
    able = facts.capabilities
    if able is not None and able.read_only:
        return able.why_read_only(READ_ONLY)
    return connected(facts)


def can_undo(facts: Facts) -> Reason:
    return writable(facts) if facts.screen != "plan" or facts.applied else "this plan was not applied"


def can_call_hooks(facts: Facts) -> Reason:
    """Whether hooks of an operation can be called again."""
    if facts.applying:
        return "they are being called"
    return writable(facts) or (None if facts.hooks_due else "no hook of this operation failed or is missing")


def can_apply(facts: Facts) -> Reason:
    if facts.applied:
        return "this plan was applied already"
    if facts.applying:
        return "it is being applied"
    if not facts.plan_ready:
        return "the plan is not ready yet"
    if facts.dry_run:
        return f"this is a dry run; go back with {key('app.back')} and choose the action itself"
    return writable(facts) or (None if facts.plan_rows else "there is nothing to change")


def can_change_plan(facts: Facts) -> Reason:
    return "it is too late to change the plan" if facts.applying or facts.applied else None


def can_give_reason(facts: Facts) -> Reason:
    """Whether a reason would go anywhere."""
    return "a dry run is not journalled" if facts.dry_run else can_change_plan(facts)


def may_suspend(facts: Facts) -> Reason:
    """Whether the process may stand still: in the middle of a chunk it would hold locks."""
    return "a chunk is being applied" if facts.applying else None


def is_applying(facts: Facts) -> Reason:
    return None if facts.applying else "nothing is being applied"
