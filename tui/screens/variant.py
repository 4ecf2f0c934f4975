"""One variant: everything that is known about it, and what recover would do."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.display import display_text
from unstick.recovery.model import JobId, Target, Variant
from unstick.tui.actions.model import VARIANT
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings
from unstick.tui.screens.acting import variant_words
from unstick.tui.screens.detail import DetailScreen, same
from unstick.tui.screens.plan_text import Lines
from unstick.tui.screens.variant_text import VariantView, variant_lines
from unstick.tui.session import Session
from unstick.tui.states import state_span
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane


class VariantScreen(DetailScreen[VariantView]):
    """Bound to a job's id and the variant's."""

    SCOPE = VARIANT
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(VARIANT))

    def __init__(self, session: Session, target: Target) -> None:
        super().__init__(session)
        self.target = target

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def facts(self) -> Facts:
        """There is always one row: this variant."""
        return Facts(self.session.capabilities, VARIANT, row=str(self.target), variants=True)

    def title_parts(self) -> list[Part]:
        """Which variant of which job, and how it is."""
        words = variant_words(self.target)
        parts = [Part(f"{words[:1].upper()}{words[1:]}", "title")]
        if self.gone is not None:
            parts.append(Part(f"gone: {self.gone}", "failed"))
        elif self.view is not None:
            state = state_span(self.view.variant)
            parts.append(Part(display_text(state.text), state.style))
        return parts

    async def read(self) -> VariantView:
        """Read the variant, its job and its attempts, and plan what recover would do."""
        backend = self.session.backend
        variant = await backend.variant(self.target)
        job = await backend.job(self.target.job)
        view = VariantView(variant, job, await backend.attempts(variant.target))
        known = self.view
        if known is not None and known.plan is not None and same(known.variant, variant):
            return replace(view, plan=known.plan)
        plan, problem = await self.would_do(variant.target)
        return replace(view, plan=plan, plan_problem=problem)

    def lines(self, view: VariantView, width: int, *, wrapped: bool) -> Lines:
        """Return the text."""
        return variant_lines(view, width, wrapped=wrapped)

    def record(self) -> Variant | None:
        """Return the variant."""
        return self.view.variant if self.view else None

    def known_as(self) -> str:
        """Return JOB/VARIANT."""
        return str(self.target)

    def chosen(self) -> tuple[list[JobId | Target], str]:
        """Return this variant."""
        return [self.target], variant_words(self.target)

    def do_rows_job(self) -> None:
        """Open its job."""
        self.console.open_job(self.target.job)
