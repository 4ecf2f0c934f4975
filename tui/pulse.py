"""How a source is, in a glyph and a word: never by colour alone."""

from __future__ import annotations

from unstick.tui.paint import Span
from unstick.tui.session import Session


def pulse(session: Session, *, asked: bool = True, aged: bool = True) -> Span:
    """Return how a source is in a glyph and a word. `asked` says whether it is being asked at all, `aged`
    whether the age of its last answer is told, which changes by itself."""
    old = f" {session.old_for()}" if aged and session.good_at is not None else ""
    if session.problem is not None:
        return Span(f"~ slow{old}", "warning") if session.connected else Span(f"x down{old}", "failed")
    if session.slow:
        return Span(f"~ slow{old}", "warning")
    if session.good_at is None:
        return Span(". connecting" if asked else ". not asked", "dim")
    if session.is_old:
        return Span(f". old{old}", "dim")
    return Span("+ fresh", "done")
