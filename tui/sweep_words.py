"""How the sweep of a source is, in few words. Coarse on purpose: an idle console writes nothing."""

from __future__ import annotations

from unstick.recovery.sweep import Decision, Mode
from unstick.tui.session import Session
from unstick.tui.source_sweep import SourceSweep
from unstick.tui.widgets.bar import Part

NAMES = {Mode.OFF: "off", Mode.SHADOW: "shadow", Mode.ARMED: "ARMED"}


def due_text(seconds: float) -> str:
    """Return the time until the next run as `<1m`, `4m` or `3h`."""
    if seconds < 60:
        return "<1m"
    return f"{int(seconds // 60)}m" if seconds < 7200 else f"{int(seconds // 3600)}h"


def sweep_part(session: Session) -> Part | None:
    """Return `sweep shadow 4m`, `sweep ARMED 4m` or `sweep BRAKED` for a bar; None where it is off."""
    sweep = session.sweep
    if sweep is None or sweep.mode is Mode.OFF:
        return None
    # What changes rows by itself stays on the screen however narrow that is.
    drop = 0 if sweep.mode is Mode.ARMED else 3
    text, style = short_words(sweep)
    return Part(f"sweep {text}", style, drop, right=True)


def short_words(sweep: SourceSweep) -> tuple[str, str]:
    """Return what the sweep may do and how it goes, and a style."""
    name = NAMES[sweep.mode]
    if sweep.mode is Mode.OFF:
        return name, "dim"
    armed = sweep.mode is Mode.ARMED
    if armed and sweep.brake is not None:
        return "BRAKED", "failed"
    word = _goes(sweep)
    style = "failed" if word == "failing" else "warning" if armed else "dim"
    return f"{name} {word}".rstrip(), style


def _goes(sweep: SourceSweep) -> str:
    if sweep.running:
        return "runs"
    if sweep.held:
        return "waits"
    if sweep.problem is not None or (sweep.last is not None and sweep.last.decision is Decision.FAILED):
        return "failing"
    if sweep.leader is not None:
        return "follows"
    due = sweep.due_s
    return "" if due is None else due_text(due)
