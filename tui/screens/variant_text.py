"""Everything about one variant as lines, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from unstick.recovery.display import TEXT_LIMIT
from unstick.recovery.model import Attempt, Job, Variant
from unstick.recovery.plan import Plan
from unstick.tui.screens.job_text import Painter, step_words
from unstick.tui.screens.plan_text import Lines
from unstick.tui.states import state_span


@dataclass(frozen=True, slots=True)
class VariantView:
    """One variant and what hangs on it, read together."""

    variant: Variant
    job: Job
    attempts: tuple[Attempt, ...] = ()
    plan: Plan | None = None
    plan_problem: str | None = None


def variant_lines(view: VariantView, width: int, *, wrapped: bool = True) -> Lines:
    """Return the whole screen."""
    lines, painter = Lines(), Painter(max(width, 30), wrapped)
    variant, job = view.variant, view.job
    lines.add(painter.state(variant))
    state, step = state_span(job), step_words(job)
    lines.add(painter.one_line("of job", job.id))
    lines.add(painter.one_line("which is", f"{state.text}{f', step {step}' if step else ''}", state.style))
    for label, value in (("name", variant.name), ("step", step_words(variant))):
        if value is not None:
            lines.add(painter.one_line(label, value))
    lines.add(list(painter.how_it_is(variant)))
    if variant.verdict is not None:
        lines.heading("Why it is stuck", "stuck")
        lines.add(list(painter.verdict(variant.verdict)))
    lines.heading("What recover would do")
    lines.add(list(painter.plan(view.plan, view.plan_problem)))
    if variant.error:
        lines.heading("Error", "failed")
        lines.add(painter.text(variant.error[:TEXT_LIMIT], "text"))
    lines.heading(f"Attempts: {len(view.attempts)}" if view.attempts else "Attempts: none")
    lines.add(list(painter.attempts(view.attempts, of=variant.id, made=variant.retries)))
    lines.heading("Fields")
    lines.add(list(painter.fields(variant.fields)))
    return lines
