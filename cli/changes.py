"""Plans and what became of them, for people and as the JSON document of every action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from unstick.cli.encode import plain
from unstick.cli.output import block, count, narrate, pairs, safe, say, table
from unstick.recovery.difference import as_words, differences
from unstick.recovery.engine import complete
from unstick.recovery.errors import UnstickError
from unstick.recovery.hooks_outcome import counted_words, due, hook_times
from unstick.recovery.outcome import Outcome, RowOutcome, Tally

if TYPE_CHECKING:
    from unstick.recovery.engine import Result
    from unstick.recovery.model import Image
    from unstick.recovery.outcome import OperationRow
    from unstick.recovery.plan import Plan, PlanRow


def document(
    source: str, plan: Plan, result: Result | None, standing: Sequence[RowOutcome] | None = None
) -> dict[str, Any]:
    """Return the stable JSON object of an action; without a result it is a dry run.

    `standing` is what would become of the rows of a saved plan.
    """
    more = {} if standing is None else {"standing": _row_objects(standing)}
    return {
        "source": source,
        "profile": plan.profile,
        "action": plan.action,
        "dry_run": result is None,
        "plan_id": plan.id,
        "found": plan.found,
        "planned": len(plan.rows),
        "left_out": [{"job": row.job, "variant": row.variant, "reason": row.reason} for row in plan.left_out],
        "changes": [_change_object(row) for row in plan.rows],
        "sql": list(plan.sql),
        "warnings": list(plan.warnings),
        "hooks": [{"call": plan.hook, "times": len(plan.rows)}] if plan.hook else [],
        "outcomes": tally_of(plan, result).as_dict(),
        "rows": _row_objects(result.rows if result else ()),
        "operation": (result.operation or None) if result else None,
        "undoes": plan.undoes,
        "report": report(plan, result),
        **more,
    }


def _change_object(row: PlanRow) -> dict[str, Any]:
    return {
        "job": row.job,
        "variant": row.variant,
        "before": plain(row.before),
        "after": plain(row.after),
        "rule": row.rule,
        "why": row.why,
        "evidence": dict(row.evidence),
        "related": list(row.related),
    }


def _row_objects(rows: Sequence[RowOutcome]) -> list[dict[str, Any]]:
    return [
        {
            "job": row.job,
            "variant": row.variant,
            "outcome": row.outcome.value,
            "detail": row.detail,
            "hook": row.hook,
            "already": row.already,
        }
        for row in rows
    ]


def tally_of(plan: Plan, result: Result | None) -> Tally:
    """Return the outcomes; with a result they add up to the plan's rows, without one they are all zero."""
    return Tally() if result is None else complete(plan, result)


def report(plan: Plan, result: Result | None) -> dict[str, Any]:
    """Return the report under the names of the job system's own document; empty where it has none."""
    with suppress(ImportError, UnstickError):
        from unstick import backends

        return dict(backends.report(plan, result))
    return {}


def print_plan(source: str, plan: Plan, *, sql: bool) -> None:
    """Print the dry run: the rows with before -> after, what is left out and why, and the SQL."""
    if plan.rows:
        what = f"{safe(plan.action)} {count(len(plan.rows), 'row')}: {safe(plan.verb)}"
        say(f"{safe(source)} ({safe(plan.profile)}): {what}")
        with_variant = any(row.variant for row in plan.rows)
        head = ("JOB", "VARIANT", "WHY", "CHANGE") if with_variant else ("JOB", "WHY", "CHANGE")
        rows = [(row.job, row.variant, row.why, change_words(row)) for row in plan.rows]
        table(head, rows if with_variant else [(job, *rest) for job, _, *rest in rows], indent="  ")
    if plan.left_out:
        say(f"left out {count(len(plan.left_out), 'row')}:")
        table(("JOB", "WHY NOT"), [(_ref(row), row.reason) for row in plan.left_out], indent="  ")
    if sql and plan.rows:
        say("SQL:")
        for statement in plan.sql:
            for line in block(statement):
                say(f"  {line}".rstrip())
    if plan.rows and plan.hook:
        say(f"afterwards calls {safe(plan.hook)}, {hook_times(len(plan.rows))}")
    if plan.rows:
        say(f"plan {plan.id}")
        for warning in plan.warnings:
            narrate(f"note: {safe(warning, 1000)}")


def change_words(row: PlanRow) -> str:
    """Return what changes in a row, and what goes with it."""
    words = [image_words(row.before, row.after)] if row.before or row.after else []
    return "; ".join([*words, *(safe(each) for each in row.related)])


def image_words(before: Image, after: Image) -> str:
    """Return `status: running -> failed, ...`, or that a row is deleted or made."""
    if not after:
        return "delete"
    if not before:
        return "insert"
    told = map(as_words, differences(before, after))
    return ", ".join(f"{safe(name)}: {_value(old)} -> {_value(new)}" for name, old, new in told)


def _value(text: str | None) -> str:
    return "NULL" if text is None else safe(text, 120)


def _ref(row: Any) -> str:
    return f"{row.job}/{row.variant}" if row.variant else str(row.job)


def counts_words(counts: Tally) -> str:
    """Return `3 applied, 1 drifted`."""
    words = [f"{number} {name}" for name, number in counts.as_dict().items() if number]
    return ", ".join(words) or "nothing"


def print_standing(rows: Sequence[RowOutcome]) -> None:
    """Print which rows of a saved plan would not be changed any more, and why."""
    others = [row for row in rows if row.detail]
    if others:
        say(f"no longer as planned: {len(others)} of {count(len(rows), 'row')}")
        table(("JOB", "NOW", "DETAIL"), [(_ref(row), _now(row), row.detail) for row in others], indent="  ")


def _now(row: RowOutcome) -> str:
    if row.already:
        return "applied"
    return "gone" if row.outcome is Outcome.MISSING else "moved on"


def print_result(plan: Plan, result: Result, undo: str) -> None:
    """Print what became of the plan's rows; those that were applied only as a number. `undo` is the command
    that puts them back."""
    others = [row for row in result.rows if row.outcome is not Outcome.APPLIED or due(row.hook)]
    if others:
        table(("JOB", "OUTCOME", "DETAIL"), [(_ref(row), row.outcome, detail_words(row)) for row in others])
    counts = tally_of(plan, result)
    say(f"{safe(plan.action)}: {counts_words(counts)} of {count(len(plan.rows), 'row')}")
    if hooks := counted_words(row.hook for row in result.rows):
        say(f"hooks: {hooks}")
    already = sum(row.already for row in result.rows)
    if already:
        now = "nothing was changed now; " if already == counts.applied else ""
        verb = "was" if already == 1 else "were"
        say(f"{now}{count(already, 'row')} {verb} already applied by operation {safe(result.operation)}")
    if result.operation and counts.applied:
        say(f"operation {safe(result.operation)} (put back with: {undo})")


def detail_words(row: RowOutcome | OperationRow) -> str:
    """Return a row's detail and what became of its hook."""
    return "; ".join(part for part in (row.detail, row.hook and f"hook {row.hook}") if part)


def print_report(found: Mapping[str, Any]) -> None:
    """Print the document's own report."""
    pairs([(name, _report_value(value)) for name, value in found.items()])


def _report_value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(safe(each) for each in value) or "none"
    return str(plain(value)) if value is not None else "none"
