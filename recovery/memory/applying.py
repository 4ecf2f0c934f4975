"""Changes planned rows in a memory store: compare tokens, re-check the rule, change."""

from __future__ import annotations

from ..model import JobId
from ..outcome import Outcome, RowOutcome
from ..plan import Change, Op, Plan, PlanRow
from .planning import NOW, changed, drift, token
from .store import JOBS, Store, decode, encode, row_of
from .system import MemoryAction, MemorySystem
from .view import View

Applied = tuple[RowOutcome, tuple[Change, ...]]


def apply_row(store: Store, view: View, system: MemorySystem, plan: Plan, row: PlanRow) -> Applied:
    """Change one row if it is still what the plan saw, and return its outcome with the exact changes."""
    if row.job in store.locked:
        return _left(row, Outcome.BUSY, "locked by another connection")
    if row.job in store.broken:
        return _left(row, Outcome.FAILED, store.broken[row.job])
    if row.changes:
        return _put_back(store, row)
    action = system.action(plan.action, variant=row.variant is not None)
    if action is None:
        return _left(row, Outcome.FAILED, f"{system.name} has no action {plan.action}")
    if not row_of(store, row.ref):
        return _left(row, Outcome.MISSING, "deleted since the plan")
    moved = _moved(store, view, action, row)
    if moved:
        return _left(row, Outcome.DRIFTED, moved)
    return RowOutcome(row.job, Outcome.APPLIED, variant=row.variant, related=row.related), _change(
        store, action, row
    )


def _left(row: PlanRow, outcome: Outcome, detail: str) -> Applied:
    return RowOutcome(row.job, outcome, detail, row.variant), ()


def _moved(store: Store, view: View, action: MemoryAction, row: PlanRow) -> str:
    current = row_of(store, row.ref)
    if moved := drift(row.token, token(store, view, row.ref)):
        return moved
    if refused := action.refuses(str(current["status"])):
        return refused
    verdict = view.verdict(current) if row.variant is None else view.verdict_of_variant(current)
    if action.info.only_stuck and verdict is None:
        return "not stuck any more"
    return ""


def _change(store: Store, action: MemoryAction, row: PlanRow) -> tuple[Change, ...]:
    current = row_of(store, row.ref)
    before = encode(current)
    if action.to_status is None:
        gone = [
            Change(table, "delete", {"id": key}, encode(child), None)
            for table, key, child in store.children(row.job)
        ]
        store.remove(row.job)
        return (*gone, Change(JOBS, "delete", row.key, before, None))
    now = store.clock()
    for name, value in changed(current, action).items():
        current[name] = now if value == NOW else value
    return (Change(row.table, "update", row.key, before, encode(current)),)


def inverse(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes that put these back, in the order that keeps parents before children."""
    turned: dict[Op, Op] = {"update": "update", "insert": "delete", "delete": "insert"}
    return tuple(
        Change(change.table, turned[change.op], change.key, change.after, change.before)
        for change in reversed(changes)
    )


def blocked(store: Store, changes: tuple[Change, ...]) -> tuple[Outcome, str] | None:
    """Return why these exact changes can't be made any more, or None when every row is as they expect."""
    deleted = {(change.table, _id(change)) for change in changes if change.op == "delete"}
    for change in changes:
        current = store.tables[change.table].get(_id(change))
        if change.before is None:
            if current is not None:
                return Outcome.DRIFTED, f"{change.table} {_id(change)} is there again"
        elif current is None:
            return Outcome.MISSING, f"{change.table} {_id(change)} was deleted since"
        elif encode(current) != change.before:
            return Outcome.DRIFTED, drift(change.before, encode(current))
    for table, key in deleted:
        if table == JOBS and any((t, k) not in deleted for t, k, _ in store.children(JobId(key))):
            return Outcome.DRIFTED, "new rows hang on the job"
    return None


def _put_back(store: Store, row: PlanRow) -> Applied:
    if obstacle := blocked(store, row.changes):
        return _left(row, *obstacle)
    for change in row.changes:
        if change.after is None:
            del store.tables[change.table][_id(change)]
        else:
            store.tables[change.table][_id(change)] = decode(change.after)
    return RowOutcome(row.job, Outcome.APPLIED, variant=row.variant), row.changes


def _id(change: Change) -> str:
    return str(change.key["id"])
