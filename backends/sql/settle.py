"""Settles what a crash left open in the local journal: did the chunk commit? The rows themselves know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from unstick.recovery.model import Image, JobId, Scalar, VariantId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Change

from . import journal_reading, undo, undo_checks
from .entity import EntitySql
from .journal import INTENDED, Journal, abandoned, changes_of, instant, moment, remove_empty
from .journal_tables import HISTORY, OPERATIONS, ROWS

UNKNOWN = "the console died while this was committed and the row has moved on since: look at the job"
_LOCKED = "locked"
"""Somebody holds the row: perhaps the transaction in question, whose end the server has not noticed yet."""


def waiting(journal: Journal) -> list[Any]:
    """Return the intentions that nobody is at work on any more."""
    found = journal_reading.intentions(journal)
    return [row for row in found if abandoned(row.operation, row.row_number, row.process)]


def settle(
    connection: sa.Connection, tables: Mapping[str, EntitySql], journal: Journal, *, locking: bool
) -> None:
    """Give abandoned intentions their true outcome.

    That a change came true can be seen without a lock. That it did not is only certain while we hold the
    row's lock ourselves: without `locking`, and for a row that somebody holds, the question stays open.
    """
    for row in waiting(journal):
        changes = changes_of(row.changes)
        if locking:
            with connection.begin():
                verdict = _came_true(connection, tables, changes, lock=True)
        else:
            verdict = _came_true(connection, tables, changes, lock=False) or _LOCKED
        if not isinstance(verdict, str):
            with journal.on(None) as where:
                _write(where, tables, journal, row, verdict)


def _came_true(
    connection: sa.Connection, tables: Mapping[str, EntitySql], changes: tuple[Change, ...], *, lock: bool
) -> bool | str | None:
    """Whether the change was committed; None when the row is neither as before nor as after."""
    main = undo.main_change(changes)
    if main is None or main.table not in tables:
        return None
    where = undo_checks.target(tables[main.table], main.table)
    names = tuple(main.after or main.before or ())
    current, there = undo_checks.current(connection, where, main.key, names, lock=lock)
    if current is None:
        return _LOCKED if there else _absent(main)
    if main.after is not None and all(current.get(name) == value for name, value in main.after.items()):
        return True
    same = main.before is not None and all(
        current.get(name, value) == value for name, value in main.before.items()
    )
    return False if same else None


def _absent(main: Change) -> bool | None:
    return True if main.after is None else False if main.before is None else None


def _write(
    where: sa.Connection, tables: Mapping[str, EntitySql], journal: Journal, row: Any, verdict: bool | None
) -> None:
    this = (ROWS.c.operation == row.operation) & (ROWS.c.row_number == row.row_number)
    this &= ROWS.c.outcome == INTENDED
    if verdict is False:
        where.execute(sa.delete(ROWS).where(this))
        remove_empty(where, row.operation)
        return
    values: dict[str, Any] = {"outcome": Outcome.APPLIED.value}
    if verdict is None:
        values = {"outcome": Outcome.FAILED.value, "detail": UNKNOWN}
    if where.execute(sa.update(ROWS).where(this).values(values)).rowcount and verdict:
        _facts(where, tables, journal, row)


def _facts(where: sa.Connection, tables: Mapping[str, EntitySql], journal: Journal, row: Any) -> None:
    """Write what follows from a change that came true, as its own process would have."""
    operation = where.execute(sa.select(OPERATIONS).where(OPERATIONS.c.id == row.operation)).one()
    if operation.undoes is not None:
        _mark_undone(where, operation.undoes, row)
        return
    main = undo.main_change(changes_of(row.changes))
    entity = tables.get(main.table) if main else None
    action = entity.spec.actions.get(operation.action) if entity else None
    if main is not None and entity is not None and action is not None and action.attempt:
        status = entity.spec.status
        statuses = {"from_status": _text(main.before, status), "to_status": _text(main.after, status)}
        where.execute(sa.insert(HISTORY).values(_attempt(journal, operation, row) | statuses))


def _mark_undone(where: sa.Connection, undone: str, row: Any) -> None:
    same = (ROWS.c.operation == undone) & (ROWS.c.job == row.job)
    same &= ROWS.c.variant.is_(None) if row.variant is None else ROWS.c.variant == row.variant
    where.execute(sa.update(ROWS).where(same).values(undone_by=row.operation))


def _text(image: Image | None, name: str | None) -> str | None:
    value: Scalar = image.get(name) if image and name else None
    return None if value is None else str(value)


def _attempt(journal: Journal, operation: Any, row: Any) -> dict[str, Any]:
    return {
        "database_name": journal.database,
        "profile": journal.profile,
        "job": JobId(row.job),
        "variant": VariantId(row.variant) if row.variant else None,
        "at": moment(instant(row.at)),
        "action": operation.action,
        "reason": "stuck" if operation.action == "recover" else f"manual_{operation.action}",
        "result": Outcome.APPLIED.value,
        "who": operation.operator,
        "operation": row.operation,
        "detail": operation.reason,
    }
