"""What an apply did, in one sentence that adds up."""

from __future__ import annotations

from unstick.recovery.display import display_text
from unstick.recovery.engine import Result, unhandled
from unstick.recovery.hooks_outcome import counted_words
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.tui.key_words import key

_PAST = {"recover": "recovered", "retry": "retried", "delete": "deleted", "undo": "put back"}
_NAMED = 2
BAR = 20


def result_text(result: Result) -> str:
    """Return `recovered 3, drifted 1 (88190 finished by itself)  operation 4411, u to undo`."""
    counts = result.counts.as_dict()
    word = _PAST.get(result.plan.action, f"{result.plan.action}: applied")
    parts = [f"{word} {counts['applied']:,}"]
    for outcome in (Outcome.DRIFTED, Outcome.MISSING, Outcome.BUSY, Outcome.FAILED):
        if counts[outcome]:
            parts.append(f"{outcome.value} {counts[outcome]:,}{_who(result, outcome)}")
    rest = len(unhandled(result.plan, result.rows))
    if rest:
        ended = result.error or (f"stopped by the brake: {result.brake}" if result.brake else None)
        why = f" ({ended})" if ended else ""
        parts.append(f"not reached {rest:,}{why}")
    text = ", ".join(parts)
    hooks = counted_words(row.hook for row in result.rows)
    text += f"; hooks: {hooks}" if hooks else ""
    undo = f", {key('act.undo')} to undo" if counts["applied"] else ""
    return display_text(
        f"{text}   operation {result.operation}{undo}" if result.operation else text, limit=400
    )


def _who(result: Result, outcome: Outcome) -> str:
    rows = [row for row in result.rows if row.outcome is outcome]
    named = "; ".join(f"{row.job} {_detail(row)}".strip() for row in rows[:_NAMED])
    more = f"; and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    return f" ({named}{more})"


def _detail(row: RowOutcome) -> str:
    """What is to be said in a sentence: of a row that moved on the first thing that did, the plan has all."""
    return row.detail.partition("; ")[0] if row.outcome is Outcome.DRIFTED else row.detail


def progress_text(done: int, planned: int, *, stopping: bool, waiting: bool = False, hooks: int = 0) -> str:
    """Return a bar of plain characters; it moves only when a chunk is done. `waiting`: one takes long;
    `hooks` were called for the last one."""
    filled = BAR * done // planned if planned else BAR
    text = f"[{'#' * filled}{'.' * (BAR - filled)}] {done:,} of {planned:,}"
    text += f"  {hooks:,} hooks called" if hooks else ""
    text += "  no answer yet, still trying" if waiting else ""
    return text + ("  stopping after this chunk" if stopping else "  s stops after this chunk")
