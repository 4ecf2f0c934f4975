"""Places to go: sources, and how often they are asked."""

from __future__ import annotations

from unstick.tui.actions.model import JOBS, LIVE, OPERATIONS, RETRIES, SWEEP, Action
from unstick.tui.availability import several_sources

SOURCES_ACTIONS: tuple[Action, ...] = (
    Action("source.next", ("]",), "source", "Next source; each keeps its marks, filter and order", (JOBS,), 7,
           several_sources, quiet=True),
    Action("source.previous", ("[",), "source back", "Previous source", (JOBS,), 0, several_sources),
)  # fmt: skip

REFRESH_ACTIONS: tuple[Action, ...] = (
    Action("refresh.now", ("ctrl+r",), "refresh", "Refresh now", (*LIVE, OPERATIONS, RETRIES, SWEEP)),
    Action("refresh.pause", ("p",), "pause", "Pause or resume refreshing", LIVE),
    Action("refresh.faster", ("+",), "faster", "Refresh more often", LIVE),
    Action("refresh.slower", ("_",), "slower", "Refresh less often", LIVE),
)
