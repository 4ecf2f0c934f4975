"""The line that never leaves: which source this is, and how fresh what it shows."""

from __future__ import annotations

from unstick.recovery.display import CUT, display_text
from unstick.tui.palette import LABEL
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part

DATABASE = 28
"""Characters of the database's name in the header."""


def header_parts(session: Session, place: str = "") -> list[Part]:
    """Return the header. Source and tags never leave; they come first so that nothing pushes them out.

    `place` says which of several sources it is.
    """
    source, able = session.source, session.capabilities
    if not source.name:
        return [Part("unstick", "tag"), Part("no source yet", "bar.dim", 1, right=True)]
    style = label_style(session)
    parts = [Part(place, drop=2), Part(display_text(source.name), "tag" if source.environment else style)]
    if source.environment:
        label = display_text(source.environment.upper(), limit=12)
        parts.append(Part(f"[{label}]", style))
    if session.read_only:
        parts.append(Part("[READ-ONLY]", "tag"))
    if able is not None and able.problems:
        # What is wrong with the source for as long as it is open; the help screen has the sentences.
        parts.append(Part(f"[!{len(able.problems)}]", "prod", 2))
    if session.pace.paused:
        parts.append(Part("[PAUSED]", "prod", 1))
    if able is not None:
        parts.append(Part(f"{able.engine} {_tail(able.database)}", "bar.dim", 3))
        parts.append(Part(display_text(able.profile), "bar.dim", 4))
    state = session.freshness()
    parts.append(Part(state, "prod" if session.problem else "bar", 1, right=True))
    if not session.pace.paused:
        live = able is not None and able.notify
        pace = "live" if live else f"every {session.pace.interval_s:g}s"
        parts.append(Part(pace, "bar.dim", 5, right=True))
    parts.append(Part("unstick", "bar.dim", 6, right=True))
    return parts


def label_style(session: Session) -> str:
    """Return the style of a source's label: its own colour, else that of production, else a plain tag."""
    if session.source.colour:
        return f"{LABEL}{session.source.colour}"
    return "prod" if session.is_prod else "tag"


def _tail(database: str) -> str:
    """Return the end of a long name: of a path that is the part that tells."""
    name = display_text(database.rpartition("://")[2])
    return name if len(name) <= DATABASE else CUT + name[1 - DATABASE :]
