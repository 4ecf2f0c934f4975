"""What the sweep of this console may do, how it goes, and what came of its runs, as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from unstick.recovery.durations import long_duration
from unstick.recovery.model import Capabilities
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Run, schedule_words
from unstick.tui.paint import Span
from unstick.tui.screens.plan_text import Lines
from unstick.tui.screens.text_and_rows import said
from unstick.tui.session import Session
from unstick.tui.source_sweep import SourceSweep, run_text
from unstick.tui.sweep_words import due_text

Pair = tuple[str, str, str]
"""A label, what it says, and a style."""

SHOWN = 12
"""Runs that are listed, alike ones counted as one."""
OFF = "off: no timer runs in this console, nothing is recovered by itself"
STYLES = {Decision.RECOVER: "done", Decision.FAILED: "failed", Decision.BRAKED: "failed"}


def mode_pairs(session: Session, able: Capabilities, key: Callable[[str], str]) -> list[Pair]:
    """Return what there is to say about the mode. `key` names the key of an action."""
    sweep, schedule = session.sweep, able.schedule
    source = ("source", *_may_write(able))
    if sweep is None or sweep.mode is Mode.OFF:
        pairs = [("now", OFF, "text"), source]
        if not schedule.enabled:
            return [*pairs, ("schedule", f"{schedule_words(schedule)}; it can't be armed here", "warning")]
        how = f"{key('sweep.shadow')} lets it tell what it would do, {key('sweep.arm')} arms it"
        return [*pairs, ("schedule", f"{schedule_words(schedule)}; {how}", "text")]
    return [
        ("now", *_now(session, sweep, key)),
        ("next run", f"{_next(sweep, schedule.every_s)}; {key('sweep.now')} runs it now", "text"),
        ("leader", *_leader(sweep)),
        ("brake", *_brake(sweep, key)),
        *([("problem", sweep.problem, "failed")] if sweep.problem is not None else []),
        source,
        ("schedule", schedule_words(schedule), "text"),
    ]


def _may_write(able: Capabilities) -> tuple[str, str]:
    if not able.read_only:
        return "may be written", "text"
    return "read-only: a sweep could only report here; open it with --write to change rows", "warning"


def _now(session: Session, sweep: SourceSweep, key: Callable[[str], str]) -> tuple[str, str]:
    off = f"{key('sweep.off')} switches it off"
    if sweep.mode is Mode.SHADOW:
        return f"shadow: it tells what it would recover and changes nothing; {off}", "text"
    cap = session.source.sweep.cap
    return f"ARMED: it recovers by itself, {cap:,} rows in one run at most; {off}, and so does leaving the " \
           "console", "warning"  # fmt: skip


def _next(sweep: SourceSweep, every_s: float) -> str:
    every = f"every {long_duration(every_s)}"
    if sweep.running:
        return f"a run is under way; {every}"
    if sweep.held:
        return "when your own plan is applied"
    due = sweep.due_s
    if due is None:
        return f"about to begin; {every}"
    return f"in {due_text(due)}, {every}"


def _leader(sweep: SourceSweep) -> tuple[str, str]:
    if sweep.leader is not None:
        return f"{sweep.leader} sweeps here; this console waits for the place", "warning"
    if sweep.leads:
        return "this console", "text"
    if sweep.mode is Mode.SHADOW:
        return "none is needed to tell only", "dim"
    return "not known yet", "dim"


def _brake(sweep: SourceSweep, key: Callable[[str], str]) -> tuple[str, str]:
    if sweep.brake is not None:
        how = f"look at what they have in common, then {key('sweep.arm')} arms it again and lets go of it"
        return f"! BRAKED: {sweep.brake}; {how}", "failed"
    if sweep.overruled:
        return "let go of by hand, until fewer look stuck at once", "warning"
    failed = sweep.failed_runs
    return (f"not pulled; {failed} failed run{'s' if failed > 1 else ''}", "warning") if failed else (
        "not pulled", "text"
    )  # fmt: skip


def add_runs(lines: Lines, runs: Iterable[Run], width: int) -> None:
    """Add what came of the last runs of this console, the newest first."""
    groups = [list(group) for _, group in groupby(runs, _alike)]
    if not groups:
        return
    lines.heading("Runs of this console")
    for group in groups[:SHOWN]:
        run = group[0]
        at = f"{run.at:%H:%M:%S}" if run.at is not None else "not there"
        times = f" (and {len(group) - 1:,} before)" if len(group) > 1 else ""
        text = f"{run_text(run)}{times}"
        first, *rest = said(text, width - 11, STYLES.get(run.decision, "text"))
        lines.add([(Span(f"  {at:9}", "dim"), *first), *[(Span(" " * 11), *line) for line in rest]])


def _alike(run: Run) -> tuple[Decision, str]:
    quiet = run.decision in (Decision.CLEAR, Decision.FOLLOW)
    return run.decision, "" if quiet else run_text(run)
