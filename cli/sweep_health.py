"""Whether a sweep does its work, for whoever has to start it anew or to wake somebody."""

from __future__ import annotations

from typing import Any

from unstick.cli.failures import mask
from unstick.cli.sweep_figures import FAILING, Board, Figures
from unstick.recovery.display import display_text
from unstick.recovery.durations import long_duration
from unstick.recovery.sweeping import told

LATE = 3
"""Intervals without a run after which a sweep counts as stopped."""


def health(board: Board) -> tuple[bool, dict[str, Any]]:
    """Return whether every source is swept, and what is to be told of each as JSON values."""
    with board.lock:
        now = board.clock()
        sources = {name: _source(figures, now) for name, figures in board.sources.items()}
    well = all(each["ok"] for each in sources.values())
    return well, {"status": "ok" if well else "failing", "sources": sources}


def _source(figures: Figures, now: float) -> dict[str, Any]:
    run, every = figures.last, figures.every_s()
    age = now - (figures.at if run is not None else figures.began)
    why = None
    if age >= LATE * every:
        since = "no run has ended" if run is None else "the last run ended"
        why = f"{since} {'for ' if run is None else ''}{long_duration(age)}{'' if run is None else ' ago'}"
    elif run is not None and run.decision in FAILING:
        why = display_text(mask(told(run)), limit=500)
    return {
        "ok": why is None,
        "why": why,
        "decision": run.decision.value if run is not None else None,
        "age_s": round(age, 1) if run is not None else None,
        "every_s": every,
    }
