"""Settles what a crash left open in the local journal: did the chunk commit? The rows themselves know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from unstick.recovery.model import JobId, VariantId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Change

from . import journal_reading, keys, undo
from .entity import EntitySql
from .journal import INTENDED, Journal, changes_of, instant, moment, process_lives, process_name
from .journal_tables import HISTORY, OPERATIONS, ROWS

UNKNOWN = "the console died while this was committed and the row has moved on since: look at the job"


def settle(
    connection: sa.Connection, tables: Mapping[str, EntitySql], journal: Journal, *, own: bool = False
) -> int:
    """Give every abandoned intention its true outcome, this process's own too when `own`. Returns how
    many."""
    settled = 0
    for row in journal_reading.intentions(journal):
        if process_lives(row.process) or (row.process == process_name() and not own):
            continue
        verdict = _came_true(connection, tables, changes_of(row.changes))
        with journal.on(None) as where:
            _write(where, journal, row, verdict)
        settled += 1
    return settled


def _came_true(
    connection: sa.Connection, tables: Mapping[str, EntitySql], changes: tuple[Change, ...]
) -> bool | None:
    """Whether the change was committed; None when the row is neither as before nor as after."""
    main = next((change for change in reversed(changes) if ":" not in change.table), None)
    if main is None or main.table not in tables:
        return None
    where = undo.target(tables[main.table], main.table)
    names = tuple(main.after or main.before or ())
    current = _now(connection, where, main, names)
    if current is None:
        return True if main.after is None else None
    if main.after is not None and all(current.get(name) == value for name, value in main.after.items()):
        return True
    same = main.before is not None and all(
        current.get(name, value) == value for name, value in main.before.items()
    )
    return False if same else None


def _now(connection: sa.Connection, where: undo.Target, main: Change, names: tuple[str, ...]) -> Any:
    engine = where.entity.engine
    images = [engine.image(where.table.c[name], where.info.columns[name]).label(name) for name in names]
    at = keys.key_in(engine, where.info.columns, where.key, [main.key], where.table.c.__getitem__)
    rows = where.entity.rows(connection.execute(sa.select(*images).where(at)))
    return rows[0] if rows else None


def _write(where: sa.Connection, journal: Journal, row: Any, verdict: bool | None) -> None:
    this = (ROWS.c.operation == row.operation) & (ROWS.c.row_number == row.row_number)
    this &= ROWS.c.outcome == INTENDED
    if verdict is False:
        where.execute(sa.delete(ROWS).where(this))
        return
    values: dict[str, Any] = {"outcome": Outcome.APPLIED.value}
    if verdict is None:
        values = {"outcome": Outcome.FAILED.value, "detail": UNKNOWN}
    where.execute(sa.update(ROWS).where(this).values(values))
    if verdict:
        operation = where.execute(sa.select(OPERATIONS).where(OPERATIONS.c.id == row.operation)).one()
        where.execute(sa.insert(HISTORY).values(_attempt(journal, operation, row)))


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
