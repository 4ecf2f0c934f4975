"""Undo: an operation's images turned round into a plan, and the apply of such a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.outcome import OperationRow, Outcome, RowOutcome
from unstick.recovery.plan import Change, LeftOut, PlanRow

from . import statements
from .entity import EntitySql
from .errors import is_busy, is_deadlock, is_lost, said
from .following import PREFIX
from .journal import INTENDED, Entry, reverse
from .undo_checks import Target, at, moved_rows, target, without_moved

BATCH = 500
PUT_BACK = "put back"


def plan_rows(
    connection: sa.Connection, tables: Mapping[str, EntitySql], done: Sequence[OperationRow]
) -> tuple[list[PlanRow], list[LeftOut]]:
    """Turn an operation's rows round; rows that moved on since, or were undone already, are left out."""
    turned: list[PlanRow] = []
    left: list[LeftOut] = []
    for row in done:
        main = main_change(row.changes)
        if row.outcome == INTENDED:
            left.append(
                LeftOut(row.job, "it is being changed, or nobody knows yet whether it was", row.variant)
            )
        if row.outcome != Outcome.APPLIED.value:
            continue
        if row.undone_by:
            left.append(LeftOut(row.job, f"already undone by operation {row.undone_by}", row.variant))
        elif main is None or main.table not in tables:
            left.append(LeftOut(row.job, "the journal has no image of the row", row.variant))
        else:
            turned.append(_plan_row(row, main))
    rows: list[PlanRow] = []
    for entity, batch in _batches(tables, turned):
        moved = moved_rows(connection, entity, batch, lock=False)
        left += [LeftOut(batch[index].job, how.detail, batch[index].variant) for index, how in moved.items()]
        still = [row for index, row in enumerate(batch) if index not in moved]
        still = without_moved(connection, entity, still, lock=False)
        rows += [_shown(entity, row) for row in still]
    return rows, left


def main_change(changes: Sequence[Change]) -> Change | None:
    """Return the change of the job's own row among those of an operation row."""
    return next((change for change in reversed(changes) if ":" not in change.table), None)


def _batches(
    tables: Mapping[str, EntitySql], rows: Sequence[PlanRow]
) -> Iterator[tuple[EntitySql, list[PlanRow]]]:
    for name in dict.fromkeys(row.table for row in rows):
        mine = [row for row in rows if row.table == name]
        for start in range(0, len(mine), BATCH):
            yield tables[name], mine[start : start + BATCH]


def _plan_row(row: OperationRow, main: Change) -> PlanRow:
    before, after = dict(main.before or {}), dict(main.after or {})
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return PlanRow(
        job=row.job,
        table=main.table,
        key=main.key,
        token=after,
        before={name: after.get(name) for name in names if name in after},
        after={name: before.get(name) for name in names if name in before},
        variant=row.variant,
        reason="undo",
        why="take the undo back" if row.detail == PUT_BACK else f"put back what was {row.detail}",
        changes=reverse(row.changes),
    )


def _shown(entity: EntitySql, row: PlanRow) -> PlanRow:
    # A column may be gone by now: a migration that was rolled back took it away.
    before = {name: value for name, value in row.before.items() if name in entity.infos}
    after = {name: value for name, value in row.after.items() if name in entity.infos}
    return replace(row, before=before, after=after, related=_others(row.changes))


def _others(changes: Sequence[Change]) -> tuple[str, ...]:
    told = [change for change in changes if ":" in change.table and change.before != change.after]
    others = [f"{change.op} {change.table.partition(':')[2]}" for change in told]
    return tuple(f"{others.count(text)} × {text}" for text in dict.fromkeys(others))


def apply_rows(
    connection: sa.Connection, entity: EntitySql, rows: Sequence[tuple[int, PlanRow]], now: datetime
) -> list[tuple[RowOutcome, Entry]]:
    """Put rows (with their numbers in the plan) and what belongs to them back, each one all or nothing."""
    moved = moved_rows(connection, entity, [row for _, row in rows], lock=True)
    still = [row for index, (_, row) in enumerate(rows) if index not in moved]
    still = without_moved(connection, entity, still, lock=True)
    put_back = {row.ref: row for row in still}
    with entity.engine.exact_times(connection):
        refused = _write_together(connection, entity, still)
    done = []
    for index, (number, row) in enumerate(rows):
        if index in moved:
            outcome, detail = moved[index].outcome, moved[index].detail
        else:
            outcome, detail = refused.get(row.ref, (Outcome.APPLIED, PUT_BACK))
        changes = put_back[row.ref].changes if outcome is Outcome.APPLIED else ()
        entry = Entry(number, row, outcome, detail, now, changes)
        done.append((RowOutcome(row.job, outcome, detail, row.variant), entry))
    return done


def _write_together(
    connection: sa.Connection, entity: EntitySql, rows: Sequence[PlanRow]
) -> dict[Any, tuple[Outcome, str]]:
    """Write all rows at once; when one conflicts, each behind a savepoint. Returns the refused ones by
    `ref`."""
    try:
        with connection.begin_nested():
            _write(connection, entity, rows)
        return {}
    except sa.exc.DBAPIError as error:
        if is_lost(error) or is_deadlock(error):
            raise
    refused: dict[Any, tuple[Outcome, str]] = {}
    for row in rows:
        try:
            with connection.begin_nested():
                _write(connection, entity, [row])
        except sa.exc.DBAPIError as error:
            if is_lost(error) or is_deadlock(error):
                raise
            refused[row.ref] = (
                Outcome.BUSY if is_busy(error) else Outcome.FAILED,
                f"the database refused: {said(error)}",
            )
    return refused


def _write(connection: sa.Connection, entity: EntitySql, rows: Sequence[PlanRow]) -> None:
    """Write the changes table by table in the order that every row has: parents come before children."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for row in rows:
        for change in row.changes:
            groups.setdefault((change.table, change.op), []).append(change)
    for (table, op), changes in groups.items():
        where = target(entity, table)
        if op == "delete":
            connection.execute(sa.delete(where.table).where(at(where, [change.key for change in changes])))
        elif op == "insert":
            infos = list(where.info.columns.values())
            images = [change.after or {} for change in changes]
            statements.insert_rows(connection, where.table, infos, images, entity)
        else:
            _update(connection, where, changes)


def _update(connection: sa.Connection, where: Target, changes: Sequence[Change]) -> None:
    """Write columns back: changes of the same columns travel in one call."""
    together: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        if names := written(where, change):
            together.setdefault(names, []).append(change)
    for names, some in together.items():
        statements.update_rows(connection, where.table, where.info, where.key, names, some, where.entity)


def written(where: Target, change: Change) -> tuple[str, ...]:
    """Return the columns that putting a row back writes."""
    before, after = change.before or {}, change.after or {}
    if change.table.startswith(PREFIX):
        # The triggers have been at it again meanwhile.
        return tuple(name for name in after if name in where.info.columns)
    changed = [name for name in after if before.get(name) != after[name] and name in where.info.columns]
    # A column that the database touches by itself must be written, or it is touched again.
    touched = [name for name, info in where.info.columns.items() if info.touched and name in after]
    return tuple(dict.fromkeys((*changed, *touched)))
