"""Places to go: sources, and how often they are asked."""

from __future__ import annotations

from unstick.tui.actions.model import EVERYWHERE, JOBS, LIVE, OPERATIONS, RETRIES, SOURCES, SWEEP, Action
from unstick.tui.availability import needs_row, several_sources

SOURCES_ACTIONS: tuple[Action, ...] = (
    Action("source.next", ("]",), "source", "Next source; each keeps its marks, filter and order", (JOBS,), 7,
           several_sources, quiet=True),
    Action("source.previous", ("[",), "source back", "Previous source", (JOBS,), 0, several_sources),
    Action("source.list", ("0",), "sources", "All sources side by side, with their health; add one",
           (*LIVE, EVERYWHERE), 16),
    Action("source.open", ("enter",), "switch", "Switch to the source; its jobs are as they were left",
           (SOURCES,), 1, needs_row),
    Action("source.stuck", ("2",), "all stuck", "The stuck jobs of all sources in one list", (SOURCES,), 2),
    Action("source.add", ("a",), "add", "Open another source: a database URL, or a name of the configuration",
           (SOURCES,), 3),
    Action("source.details", ("tab",), "details", "Scroll the details; again: back to the list", (SOURCES,),
           4),
    Action("source.copy", ("y",), "copy SQL", "Copy the statements that make the missing indexes", (SOURCES,),
           5),
    Action("source.go", ("s",), "its source", "Switch to the source of the row", (EVERYWHERE,), 2, needs_row),
)  # fmt: skip

REFRESH_ACTIONS: tuple[Action, ...] = (
    Action(
        "refresh.now",
        ("ctrl+r",),
        "refresh",
        "Refresh now",
        (*LIVE, OPERATIONS, RETRIES, SWEEP, SOURCES, EVERYWHERE),
    ),
    Action("refresh.pause", ("p",), "pause", "Pause or resume refreshing", LIVE),
    Action("refresh.faster", ("+",), "faster", "Refresh more often", LIVE),
    Action("refresh.slower", ("_",), "slower", "Refresh less often", LIVE),
)
