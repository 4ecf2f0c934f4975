"""The live table: what runs, what hangs, and why. The screen that stays open all night."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize

from unstick.recovery.model import Job, JobId, Page, Queue, Target
from unstick.recovery.query import Query
from unstick.tui.actions.model import JOBS
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings
from unstick.tui.screens.base import SHORT
from unstick.tui.screens.job_rows import job_rows
from unstick.tui.screens.list_keys import ListScreen
from unstick.tui.screens.live_table import Answer
from unstick.tui.screens.sources_tabs import SourceTabs, tab_of
from unstick.tui.session import Session


class JobsScreen(ListScreen[JobId, Job]):
    """The jobs of one source."""

    SCOPE = JOBS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(JOBS))

    def __init__(self, session: Session) -> None:
        super().__init__(session, job_rows())
        self.tabs = SourceTabs()

    def compose(self) -> ComposeResult:
        """Put the tabs of the sources right below the header."""
        header, *rest = super().compose()
        yield header
        yield self.tabs
        yield from rest

    def tell(self) -> None:
        """The tabs too, where there is room and more than one source."""
        super().tell()
        sessions, shown = self.console.sessions, self.console.shown
        self.tabs.set_class(len(sessions) < 2 or self.size.height < SHORT, "-hidden")
        self.tabs.show([tab_of(each, place, shown=place == shown) for place, each in enumerate(sessions)])

    def on_resize(self, event: Resize) -> None:
        """Let the tabs go where there is no room for them."""
        super().on_resize(event)
        self.tell()

    def _show(self, answer: Answer[Job]) -> None:
        super()._show(answer)
        self.session.counts = answer.counts

    async def page(self, query: Query, after: str | None) -> Page:
        """Read one page of jobs."""
        return await self.session.backend.page(query, after)

    async def queue(self) -> Queue | None:
        """Read who holds the sequential queue."""
        return await self.session.backend.queue()

    def chosen(self) -> tuple[list[JobId | Target], str]:
        """Return the ids to act on, captured now, and how they were chosen."""
        keys, how = self.chosen_keys()
        return [JobId(key) for key in keys], how

    def do_rows_open(self) -> None:
        """Open the job under the cursor."""
        if self.table.cursor is not None:
            self.console.open_job(JobId(self.table.cursor))

    def do_view_variants(self) -> None:
        """Open the list of all variants."""
        self.console.open_variants()

    def do_move_end(self) -> None:
        """Last job of all, which are read from their end."""
        if self.rows.window.more and not self.query_now.backwards:
            self.ask(backwards=True)
        else:
            super().do_move_end()

    def do_move_top(self) -> None:
        """First job of all."""
        if self.rows.window.more and self.query_now.backwards:
            self.ask()
        else:
            super().do_move_top()

    def do_source_next(self) -> None:
        """Show the next source."""
        self.console.switch(self.console.shown + 1)

    def do_source_previous(self) -> None:
        """Show the previous source."""
        self.console.switch(self.console.shown - 1)

    def facts(self) -> Facts:
        """What a list of jobs has, and in the demo the worker of its source."""
        workers = self.console.demo_workers
        if workers is None:
            return super().facts()
        return replace(super().facts(), demo=True, worker=workers.pid(self.session.source.name))

    def do_demo_kill(self) -> None:
        """Ask whether the demo's worker is to be killed."""
        pid = self.facts().worker
        if pid is not None:
            self.console.open_kill(pid)

    def do_app_back(self) -> None:
        """Let go of one transient thing: a range, the last result, the filter, the view."""
        if self.session.slow and self.feed.in_flight:
            self.feed.give_up()
            self.say(f"the question that took so long was ended; {self.key('refresh.now')} asks it again")
            self.tell()
        elif not self.let_go():
            leave = f"{self.key('app.quit')} quits{self.console.what_ends}"
            self.say(f"{self.key('rows.none')} removes the marks, {leave}" if self.marks.ids else leave)

    def do_app_quit(self) -> None:
        """Leave the console."""
        self.console.leave(0)
