"""Undo: an operation's images turned round into a plan, and the apply of such a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import PlanError
from unstick.recovery.model import Image, Scalar
from unstick.recovery.outcome import OperationRow, Outcome, RowOutcome
from unstick.recovery.plan import Change, LeftOut, Plan, PlanRow

from . import keys, statements
from .engines.base import TableInfo
from .entity import EntitySql
from .errors import is_busy, is_deadlock, is_lost
from .journal import Entry, reverse
from .relations import table_of


@dataclass(frozen=True, slots=True)
class Target:
    """The table that a change is about."""

    entity: EntitySql
    table: sa.Table
    info: TableInfo
    key: tuple[str, ...]


class _Moved(Exception):
    """The row is no longer as the operation left it; the text says how."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


def target(entity: EntitySql, name: str) -> Target:
    """Return the table for a change's name. Raises PlanError when the profile has it no longer."""
    kind, colon, rest = name.partition(":")
    if not colon:
        return Target(
            entity, entity.table, TableInfo(entity.place[1], entity.place[0], entity.infos), entity.key
        )
    if kind == "child" and rest in entity.children:
        child = entity.children[rest]
        table, info = table_of(entity, entity.child_place(child))
        return Target(entity, table, info, child.key)
    for action in entity.spec.actions.values():
        for related in action.related:
            if kind == "related" and related.name == rest:
                table, info = table_of(entity, entity.layout.place(related.table, related.table_schema))
                return Target(entity, table, info, related.key)
    raise PlanError(f"the profile no longer knows {name}, which this operation changed; it can't be undone")


def plan_rows(
    connection: sa.Connection, tables: Mapping[str, EntitySql], done: Sequence[OperationRow]
) -> tuple[list[PlanRow], list[LeftOut]]:
    """Turn an operation's rows round; rows that moved on since, or were undone already, are left out."""
    rows: list[PlanRow] = []
    left: list[LeftOut] = []
    for row in done:
        if row.outcome != Outcome.APPLIED.value:
            continue
        if row.undone_by:
            left.append(LeftOut(row.job, f"already undone by operation {row.undone_by}", row.variant))
            continue
        main = next((change for change in reversed(row.changes) if ":" not in change.table), None)
        if main is None or main.table not in tables:
            left.append(LeftOut(row.job, "the journal has no image of the row", row.variant))
            continue
        changes = reverse(row.changes)
        try:
            for change in changes:
                _check(connection, target(tables[main.table], change.table), change, lock=False)
        except _Moved as moved:
            left.append(LeftOut(row.job, moved.detail, row.variant))
            continue
        rows.append(_plan_row(row, main, changes))
    return rows, left


def _plan_row(row: OperationRow, main: Change, changes: tuple[Change, ...]) -> PlanRow:
    before, after = dict(main.before or {}), dict(main.after or {})
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    others = [f"{change.op} {change.table.partition(':')[2]}" for change in changes if ":" in change.table]
    return PlanRow(
        job=row.job,
        table=main.table,
        key=main.key,
        token=after,
        before={name: after.get(name) for name in names if name in after},
        after={name: before.get(name) for name in names if name in before},
        variant=row.variant,
        reason="undo",
        why=f"put back what was {row.detail}",
        related=tuple(f"{others.count(text)} × {text}" for text in dict.fromkeys(others)),
        changes=changes,
    )


def apply_row(
    connection: sa.Connection, entity: EntitySql, plan: Plan, row: PlanRow, number: int, now: datetime
) -> tuple[RowOutcome, Entry]:
    """Put one row and what belongs to it back, all or nothing."""
    try:
        with connection.begin_nested():
            for change in row.changes:
                where = target(entity, change.table)
                _check(connection, where, change, lock=True)
                _write(connection, where, change)
        outcome, detail, changes = Outcome.APPLIED, "put back", row.changes
    except _Moved as moved:
        outcome, detail, changes = moved.outcome, moved.detail, ()
    except sa.exc.DBAPIError as error:
        if is_lost(error) or is_deadlock(error):
            raise
        said = str(getattr(error, "orig", error)).splitlines()[0][:300]
        busy = is_busy(error)
        outcome, detail, changes = (
            (Outcome.BUSY if busy else Outcome.FAILED),
            f"the database refused: {said}",
            (),
        )
    entry = Entry(number, row, outcome, detail, now, changes)
    return RowOutcome(row.job, outcome, detail, row.variant), entry


def _check(connection: sa.Connection, where: Target, change: Change, *, lock: bool) -> None:
    """Raise _Moved unless the row is as the operation left it."""
    names = tuple(change.before or change.key)
    current = _current(connection, where, change.key, names, lock=lock)
    if change.op == "insert":
        if current is not None:
            raise _Moved(
                Outcome.DRIFTED, f"exists again in {where.table.name}: it was created anew meanwhile"
            )
        return
    if current is None:
        exists = lock and _current(connection, where, change.key, (), lock=False) is not None
        raise (
            _Moved(Outcome.BUSY, "locked by somebody else") if exists else _Moved(Outcome.MISSING, "deleted")
        )
    for name, value in (change.before or {}).items():
        if name in current and current[name] != value:
            raise _Moved(Outcome.DRIFTED, f"moved on since: {name} {_short(value)} → {_short(current[name])}")


def _short(value: Scalar) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _current(
    connection: sa.Connection, where: Target, key: Image, names: Sequence[str], *, lock: bool
) -> Image | None:
    engine = where.entity.engine
    known = [name for name in dict.fromkeys((*where.key, *names)) if name in where.info.columns]
    images = [engine.image(where.table.c[name], where.info.columns[name]).label(name) for name in known]
    statement = sa.select(*images).where(_at(where, key))
    if lock:
        statement = engine.lock(statement, skip_locked=where.entity.skip_locked)
    rows = where.entity.rows(connection.execute(statement))
    return rows[0] if rows else None


def _at(where: Target, key: Image) -> Any:
    return keys.key_in(where.entity.engine, where.info.columns, where.key, [key], where.table.c.__getitem__)


def _write(connection: sa.Connection, where: Target, change: Change) -> None:
    engine = where.entity.engine
    if change.op == "insert":
        infos = list(where.info.columns.values())
        statements.insert_row(connection, where.table, infos, change.after or {}, where.entity)
    elif change.op == "delete":
        connection.execute(sa.delete(where.table).where(_at(where, change.key)))
    else:
        before, after = change.before or {}, change.after or {}
        changed = [name for name in after if before.get(name) != after[name]]
        # A column that the database touches by itself must be written, or it is touched again.
        changed += [n for n, i in where.info.columns.items() if i.touched and n in after and n not in changed]
        if changed:
            values = {name: engine.restore(after[name], where.info.columns[name]) for name in changed}
            connection.execute(sa.update(where.table).where(_at(where, change.key)).values(values))
