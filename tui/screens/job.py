"""One job: everything that is known about it, its variants, and what recover would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text
from unstick.recovery.model import Job, JobId, Target, Variant
from unstick.tui.actions.model import JOB
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings, shown
from unstick.tui.screens.acting import variant_words
from unstick.tui.screens.detail import DetailScreen, same
from unstick.tui.screens.job_text import JobView, job_lines
from unstick.tui.screens.job_variants import JobVariants
from unstick.tui.screens.plan_text import Lines
from unstick.tui.session import Session
from unstick.tui.states import state_span
from unstick.tui.widgets.bar import Bar, Part
from unstick.tui.widgets.pane import Pane
from unstick.tui.widgets.table import Table


class JobScreen(DetailScreen[JobView]):
    """Bound to a job's id. While the cursor is among the variants, keys act on the one that it is on."""

    SCOPE = JOB
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(JOB))

    def __init__(self, session: Session, job: JobId) -> None:
        super().__init__(session)
        self.job_id = job
        self.variants = JobVariants()
        self.variants_bar = Bar()

    def body(self) -> Iterable[Widget]:
        """The text, and below it the variants."""
        self.variants_bar.add_class("-hidden")
        yield self.pane
        yield self.variants_bar
        yield self.variants

    def scroller(self) -> Pane | Table:
        """The variants while the cursor is among them, else the text."""
        return self.variants if self.variants.active else self.pane

    def facts(self) -> Facts:
        """There is always one row: this job, or one of its variants."""
        row, active = self.variants.chosen or self.job_id, self.variants.active
        return Facts(self.session.capabilities, JOB, row=str(row), variants=active)

    def title_parts(self) -> list[Part]:
        """Which job, and how it is; which of its variants keys are about."""
        parts = [Part(f"Job {display_text(self.job_id, limit=60)}", "title")]
        if self.gone is not None:
            parts.append(Part(f"gone: {self.gone}", "failed"))
        elif self.view is not None:
            state = state_span(self.view.job)
            parts.append(Part(display_text(state.text), state.style))
            parts.append(Part(display_text(self.view.job.kind), "dim", 1))
        if self.variants.chosen is not None:
            parts.append(Part(f"> variant {display_text(self.variants.chosen.variant, limit=40)}", "mark"))
        return parts

    def tell(self) -> None:
        """Bring every line up to date."""
        super().tell()
        self.variants_bar.set_class(not self.variants.held.rows, "-hidden")
        able = self.session.capabilities
        called = display_text((able.variants_name if able else None) or "variants", limit=20)
        key = shown(self.console.keys["view.variants"][0])
        self.variants_bar.show(self.variants.heading(f"{called[:1].upper()}{called[1:]}", key))

    def on_resize(self, event: Resize) -> None:
        """Share the lines anew."""
        super().on_resize(event)
        self.variants.fit(self._body_height(event.size.height))

    def _body_height(self, height: int) -> int:
        """Lines for text and variants: what the other lines leave."""
        return max(height - 5, 1)

    def on_table_moved(self) -> None:
        """The title and the hints say which variant it is."""
        self.tell()

    async def read(self) -> JobView:
        """Read the job with all that hangs on it, and plan what recover would do."""
        backend = self.session.backend
        job = await backend.job(self.job_id)
        variants = await backend.variants(self.job_id)
        attempts = await backend.attempts(self.job_id)
        events = await backend.events(self.job_id)
        view = JobView(job, variants, attempts, events, await backend.queue())
        if self.view is not None and same(self.view.job, job) and self.view.plan is not None:
            return replace(view, plan=self.view.plan)
        plan, problem = await self.would_do(self.job_id)
        return replace(view, plan=plan, plan_problem=problem)

    def lines(self, view: JobView, width: int, *, wrapped: bool) -> Lines:
        """Return the text."""
        return job_lines(view, width, wrapped=wrapped)

    def show_lines(self) -> None:
        """Show the text, and the variants below it."""
        super().show_lines()
        if self.view is not None:
            self.variants.take(self.view.variants)
            self.variants.fit(self._body_height(self.size.height))
            self.tell()

    def record(self) -> Job | Variant | None:
        """Return the job, or the variant under the cursor."""
        chosen = self.variants.chosen
        if chosen is not None:
            return self.variants.held.rows.get(str(chosen))
        return self.view.job if self.view else None

    def known_as(self) -> str:
        """Return the job's id, or JOB/VARIANT."""
        return str(self.variants.chosen or self.job_id)

    def chosen(self) -> tuple[list[JobId | Target], str]:
        """Return this job, or the variant under the cursor."""
        variant = self.variants.chosen
        if variant is not None:
            return [variant], variant_words(variant)
        return [self.job_id], f"job {display_text(self.job_id, limit=60)}"

    def do_rows_open(self) -> None:
        """Open the variant under the cursor; from the text, go to the variants first."""
        if self.variants.chosen is not None:
            self.console.open_variant(self.variants.chosen)
        else:
            self.do_view_variants()

    def do_view_variants(self) -> None:
        """Go to the variants, or back to the text."""
        if not self.variants.held.rows:
            self.say("this job has no variants")
        elif self.variants.active:
            self._back_to_text()
        else:
            self.variants.enter()
            self.variants.fit(self._body_height(self.size.height))

    def _back_to_text(self) -> None:
        self.variants.leave()
        self.variants.fit(self._body_height(self.size.height))

    def do_view_section(self) -> None:
        """Next section of the text; from the variants, back to it."""
        if self.variants.active:
            self._back_to_text()
        else:
            self.pane.next_section()

    def do_app_back(self) -> None:
        """From the variants back to the text, from there to the screen before."""
        if self.variants.active:
            self._back_to_text()
        else:
            self.leave()
