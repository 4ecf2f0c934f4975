"""One row as the pane beside the table shows it: what it tells, and what was asked once the cursor rested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from unstick.recovery.display import clip, display_text
from unstick.recovery.model import Attempt, Job, Scalar, State, Variant, Verdict
from unstick.tui.columns import fit_id, why
from unstick.tui.key_words import key
from unstick.tui.paint import Line, Span
from unstick.tui.screens.job_text import FIELD_LIMIT, SHORT, Painter, step_words
from unstick.tui.screens.plan_text import Lines
from unstick.tui.states import state_span

if TYPE_CHECKING:
    from unstick.recovery.port import Backend

ATTEMPTS = 20
"""Attempts that are read; the Job screen has more."""

VARIANTS = 12
"""Variants that are listed, those first that need a look."""

CLOCKS = ("now", "age", "database clock")
"""Evidence that is another one at each refresh."""

STATE = 12
"""Cells of the longest state with its glyph, and a blank."""

_ORDER = (State.FAILED, State.RUNNING, State.PENDING, State.OTHER, State.CANCELLED, State.DONE)


@dataclass(frozen=True, slots=True)
class More:
    """What a row of the table doesn't tell. `problem` says why it could not be read."""

    fields: Mapping[str, Scalar] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    called: str = "variants"
    problem: str = ""


async def ask_more(backend: Backend, row: Job | Variant) -> More:
    """Read what the pane shows of a row beyond the row itself. Raises what the backend raises."""
    called = backend.capabilities.variants_name or ""
    if isinstance(row, Variant):
        variant = await backend.variant(row.target)
        return More(variant.fields, (), await backend.attempts(row.target, ATTEMPTS))
    job = await backend.job(row.id)
    variants = await backend.variants(row.id) if called else ()
    return More(job.fields, variants, await backend.attempts(row.id, ATTEMPTS), called)


def beside_lines(row: Job | Variant, more: More | None, width: int) -> Lines:
    """Return the pane's text.

    Without ages and clocks: the table has the ages, and the pane is not to be painted again at every refresh.
    """
    lines, painter = Lines(), Painter(max(width, 30), wrapped=True)
    lines.add(list(_head(row, painter)))
    if row.verdict is not None:
        lines.heading("Why it is stuck", "stuck")
        lines.add(list(painter.verdict(_standing(row.verdict))))
    if row.error:
        lines.heading("Error", "failed")
        lines.add(painter.text(row.error[:FIELD_LIMIT], "text"))
    if more is None:
        lines.add([(Span("  reading more ...", "dim"),)])
    elif more.problem:
        lines.add(painter.text(f"! {more.problem}", "warning"))
    else:
        _add_more(lines, painter, row, more, width)
    lines.heading(f"{key('rows.open')} opens it, and shows what recover would do", "dim")
    return lines


def _head(row: Job | Variant, painter: Painter) -> Iterator[Line]:
    what = "Job" if isinstance(row, Job) else "Variant"
    yield (Span(f"  {what} {display_text(row.id, limit=60)}", "title"),)
    if isinstance(row, Job):
        yield from painter.summary(row, ages=False)
        return
    yield from painter.state(row)
    for label, value in (("of job", row.job), ("name", row.name), ("step", step_words(row))):
        if value is not None:
            yield from painter.one_line(label, value)
    yield from painter.how_it_is(row, ages=False)


def _standing(verdict: Verdict) -> Verdict:
    """Return a verdict without what its clock says at each refresh; the reason has the age."""
    return replace(verdict, evidence=tuple(each for each in verdict.evidence if each[0] not in CLOCKS))


def _add_more(lines: Lines, painter: Painter, row: Job | Variant, more: More, width: int) -> None:
    if more.variants:
        stuck = sum(1 for each in more.variants if each.verdict)
        called = display_text(more.called, limit=20)
        told = f", {stuck:,} stuck" if stuck else ""
        heading = f"{called[:1].upper()}{called[1:]}: {len(more.variants):,}{told}"
        lines.heading(heading, "stuck" if stuck else "heading")
        lines.add(list(_variants(more.variants, width)))
    number = f"{len(more.attempts)}{' or more' if len(more.attempts) == ATTEMPTS else ''}"
    lines.heading(f"Attempts: {number if more.attempts else 'none'}")
    of = row.id if isinstance(row, Variant) else None
    if more.attempts:
        lines.add(list(painter.attempts(more.attempts, of=of)))
    if more.fields:
        lines.heading("Fields")
        lines.add(list(painter.fields(more.fields)))


def _variants(variants: Sequence[Variant], width: int) -> Iterator[Line]:
    """List those that need a look first; the others are only counted where there is no room for them."""
    ordered = sorted(variants, key=lambda each: (each.verdict is None, _ORDER.index(each.state)))
    for each in ordered[:VARIANTS]:
        state = state_span(each)
        name = fit_id(display_text(each.id, limit=200), SHORT)
        told = why(each).text or step_words(each) or ""
        room = max(width - SHORT - 2 - STATE - 1, 8)
        yield (
            Span(f"  {name} "),
            Span(f"{state.text:{STATE}}", state.style),
            Span(clip(display_text(told), room), "dim"),
        )
    rest: dict[str, int] = {}
    for each in ordered[VARIANTS:]:
        rest[each.state.value] = rest.get(each.state.value, 0) + 1
    if rest:
        yield (Span(f"  and {', '.join(f'{number:,} {name}' for name, number in rest.items())}", "dim"),)
