"""One job: everything that is known about it, and what recover would do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text
from unstick.recovery.errors import NotFound, UnstickError
from unstick.recovery.model import Job, JobId
from unstick.recovery.plan import Options, Plan
from unstick.tui.actions import JOB
from unstick.tui.availability import Facts
from unstick.tui.feed import Feed
from unstick.tui.keys import bindings
from unstick.tui.paint import Span
from unstick.tui.screens.acting import ActingScreen, as_record
from unstick.tui.screens.job_text import JobView, job_lines
from unstick.tui.session import Session, sentence
from unstick.tui.states import state_span
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane


class JobScreen(ActingScreen):
    """Bound to an id. A job that is gone keeps its last picture and says so."""

    SCOPE = JOB
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(JOB))

    def __init__(self, session: Session, job: JobId) -> None:
        super().__init__(session)
        self.job_id = job
        self.view: JobView | None = None
        self.gone: str | None = None
        self._wrapped = True
        self.pane = Pane()
        self.feed: Feed[JobView | None] = Feed(self, session, self._read, self._show, self.tell)

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.pane

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def facts(self) -> Facts:
        """There is always one row: this job."""
        return Facts(self.session.capabilities, row=self.job_id)

    def title_parts(self) -> list[Part]:
        """Which job, and how it is."""
        parts = [Part(f"Job {display_text(self.job_id, limit=60)}", "title")]
        if self.gone is not None:
            parts.append(Part(f"gone: {self.gone}", "failed"))
        elif self.view is not None:
            state = state_span(self.view.job)
            parts.append(Part(display_text(state.text), state.style))
            parts.append(Part(display_text(self.view.job.kind), "dim", 1))
        return parts

    def on_mount(self) -> None:
        """Begin to read."""
        super().on_mount()
        self.pane.show([(Span("  reading ...", "dim"),)])

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Read again."""
        super().on_screen_resume()
        self.feed.start()

    def on_resize(self, event: Resize) -> None:
        """Wrap again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    def wake(self) -> None:
        """The database says that something changed."""
        self.feed.wake()

    async def _read(self) -> JobView | None:
        backend = self.session.backend
        thresholds = self.session.source.thresholds
        try:
            job = await backend.job(self.job_id, thresholds)
        except NotFound as error:
            self.gone = sentence(error)
            return None
        variants = await backend.variants(self.job_id)
        attempts = await backend.attempts(self.job_id)
        events = await backend.events(self.job_id)
        view = JobView(job, variants, attempts, events, await backend.queue())
        if self.view is not None and _same(self.view.job, job) and self.view.plan is not None:
            return replace(view, plan=self.view.plan)
        plan, problem = await self._would_do()
        return replace(view, plan=plan, plan_problem=problem)

    async def _would_do(self) -> tuple[Plan | None, str | None]:
        options = Options(thresholds=self.session.source.thresholds)
        try:
            return await self.session.backend.plan("recover", (self.job_id,), options), None
        except UnstickError as error:
            return None, sentence(error)

    def _show(self, view: JobView | None) -> None:
        if view is not None:
            self.view, self.gone = view, None
        self._show_lines()

    def _show_lines(self) -> None:
        if self.view is not None:
            lines = job_lines(self.view, self.pane.size.width, wrapped=self._wrapped)
            self.pane.show(lines, lines.sections)
        elif self.gone is not None:
            self.pane.show([(Span(f"  {self.gone}", "failed"),)])

    def chosen(self) -> tuple[list[JobId], str]:
        """Return this job."""
        return [self.job_id], f"job {display_text(self.job_id, limit=60)}"

    def do_view_wrap(self) -> None:
        """Wrap or cut long lines."""
        self._wrapped = not self._wrapped
        self._show_lines()

    def do_copy_id(self) -> None:
        """Copy the job's id."""
        self.copy(self.job_id, f"id {self.job_id}")

    def do_copy_record(self) -> None:
        """Copy everything as JSON."""
        if self.view is not None:
            self.copy(
                json.dumps(as_record(self.view.job), indent=1, default=str), f"job {self.job_id} as JSON"
            )


def _same(before: Job, now: Job) -> bool:
    """Whether a plan made for the one still holds for the other; ages grow without changing anything."""
    kept = ("status", "updated", "retries", "error", "step")
    same = all(getattr(before, name) == getattr(now, name) for name in kept)
    return same and (before.verdict is None) == (now.verdict is None)
