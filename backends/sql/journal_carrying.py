"""Carries journal and retry history from the local file into the database, or back.

Whatever is there already stays, so that carrying over twice is carrying over once. An operation whose outcome
is still open in the local file stays there until it is settled: only then is it known what to carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from unstick.recovery.outcome import Outcome

from .journal import INTENDED, Attempted, attempted
from .journal_file import local_engine, local_path
from .journal_tables import HISTORY, OPERATIONS, ROWS, TABLES, keeps_hooks, row_columns

_BATCH = 500
_ALL = frozenset(table.name for table in TABLES)
T = TypeVar("T")


@contextmanager
def local_file() -> Iterator[sa.Connection]:
    """A transaction on the local journal file; nobody else on this machine writes to it meanwhile."""
    engine = local_engine()
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def left_behind(database: str) -> tuple[int, frozenset[Attempted]]:
    """Return how many operations on the database the local file holds, and which attempts."""
    if not local_path().is_file():
        return 0, frozenset()
    with local_file() as local:
        mine = OPERATIONS.c.database_name == database
        number = local.execute(sa.select(sa.func.count()).select_from(OPERATIONS).where(mine)).scalar_one()
        made = local.execute(sa.select(HISTORY).where(HISTORY.c.database_name == database))
        return number, frozenset(attempted(row) for row in made)


def carry_in(local: sa.Connection, target: sa.Connection, database: str) -> list[str]:
    """Copy what the local file holds for a database into it; return the operations, for `forget`."""
    still_open = sa.select(ROWS.c.operation).where(ROWS.c.outcome == INTENDED)
    mine = sa.select(OPERATIONS.c.id).where(
        OPERATIONS.c.database_name == database, OPERATIONS.c.id.not_in(still_open)
    )
    settled = list(local.execute(mine.order_by(OPERATIONS.c.started_at, OPERATIONS.c.id)).scalars())
    _copy(local, target, database, settled)
    return settled


def forget(local: sa.Connection, operations: Sequence[str]) -> None:
    """Remove operations from the local file that are in the database now."""
    for some in _batched(operations, _BATCH):
        local.execute(sa.delete(HISTORY).where(HISTORY.c.operation.in_(some)))
        local.execute(sa.delete(ROWS).where(ROWS.c.operation.in_(some)))
        local.execute(sa.delete(OPERATIONS).where(OPERATIONS.c.id.in_(some)))


def carry_out(source: sa.Connection, local: sa.Connection, database: str, tables: frozenset[str]) -> None:
    """Copy all that the database's tables hold into the local file, under the name it has there."""
    columns = {OPERATIONS: OPERATIONS.c.id, ROWS: ROWS.c.operation, HISTORY: HISTORY.c.operation}
    found: dict[str, None] = {}
    for table in TABLES:
        if table.name in tables:
            found |= dict.fromkeys(source.execute(sa.select(columns[table]).distinct()).scalars())
    _copy(source, local, database, list(found), tables)


def _batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _copy(
    source: sa.Connection,
    target: sa.Connection,
    database: str,
    operations: Sequence[str],
    tables: frozenset[str] = _ALL,
) -> None:
    for some in _batched(operations, _BATCH):
        if OPERATIONS.name in tables:
            _operations(source, target, database, some)
        if HISTORY.name in tables:
            _history(source, target, database, some)
    if ROWS.name in tables and operations:
        hooked = keeps_hooks(source) and keeps_hooks(target)
        for operation in operations:
            _rows(source, target, operation, hooked=hooked)


def _operations(source: sa.Connection, target: sa.Connection, database: str, ids: Sequence[str]) -> None:
    wanted = sa.select(OPERATIONS).where(OPERATIONS.c.id.in_(ids))
    there = {row.id: row for row in target.execute(wanted)}
    rows = [dict(row) for row in source.execute(wanted).mappings()]
    new = [row | {"database_name": database} for row in rows if row["id"] not in there]
    if new:
        target.execute(sa.insert(OPERATIONS), new)
    for row in rows:
        if row["id"] in there and row["finished_at"] and not there[row["id"]].finished_at:
            same = OPERATIONS.c.id == row["id"]
            target.execute(sa.update(OPERATIONS).where(same).values(finished_at=row["finished_at"]))


def _history(source: sa.Connection, target: sa.Connection, database: str, ids: Sequence[str]) -> None:
    wanted = sa.select(HISTORY).where(HISTORY.c.operation.in_(ids)).order_by(HISTORY.c.id)
    there = {attempted(row) for row in target.execute(wanted)}
    new = [_new_attempt(row, database) for row in source.execute(wanted) if attempted(row) not in there]
    for some in _batched(new, _BATCH):
        target.execute(sa.insert(HISTORY), list(some))


def _new_attempt(row: Any, database: str) -> dict[str, Any]:
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    return values | {"database_name": database}


def _rows(source: sa.Connection, target: sa.Connection, operation: str, *, hooked: bool) -> None:
    """Copy an operation's rows. Where both have one, the one that changed the job is what an undo needs."""
    columns = row_columns(hooked=hooked)
    wanted = sa.select(*columns).where(ROWS.c.operation == operation).order_by(ROWS.c.row_number)
    known = sa.select(ROWS.c.row_number, ROWS.c.outcome, ROWS.c.undone_by)
    there = {row.row_number: row for row in target.execute(known.where(ROWS.c.operation == operation))}
    new = []
    for row in source.execute(wanted).mappings():
        before = there.get(row["row_number"])
        this = (ROWS.c.operation == operation) & (ROWS.c.row_number == row["row_number"])
        if before is not None and _better(row, before):
            target.execute(sa.delete(ROWS).where(this))
            before = None
        if before is None:
            new.append(dict(row))
        elif row["undone_by"] and not before.undone_by:
            target.execute(sa.update(ROWS).where(this).values(undone_by=row["undone_by"]))
    for some in _batched(new, _BATCH):
        target.execute(sa.insert(ROWS), list(some))


def _better(row: Any, before: Any) -> bool:
    return bool(row["outcome"] == Outcome.APPLIED.value and before.outcome != Outcome.APPLIED.value)
