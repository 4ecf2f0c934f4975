"""The rows of the live table as the table widget wants them: a window of jobs, laid out in columns."""

from __future__ import annotations

from unstick.recovery.model import Job, JobId
from unstick.tui.columns import Layout
from unstick.tui.paint import Line
from unstick.tui.window import MAX_ROWS, Window

READING = "no rows were read yet"


class JobRows:
    """A window of jobs with a layout; `why_empty` is what an empty table says."""

    def __init__(self) -> None:
        self.window = Window()
        self.layout = Layout()
        self.why_empty = READING
        self.reading_more = False

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self.layout.resize(width, self.layout.wide)

    def header(self) -> Line:
        """Return the heading line."""
        return self.layout.header()

    def row(self, key: str) -> Line:
        """Return one job's line."""
        job = self.window.rows[JobId(key)]
        return self.layout.row(job, ghost=job.id in self.window.ghosts)

    def job(self, key: str | None) -> Job | None:
        """Return a row's job."""
        return None if key is None else self.window.rows.get(JobId(key))

    def empty(self) -> str:
        """Say why there are no rows."""
        return self.why_empty

    def tail(self) -> str:
        """Say what follows after the last row."""
        if self.window.full:
            return f"... {MAX_ROWS:,} rows are loaded; filter with / or reverse with o to see others"
        if self.reading_more:
            return ". . . reading more . . ."
        return "..." if self.window.more else ""
