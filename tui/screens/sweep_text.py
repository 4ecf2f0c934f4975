"""The sweep as lines: its mode, what a run would do now and what would stop it, and the rules it goes by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from unstick.recovery import sweep
from unstick.recovery.display import cell_width, display_text, fit
from unstick.recovery.durations import long_duration
from unstick.recovery.model import Capabilities, Counts
from unstick.recovery.outcome import Operation
from unstick.recovery.plan import Plan
from unstick.recovery.source import Source
from unstick.recovery.sweep import Decision, Forecast, Group, Mode
from unstick.tui.paint import Line, Span
from unstick.tui.screens.plan_text import Lines, rows_text
from unstick.tui.screens.sweep_mode import add_runs, mode_pairs
from unstick.tui.screens.text_and_rows import said
from unstick.tui.session import Session

REASONS = 8
"""Reasons that are listed; of more, their number."""
LABEL = 17


@dataclass(frozen=True, slots=True)
class SweepView:
    """What was read together. `problem` says why there is no plan, and so no forecast; `at` is this machine's
    clock."""

    counts: Counts
    plan: Plan | None
    problem: str | None
    operations: tuple[Operation, ...]
    at: float
    forecast: Forecast | None = None

    @property
    def asked(self) -> datetime:
        """The database's time when it was asked."""
        return self.counts.now


def sweep_lines(
    view: SweepView, session: Session, able: Capabilities, width: int, key: Callable[[str], str]
) -> Lines:
    """Return the whole text. `key` names the key of an action."""
    source, lines = session.source, Lines()
    lines.heading("Mode")
    for label, text, style in mode_pairs(session, able, key):
        lines.add(_pair(label, text, width, style))
    lines.heading("What a sweep would do now")
    _add_forecast(lines, view, width, key("plan.over_limit"))
    add_runs(lines, session.sweep.runs if session.sweep is not None else (), width)
    lines.heading("Rules")
    for rule in sweep.rules(source, able):
        lines.add(_pair(rule.name, f"{long_duration(rule.threshold_s):8} {rule.origin}", width))
    if not able.thresholds:
        lines.add(said("no rule of this profile has a threshold", width, "text"))
    limit = "never" if able.max_retries is None else str(able.max_retries)
    lines.add(_pair("retry limit", f"{limit:8} {sweep.limit_origin(source)}", width))
    lines.add(_pair("cap", f"{source.sweep.cap:<8} rows in one run", width))
    lines.add(_pair("brake", _brake_rule(source), width))
    if not view.operations:
        lines.heading("Last decisions")
        lines.add(said("the journal has no recovery yet", width, "text"))
    return lines


def _brake_rule(source: Source) -> str:
    failed = f"{sweep.FAILED_RUNS} failed runs"
    if not source.sweep.brake:
        return f"{failed} in a row; that many look stuck at once stops nothing here: {sweep.FROM_SOURCE}"
    return f"more than half of the running jobs look stuck at once, {sweep.FEW} or more; or {failed}"


def _add_forecast(lines: Lines, view: SweepView, width: int, limit_key: str) -> None:
    seen, plan = view.forecast, view.plan
    if seen is None or plan is None:
        lines.add(said(f"! {view.problem or 'no plan could be made'}", width, "failed"))
        return
    if not seen.found:
        lines.add(said("nothing: nothing is stuck - all clear", width, "done"))
        return
    if sweep.decide(Mode.ARMED, seen) is Decision.BRAKED:
        told = f"! the brake would stop it: {seen.brake}; look at what they have in common first"
        lines.add(said(told, width, "failed"))
    does = (
        f"{rows_text(len(seen.rows))}: {display_text(plan.verb)}"
        if seen.rows
        else "nothing: all of them are left out"
    )
    lines.add(_pair("recover", does, width, "stuck" if seen.rows else "text"))
    of_jobs = f", of {view.counts.stuck:,} jobs" if view.counts.stuck_variants else ""
    lines.add(
        _pair("of", f"{rows_text(seen.found)} that {'hangs' if seen.found == 1 else 'hang'}{of_jobs}", width)
    )
    if seen.waiting:
        lines.add(_pair("later", f"{rows_text(seen.waiting)}: beyond the cap, for the next runs", width))
    if seen.at_limit:
        how = f"{limit_key} on a plan from the list of jobs includes them"
        told = f"{rows_text(seen.at_limit)}: at the retry limit; {how}"
        lines.add(_pair("needs a person", told, width, "warning"))
    others = [group for group in seen.left_out if not group.reason.startswith(sweep.AT_LIMIT)]
    for group in others[:REASONS]:
        lines.add(_pair("left out", f"{rows_text(group.number)}: {_reason(group)}", width))
    if len(others) > REASONS:
        number = sum(group.number for group in others[REASONS:])
        lines.add(_pair("left out", f"{rows_text(number)} for {len(others) - REASONS} other reasons", width))
    for warning in plan.warnings:
        lines.add(said(f"! {warning}", width, "warning"))


def _reason(group: Group) -> str:
    return display_text(group.reason) + ("" if group.alike else " (and the like)")


def _pair(label: str, text: str, width: int, style: str = "text") -> list[Line]:
    """A label, and its text beside it on as many lines as it takes."""
    name = display_text(label, limit=40)
    column = max(LABEL, cell_width(name) + 2) if width >= 60 else min(max(cell_width(name) + 2, 10), 16)
    pieces = said(text, width - column, style)
    first = (Span(f"  {fit(name, column - 2)}", "dim"), *pieces[0])
    return [first, *[(Span(" " * column), *piece) for piece in pieces[1:]]]
