"""How a state looks: a glyph and a word, never a colour alone. ASCII, so that every terminal shows it."""

from __future__ import annotations

from unstick.recovery.model import Job, State, Variant
from unstick.recovery.outcome import Outcome
from unstick.tui.paint import Span

GLYPHS = {
    State.PENDING: ".",
    State.RUNNING: "~",
    State.DONE: "+",
    State.FAILED: "x",
    State.CANCELLED: "-",
    State.OTHER: "?",
}
STUCK = "!"

_OUTCOMES = {
    Outcome.APPLIED: ("+", "done"),
    Outcome.DRIFTED: ("=", "warning"),
    Outcome.MISSING: ("-", "dim"),
    Outcome.BUSY: ("~", "warning"),
    Outcome.FAILED: ("x", "failed"),
}


def state_span(item: Job | Variant) -> Span:
    """Return glyph and word of a job's or variant's state; a stuck one says so, whatever its status is."""
    if item.verdict is not None:
        return Span(f"{STUCK} stuck", "stuck")
    word = (item.status or "other") if item.state is State.OTHER else item.state.value
    return Span(f"{GLYPHS[item.state]} {word}", item.state.value)


def wants_person(item: Job | Variant) -> bool:
    """Whether only a person can help: it is stuck or failed, and the retry limit is reached."""
    return item.needs_person and (item.verdict is not None or item.state is State.FAILED)


def outcome_span(outcome: str) -> Span:
    """Return glyph and word of what became of a row."""
    try:
        glyph, style = _OUTCOMES[Outcome(outcome)]
    except ValueError:
        return Span(f"? {outcome}", "other")
    return Span(f"{glyph} {outcome}", style)
