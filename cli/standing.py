"""Whether the rows of a saved plan are still as it saw them: asked of the database, nothing is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from unstick.recovery.outcome import Outcome, RowOutcome

if TYPE_CHECKING:
    from unstick.recovery.model import JobId, VariantId
    from unstick.recovery.plan import Plan, PlanRow
    from unstick.recovery.port import Backend

GONE = ("there is no such job", "deleted")
"""How a backend begins the reason for leaving out a row that isn't there."""
SEARCHED = 10_000
"""Operations since the plan was made among which its own is looked for."""
Ref = tuple["JobId", "VariantId | None"]


async def standing(backend: Backend, plan: Plan) -> tuple[RowOutcome, ...]:
    """Return for each row what an apply would make of it now: applied, drifted or missing."""
    already = await _already(backend, plan)
    again = await _again(backend, plan)
    now = {row.ref: row for row in again.rows}
    why = {(row.job, row.variant): row.reason for row in again.left_out}
    return tuple(already.get(row.ref) or _compare(row, now.get(row.ref), why) for row in plan.rows)


async def _again(backend: Backend, plan: Plan) -> Plan:
    """Return the same plan as the database would have it made now."""
    options = replace(plan.options, max_rows=None)
    if plan.undoes is not None:
        return await backend.plan_undo(plan.undoes, options)
    return await backend.plan(plan.action, list(dict.fromkeys(row.job for row in plan.rows)), options)


async def _already(backend: Backend, plan: Plan) -> dict[Ref, RowOutcome]:
    """Return the rows that this very plan has changed before, if it was applied."""
    found: dict[Ref, RowOutcome] = {}
    since = await backend.operations(SEARCHED, plan.made_at - timedelta(minutes=1))
    known = next((operation for operation in since if operation.plan_id == plan.id), None)
    if known is None:
        return found
    done = await backend.operation(known.id)
    for row in done.rows:
        if row.outcome != Outcome.APPLIED.value:
            continue
        ref = (row.job, row.variant)
        if row.undone_by:
            detail = f"this plan was applied and then undone by {row.undone_by}: make a new plan"
            found[ref] = RowOutcome(row.job, Outcome.DRIFTED, detail, row.variant)
        else:
            detail = f"already applied by operation {done.id}"
            found[ref] = RowOutcome(row.job, Outcome.APPLIED, detail, row.variant, already=True)
    return found


def _compare(row: PlanRow, now: PlanRow | None, why: dict[Ref, str]) -> RowOutcome:
    if now is None:
        reason = why.get(row.ref, GONE[0])
        gone = reason.startswith(GONE)
        outcome = Outcome.MISSING if gone else Outcome.DRIFTED
        return RowOutcome(row.job, outcome, "deleted" if gone else reason, row.variant)
    for name, value in row.token.items():
        if name in now.token and now.token[name] != value:
            detail = f"moved on: {name} {_words(value)} → {_words(now.token[name])}"
            return RowOutcome(row.job, Outcome.DRIFTED, detail, row.variant)
    return RowOutcome(row.job, Outcome.APPLIED, "", row.variant)


def _words(value: object) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}~"
