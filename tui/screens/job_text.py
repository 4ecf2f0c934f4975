"""Everything about one job as lines, the most urgent first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from unstick.recovery.display import TEXT_LIMIT, cell_width, clip, display_text, fit, wrap
from unstick.recovery.durations import long_duration
from unstick.recovery.model import Attempt, Event, Job, Queue, Scalar, Variant, VariantId, Verdict
from unstick.recovery.plan import Plan
from unstick.tui.columns import fit_id
from unstick.tui.emptiness import no_attempts
from unstick.tui.paint import Line, Span
from unstick.tui.screens.plan_text import Lines, changes
from unstick.tui.screens.queue_text import place_text
from unstick.tui.states import outcome_span, state_span

LABEL = 16
SHORT = 14
"""Cells of a variant's id within a line about something else."""
FIELD_LIMIT, FIELD_LINES = 4_000, 40
"""How much of a field is shown; Y copies all of it."""


@dataclass(frozen=True, slots=True)
class JobView:
    """One job and what hangs on it, read together."""

    job: Job
    variants: tuple[Variant, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    events: tuple[Event, ...] = ()
    queue: Queue | None = None
    plan: Plan | None = None
    plan_problem: str | None = None


def job_lines(view: JobView, width: int, *, wrapped: bool = True) -> Lines:
    """Return the whole screen."""
    lines, painter = Lines(), Painter(max(width, 30), wrapped)
    job = view.job
    lines.add(list(painter.summary(job)))
    place = place_text(view.queue, job.id)
    if place is not None:
        lines.add(painter.pair("queue", place, "stuck" if view.queue and view.queue.holder_stuck else "text"))
    if job.verdict is not None:
        lines.heading("Why it is stuck", "stuck")
        lines.add(list(painter.verdict(job.verdict)))
    lines.heading("What recover would do")
    lines.add(list(painter.plan(view.plan, view.plan_problem)))
    if job.error:
        size = (
            f" ({len(job.error):,} characters, the first {TEXT_LIMIT:,} shown)"
            if len(job.error) > TEXT_LIMIT
            else ""
        )
        lines.heading(f"Error{size}", "failed")
        lines.add(painter.text(job.error, "text"))
    lines.heading(f"Attempts: {len(view.attempts)}" if view.attempts else "Attempts: none")
    lines.add(list(painter.attempts(view.attempts, made=job.retries)))
    if view.events:
        lines.heading(f"Event log: the newest {len(view.events)}")
        lines.add(list(painter.events(view.events)))
    lines.heading("Fields")
    lines.add(list(painter.fields(job.fields)))
    return lines


class Painter:
    """Turns values into lines of a width, safe and aligned."""

    def __init__(self, width: int, wrapped: bool) -> None:
        self._width, self._wrapped = width, wrapped

    def text(self, value: object, style: str, *, indent: int = 2) -> list[Line]:
        safe = display_text(value, limit=TEXT_LIMIT, multiline=True)
        pieces = wrap(safe, max(self._width - indent, 20)) if self._wrapped else safe.split("\n")
        return [(Span(" " * indent + piece, style),) for piece in pieces]

    def pair(self, label: str, value: object, style: str = "text", *, limit: int = 300) -> list[Line]:
        """A label and its value; only a long `limit` lets a value take several lines of its own."""
        safe = display_text(value, limit=limit, multiline=limit > 300)
        name = display_text(label, limit=40)
        column = max(LABEL, cell_width(name) + 1)
        pieces = wrap(safe, max(self._width - column - 2, 20)) if self._wrapped else safe.split("\n")
        first = (Span(f"  {fit(name, column)}", "dim"), Span(pieces[0], style))
        return [first, *[(Span(" " * (column + 2) + piece, style),) for piece in pieces[1:FIELD_LINES]]]

    def summary(self, job: Job, *, ages: bool = True) -> Iterator[Line]:
        yield from self.state(job)
        for label, value in (("kind", job.kind), ("step", step_words(job)), ("table", job.table),
                             ("priority", job.priority)):  # fmt: skip
            if value is not None:
                yield from self.one_line(label, value)
        yield from self.how_it_is(job, ages=ages)

    def one_line(self, label: str, value: object, style: str = "text") -> list[Line]:
        """A label and its value, cut: what tells why it hangs has to be on the first screen."""
        return self.pair(label, clip(display_text(value), max(self._width - LABEL - 2, 20)), style)

    def state(self, item: Job | Variant) -> list[Line]:
        """State and native status, side by side where there is room."""
        state, native = state_span(item), display_text(item.status) or "null"
        first = (Span("  " + fit("state", LABEL), "dim"), state)
        told = f"   native status {native}"
        if LABEL + 2 + cell_width(state.text + told) > self._width:
            return [first, *self.one_line("native status", native)]
        return [(*first, Span(told, "text"))]

    def how_it_is(self, item: Job | Variant, *, ages: bool = True) -> Iterator[Line]:
        """Attempts, ages and times."""
        limit = "" if item.max_retries is None else f" of {item.max_retries}"
        person = "   needs a person: the retry limit is reached" if item.needs_person else ""
        made = f"{item.retries}{limit}{person}"
        yield from self.pair("attempts made", made, "warning" if person else "text")
        if ages:
            running = long_duration(item.running_s) if item.running_s is not None else "-"
            yield from self.pair("running", running)
            idle = (
                long_duration(item.idle_s) + " since the last life sign" if item.idle_s is not None else "-"
            )
            yield from self.pair("idle", idle)
        for label, moment in (("created", item.created), ("started", item.started),
                              ("updated", item.updated), ("finished", item.finished)):  # fmt: skip
            if moment is not None:
                yield from self.pair(label, _when(moment))

    def verdict(self, verdict: Verdict) -> Iterator[Line]:
        yield from self.pair("rule", f"{verdict.rule} ({verdict.reason})")
        yield from self.pair("why", verdict.why, "stuck")
        if verdict.clock:
            yield from self.pair("clock", verdict.clock)
        for label, value in verdict.evidence:
            yield from self.pair(label, value)

    def plan(self, plan: Plan | None, problem: str | None, *, of: str = "variant") -> Iterator[Line]:
        """What recover would do; `of` is what the system calls a variant."""
        if plan is None:
            yield (Span(f"  {problem or 'planning ...'}", "dim"),)
            return
        if plan.rows:
            yield (Span(f"  {display_text(plan.verb)}", "title"),)
        for row in plan.rows:
            about = f"{of} {_short(row.variant)}: " if row.variant else ""
            for change in changes(row):
                yield from self.text(f"{about}{change}", "text", indent=4)
        for left in plan.left_out:
            about = f" for {of} {_short(left.variant)}" if left.variant else ""
            yield from self.text(f"nothing{about}: {left.reason}", "text")
        for warning in plan.warnings:
            yield from self.text(f"! {warning}", "warning")
        if not plan.rows and not plan.left_out:
            yield (Span("  nothing", "dim"),)

    def attempts(
        self, attempts: Sequence[Attempt], *, of: VariantId | None = None, made: int = 0
    ) -> Iterator[Line]:
        """The timeline, newest first; each says which variant it was made on, unless all were on `of`.

        `made` is how many there were by the system's own counter.
        """
        if not attempts:
            yield from self.text(no_attempts(made), "dim")
        for each in attempts:
            result = outcome_span(each.result)
            moved = f"{each.from_status or '-'} -> {each.to_status or '-'}" if each.to_status else ""
            about = f" variant {_short(each.variant)}" if each.variant and each.variant != of else ""
            by, within = each.who and f"by {each.who}", each.operation and f"operation {each.operation}"
            parts = (moved, by, each.detail, within)
            told = "  ".join(part for part in parts if part)
            what = display_text(f"{each.action}{about} ({each.reason})  {told}", limit=500)
            outcome = Span(f"{display_text(result.text)}  ", result.style)
            yield (Span(f"  {_when(each.at)}  ", "dim"), outcome, Span(what))

    def events(self, events: Sequence[Event]) -> Iterator[Line]:
        for each in events:
            level = display_text(each.level, limit=8)
            stage = f"[{display_text(each.stage, limit=40)}] " if each.stage else ""
            style = "failed" if level.upper() in ("ERROR", "CRITICAL", "FATAL") else "text"
            head = f"  {_when(each.at) if each.at else '-':19}  {level:8}"
            pieces = self.text(f"{stage}{each.message}", style, indent=0)[:40]
            yield (Span(head, "dim"), *pieces[0])
            for piece in pieces[1:]:
                yield (Span(" " * 31), *piece)

    def fields(self, fields: Mapping[str, Scalar]) -> Iterator[Line]:
        for name, value in fields.items():
            text, style = ("null", "dim") if value is None else (_pretty(value), "text")
            yield from self.pair(name, text, style, limit=FIELD_LIMIT)


def _short(variant: VariantId) -> str:
    """A variant's id, cut in its middle where it is long."""
    return fit_id(display_text(variant, limit=200), SHORT).strip()


def step_words(job: Job | Variant) -> str | None:
    """Return the step and how far that is."""
    parts = []
    if job.step_index is not None and job.step_count:
        parts.append(f"{job.step_index} of {job.step_count}")
    if job.step:
        parts.append(job.step)
    if isinstance(job, Job) and job.progress is not None:
        parts.append(f"{int(job.progress * 100)}% done")
    return ", ".join(parts) or None


def _pretty(value: Scalar) -> str:
    if isinstance(value, str) and value[:1] in "{[" and len(value) < TEXT_LIMIT:
        try:
            return json.dumps(json.loads(value), indent=1, ensure_ascii=False)
        except (ValueError, RecursionError):
            return value
    return str(value)


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
