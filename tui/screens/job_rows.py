"""The rows of a live table as the table widget wants them: a window of rows, laid out in columns."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Generic, cast

from unstick.recovery.model import Job, JobId, Variant
from unstick.tui.columns import Layout, job_layout, variant_layout
from unstick.tui.emptiness import READING
from unstick.tui.paint import Line
from unstick.tui.window import MAX_ROWS, K, R, Window


class ListRows(Generic[K, R]):
    """A window of rows with a layout. `why_empty` is what an empty table says; nothing of them was stuck in
    any answer since `clear_since`."""

    def __init__(self, window: Window[K, R], layout: Layout[R]) -> None:
        self.window = window
        self.layout = layout
        self.why_empty = READING
        self.clear_since: datetime | None = None
        self.reading_more = False

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self.layout.resize(width, self.layout.wide)

    def header(self) -> Line:
        """Return the heading line."""
        return self.layout.header()

    def row(self, key: str) -> Line:
        """Return one row's line."""
        known = cast("K", key)
        return self.layout.row(self.window.rows[known], ghost=known in self.window.ghosts)

    def item(self, key: str | None) -> R | None:
        """Return what a row shows."""
        return None if key is None else self.window.rows.get(cast("K", key))

    def empty(self) -> str:
        """Say why there are no rows."""
        return self.why_empty

    def tail(self) -> str:
        """Say what follows after the last row."""
        if self.window.backwards:
            return ""
        if self.window.full:
            return f"... {MAX_ROWS:,} rows are loaded; filter with / or reverse with o to see others"
        if self.reading_more:
            return ". . . reading more . . ."
        return "..." if self.window.more else ""


def job_window() -> Window[JobId, Job]:
    """Return an empty window of jobs."""
    return Window(attrgetter("id"))


def job_rows() -> ListRows[JobId, Job]:
    """Return the rows of the live table."""
    return ListRows(job_window(), job_layout())


def variant_key(variant: Variant) -> str:
    """Return what a variant is known by on a screen: JOB/VARIANT."""
    return str(variant.target)


def variant_rows() -> ListRows[str, Variant]:
    """Return the rows of a list of variants."""
    return ListRows(Window(variant_key), variant_layout())
