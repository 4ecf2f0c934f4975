"""Putting demo rows into a database of any of the three engines, with times from that database's clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from unstick.backends.demo.ddl import Dialect, dialect_of
from unstick.backends.demo.rows import Clock, Kind, SeedRow, SystemColumns, columns_of

_BATCH = 500

# A bind may not bear the name of a column of the same INSERT.
_PREFIX = "p_"


def insert(connection: sa.Connection, system: str, rows: Iterable[SeedRow]) -> int:
    """Insert ``rows`` in their order and return how many; the caller commits.

    Every age becomes "now minus that many seconds" by the clock of the database, whatever the time zone of
    the session or of this machine.
    """
    columns = columns_of(system)
    dialect = dialect_of(connection.dialect.name)
    count = 0
    with _utc_session(connection, dialect):
        for _, group in groupby(rows, key=_shape):
            alike = list(group)
            statement = _statement(columns, dialect, alike[0])
            for start in range(0, len(alike), _BATCH):
                batch = alike[start : start + _BATCH]
                connection.execute(statement, [_parameters(columns, dialect, row) for row in batch])
            count += len(alike)
    return count


def ago(dialect: Dialect, clock: Clock, seconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """SQL for the database's now minus ``seconds``, as a column of that clock holds it; NULL gives NULL.

    On MySQL it holds in a session whose time zone is +00:00, which ``insert`` sees to.
    """
    if dialect == "postgresql":
        now = sa.func.timezone("utc", sa.func.now()) if clock == "naive_utc" else sa.func.now()
        age = sa.func.make_interval(0, 0, 0, 0, 0, 0, sa.cast(seconds, sa.Double()))
        return now - age
    if dialect == "mysql":
        now = (
            sa.func.utc_timestamp() if clock == "naive_utc" else sa.func.utc_timestamp(sa.literal_column("6"))
        )
        micros = sa.cast(seconds * -1_000_000, sa.BigInteger())
        return sa.func.timestampadd(sa.literal_column("MICROSECOND"), micros, now)
    # SQLite prints a NULL as 0, which would make it now.
    modifier = sa.case((seconds.is_not(None), sa.func.printf("%+.3f seconds", -seconds)))
    # SQLite counts milliseconds; the zeros make up the microseconds that other writers of such columns have.
    pattern = "%Y-%m-%d %H:%M:%S" if clock == "naive_utc" else "%Y-%m-%d %H:%M:%f000+00:00"
    return sa.func.strftime(pattern, "now", modifier)


@contextmanager
def _utc_session(connection: sa.Connection, dialect: Dialect) -> Iterator[None]:
    """MySQL takes what goes into a TIMESTAMP for local time of the session, so make that UTC meanwhile."""
    if dialect != "mysql":
        yield
        return
    before = connection.scalar(sa.text("SELECT @@session.time_zone"))
    connection.execute(sa.text("SET time_zone = '+00:00'"))
    try:
        yield
    finally:
        connection.execute(sa.text("SET time_zone = :zone"), {"zone": before})


def _shape(row: SeedRow) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Rows of one shape share a statement."""
    raw = tuple(name for name, value in row.values.items() if isinstance(value, bytes))
    return row.table, tuple(row.values), tuple(row.ages), raw


def _statement(columns: SystemColumns, dialect: Dialect, row: SeedRow) -> sa.Insert:
    kinds = columns.kinds.get(row.table, {})
    schema = columns.schemas.get(row.table) if dialect == "postgresql" else None
    table = sa.table(row.table, *map(sa.column, (*row.values, *row.ages)), schema=schema)
    values: dict[str, sa.ColumnElement[Any]] = {}
    for name, value in row.values.items():
        bind = _bind(dialect, _PREFIX + name, kinds.get(name))
        values[name] = sa.cast(bind, sa.Text()) if isinstance(value, bytes) else bind
    for name in row.ages:
        seconds: sa.BindParameter[Any] = sa.bindparam(_PREFIX + name, type_=sa.Double())
        values[name] = ago(dialect, columns.clock, seconds)
    return table.insert().values(values)


def _bind(dialect: Dialect, name: str, kind: Kind | None) -> sa.ColumnElement[Any]:
    if kind is None or dialect != "postgresql":
        return sa.bindparam(name)
    if kind == "json":
        return sa.cast(sa.bindparam(name, type_=sa.Text()), postgresql.JSON())
    uuid = sa.Uuid(as_uuid=False)
    if kind == "uuid":
        return sa.bindparam(name, type_=uuid)
    return sa.bindparam(name, type_=postgresql.ARRAY(uuid if kind == "uuid[]" else sa.Text()))


def _parameters(columns: SystemColumns, dialect: Dialect, row: SeedRow) -> dict[str, Any]:
    kinds = columns.kinds.get(row.table, {})
    found: dict[str, Any] = {_PREFIX + name: age for name, age in row.ages.items()}
    for name, value in row.values.items():
        kind = kinds.get(name)
        is_array = dialect == "postgresql" and kind in ("text[]", "uuid[]")
        if kind in ("json", "text[]", "uuid[]") and not is_array and isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False)
        found[_PREFIX + name] = value
    return found
