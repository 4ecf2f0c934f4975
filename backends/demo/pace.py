"""How the demo's time runs: the real systems wait for minutes, a newcomer for seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """One system's pace. Thresholds are seconds, by the names of the rules in its profile.

    ``shown`` are those of the console: longer than anything that a living worker, with a second between its
    rounds, takes. ``tour`` are those of the short tour, whose workers are quicker. ``actions`` bring a job
    back to work, one after the other. ``due`` is how many runs have to be made due before there is work.
    """

    shown: Mapping[str, float]
    tour: Mapping[str, float]
    actions: tuple[str, ...] = ("recover",)
    due: int = 0


PACES: Mapping[str, Pace] = {
    # The age of a job there is that of its start, so a threshold has to be longer than a whole job.
    "artitec": Pace({"stuck": 30.0}, {"stuck": 2.0}, ("recover", "retry")),
    "extraction": Pace({"stuck": 12.0}, {"stuck": 2.0}),
    "algoitny": Pace({"stuck": 12.0}, {"stuck": 2.0}, ("recover", "retry")),
    "feedlyai": Pace(
        {"lagging": 5.0, "stalled": 12.0, "abandoned": 12.0, "unheard": 12.0, "halted": 12.0},
        dict.fromkeys(("lagging", "stalled", "abandoned", "unheard", "halted"), 2.0),
    ),
    # All of its rules are about the same silence.
    "bg_jobs": Pace({"*": 12.0}, {"*": 2.0}, due=2),
}
"""By system, for those that the demo shows."""


def within(system: str) -> float:
    """Seconds within which a job of a killed worker counts as stuck in the console."""
    return max(PACES[system].shown.values())
