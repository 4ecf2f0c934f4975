"""The journal of a memory store: operations, their rows, the retry history, and plans that put them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ..errors import NotFound
from ..hooks_outcome import NOT_CALLED, due
from ..model import Attempt
from ..outcome import Operation, OperationRow, Outcome, RowOutcome, Tally
from ..plan import Change, LeftOut, Plan, PlanRow
from .applying import blocked, inverse
from .store import Entry, Store


def begin(store: Store, plan: Plan) -> str:
    """Journal the intention; the same plan again continues its operation."""
    for entry in store.journal.values():
        if entry.plan.id == plan.id:
            return entry.id
    entry = Entry(f"op-{len(store.journal) + 1:04}", plan, store.clock())
    store.journal[entry.id] = entry
    return entry.id


def find(store: Store, operation: str) -> Entry:
    """Return an operation of the journal."""
    if operation not in store.journal:
        raise NotFound(f"there is no operation {operation} in the journal; see `unstick operations`")
    return store.journal[operation]


def earlier(entry: Entry, row: PlanRow) -> RowOutcome | None:
    """Return the outcome of a row that this operation already changed."""
    known = entry.rows.get(row.ref)
    if known is None or known.outcome != Outcome.APPLIED:
        return None
    if known.undone_by:
        detail = f"applied and put back since by {known.undone_by}; make a new plan"
        return RowOutcome(row.job, Outcome.DRIFTED, detail, row.variant)
    return RowOutcome(row.job, Outcome.APPLIED, known.detail, row.variant, hook=known.hook, already=True)


def record_hooks(entry: Entry, outcomes: Mapping[int, str]) -> None:
    """Write what became of hooks: row number -> outcome."""
    for number, outcome in outcomes.items():
        ref = entry.plan.rows[number].ref
        entry.rows[ref] = replace(entry.rows[ref], hook=outcome)


def record(
    store: Store, entry: Entry, row: PlanRow, outcome: RowOutcome, changes: tuple[Change, ...]
) -> None:
    """Write the journal row, and for a changed row the retry history."""
    job = next((change for change in changes if change.table == row.table), None)
    now, plan = store.clock(), entry.plan
    entry.rows[row.ref] = OperationRow(
        job=row.job,
        outcome=outcome.outcome,
        detail=outcome.detail,
        at=now,
        variant=row.variant,
        before=job.before if job else None,
        after=job.after if job else None,
        changes=changes,
        hook=NOT_CALLED if job is not None and plan.hook else None,
        number=plan.rows.index(row),
        table=row.table,
        key=row.key,
    )
    if job is None:
        return
    status = {
        name: image and image.get("status") for name, image in (("from", job.before), ("to", job.after))
    }
    store.attempts.append(
        Attempt(
            job=row.job,
            at=now,
            action=plan.action,
            reason=row.reason,
            variant=row.variant,
            result=outcome.outcome.value,
            from_status=str(status["from"]) if status["from"] else None,
            to_status=str(status["to"]) if status["to"] else None,
            who=plan.options.operator or None,
            operation=entry.id,
        )
    )
    if plan.undoes is not None:
        _mark_undone(store, plan.undoes, row, entry.id)


def _mark_undone(store: Store, operation: str, row: PlanRow, by: str) -> None:
    undone = store.journal[operation]
    undone.rows[row.ref] = _with_undo(undone.rows[row.ref], by)
    first = store.journal.get(undone.plan.undoes or "")
    if first is not None:
        first.rows[row.ref] = _with_undo(first.rows[row.ref], None)


def _with_undo(row: OperationRow, by: str | None) -> OperationRow:
    return replace(row, undone_by=by)


def undo_rows(store: Store, entry: Entry) -> tuple[tuple[PlanRow, ...], tuple[LeftOut, ...]]:
    """Return what putting an operation back would change, and the rows that moved on since."""
    rows, left = [], []
    for known in _applied(entry):
        changes = inverse(known.changes)
        obstacle = blocked(store, changes)
        if known.undone_by:
            left.append(LeftOut(known.job, f"already put back by {known.undone_by}", known.variant))
        elif obstacle:
            left.append(LeftOut(known.job, obstacle[1], known.variant))
        else:
            rows.append(_undo_row(known, changes, entry))
    return tuple(rows), tuple(left)


def _applied(entry: Entry) -> Iterator[OperationRow]:
    return (row for row in entry.rows.values() if row.outcome == Outcome.APPLIED)


def _undo_row(known: OperationRow, changes: tuple[Change, ...], entry: Entry) -> PlanRow:
    before, after = known.after or {}, known.before or {}
    if before and after:
        names = [name for name in after if after[name] != before.get(name)]
        before = {name: before.get(name) for name in names}
        after = {name: after[name] for name in names}
    return PlanRow(
        job=known.job,
        table=known.table,
        key=known.key or {"id": known.job},
        token=known.after or {},
        before=before,
        after=after,
        variant=known.variant,
        reason="undo",
        why=f"puts back {entry.plan.action} of {entry.id}",
        related=tuple(f"{c.op} {c.table} {c.key['id']}" for c in changes if c.table != known.table),
        changes=changes,
    )


def operation(entry: Entry, *, with_rows: bool) -> Operation:
    """Return an entry as the port shows it."""
    counted = Counter(row.outcome for row in entry.rows.values())
    plan = entry.plan
    return Operation(
        id=entry.id,
        plan_id=plan.id,
        source=plan.source,
        profile=plan.profile,
        action=plan.action,
        operator=plan.options.operator,
        reason=plan.options.reason,
        started_at=entry.started_at,
        finished_at=entry.finished_at,
        planned=len(plan.rows),
        counts=Tally(**{outcome.value: counted[outcome.value] for outcome in Outcome}),
        unresolved=len(plan.rows) - len(entry.rows),
        undone=sum(1 for row in entry.rows.values() if row.undone_by),
        hooks_due=sum(1 for row in _applied(entry) if due(row.hook) and not row.undone_by),
        undoes=plan.undoes,
        rows=tuple(entry.rows.values()) if with_rows else (),
    )


def timeline(
    store: Store, since: datetime | None, until: datetime | None, after: Operation | None, limit: int
) -> tuple[Operation, ...]:
    """Return the operations of a window as the port shows them, oldest first."""
    entries = [
        entry
        for entry in sorted(store.journal.values(), key=_place)
        if (since is None or entry.started_at >= since)
        and (until is None or entry.started_at < until)
        and (after is None or _place(entry) > _place(after))
    ]
    return tuple(operation(entry, with_rows=False) for entry in entries[:limit])


def _place(entry: Entry | Operation) -> tuple[datetime, str]:
    return (entry.started_at, entry.id)
