"""Putting demo rows into a database of any of the three engines, with times from that database's clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from unstick.backends.demo.ddl import Dialect, dialect_of
from unstick.backends.demo.rows import Clock, Kind, Moment, SeedRow, SystemColumns, columns_of

_BATCH = 500

# A bind may not bear the name of a column of the same INSERT.
_PREFIX = "p_"
_SQLITE_TIMES: dict[Clock, str] = {
    "naive_utc": "%Y-%m-%d %H:%M:%S",
    "naive_micros": "%Y-%m-%d %H:%M:%f000",
    "zoned": "%Y-%m-%d %H:%M:%f000+00:00",
}
_RIVER_STATE = postgresql.ENUM(name="river_job_state", create_type=False)


def insert(connection: sa.Connection, system: str, rows: Iterable[SeedRow]) -> int:
    """Insert ``rows`` in their order and return how many; the caller commits.

    Every age becomes "now minus that many seconds" by the clock of the database, whatever the time zone of
    the session or of this machine.
    """
    columns = columns_of(system)
    dialect = dialect_of(connection.dialect.name)
    count = 0
    with _utc_session(connection, dialect):
        text_of = _moments(_now(connection, dialect))
        for _, group in groupby(rows, key=_shape):
            alike = list(group)
            statement = _statement(columns, dialect, alike[0])
            for start in range(0, len(alike), _BATCH):
                batch = alike[start : start + _BATCH]
                parameters = [_parameters(columns, dialect, row, text_of) for row in batch]
                connection.execute(statement, parameters)
            count += len(alike)
    if dialect == "postgresql":
        # The others count on from the highest number by themselves.
        for table, column in columns.serials.items():
            connection.execute(_go_on_counting(table, column))
    return count


def _go_on_counting(table: str, column: str) -> sa.Select[Any]:
    highest = sa.select(sa.func.max(sa.column(column))).select_from(sa.table(table)).scalar_subquery()
    sequence = sa.func.pg_get_serial_sequence(table, column)
    return sa.select(sa.func.setval(sa.cast(sequence, postgresql.REGCLASS), sa.func.coalesce(highest, 1)))


def _now(connection: sa.Connection, dialect: Dialect) -> datetime:
    """The database's own now, in UTC, without a zone."""
    zero: sa.ColumnElement[Any] = sa.literal(0.0, sa.Double())
    found: Any = connection.scalar(sa.select(ago(dialect, "naive_micros", zero)))
    return datetime.fromisoformat(found) if isinstance(found, str) else found


def _moments(now: datetime) -> Callable[[object], str]:
    """How JSON writes a ``Moment``."""

    def text_of(value: object) -> str:
        if not isinstance(value, Moment):
            raise TypeError(f"not for JSON: {value!r}")
        zone = timezone(timedelta(hours=value.hours))
        local = (now - timedelta(seconds=value.age)).replace(tzinfo=UTC).astimezone(zone)
        offset = local.isoformat()[-6:] if value.hours else "Z"
        return f"{local:%Y-%m-%dT%H:%M:%S.%f}417{offset}"

    return text_of


def ago(dialect: Dialect, clock: Clock, seconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """SQL for the database's now minus ``seconds``, as a column of that clock holds it; NULL gives NULL.

    On MySQL it holds in a session whose time zone is +00:00, which ``insert`` sees to.
    """
    if dialect == "postgresql":
        now = sa.func.now() if clock == "zoned" else sa.func.timezone("utc", sa.func.now())
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
    return sa.func.strftime(_SQLITE_TIMES[clock], "now", modifier)


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
        is_text = isinstance(value, bytes) and kinds.get(name) != "bytes"
        values[name] = sa.cast(bind, sa.Text()) if is_text else bind
    for name in row.ages:
        seconds: sa.BindParameter[Any] = sa.bindparam(_PREFIX + name, type_=sa.Double())
        values[name] = ago(dialect, columns.clocks.get((row.table, name), columns.clock), seconds)
    return table.insert().values(values)


def _bind(dialect: Dialect, name: str, kind: Kind | None) -> sa.ColumnElement[Any]:
    text = sa.bindparam(name, type_=sa.Text())
    uuid = sa.Uuid(as_uuid=False)
    if kind is None or kind == "json text" or dialect != "postgresql":
        return sa.bindparam(name)
    if kind == "json":
        return sa.cast(text, postgresql.JSON())
    if kind == "json[]":
        texts = sa.bindparam(name, type_=postgresql.ARRAY(sa.Text()))
        return sa.cast(texts, postgresql.ARRAY(postgresql.JSONB()))
    if kind in ("text[]", "uuid[]"):
        return sa.bindparam(name, type_=postgresql.ARRAY(uuid if kind == "uuid[]" else sa.Text()))
    if kind == "bits":
        return sa.cast(text, postgresql.BIT(8))
    if kind == "river state":
        return sa.cast(text, _RIVER_STATE)
    return sa.bindparam(name, type_=uuid if kind == "uuid" else sa.LargeBinary())


def _parameters(
    columns: SystemColumns, dialect: Dialect, row: SeedRow, text_of: Callable[[object], str]
) -> dict[str, Any]:
    kinds = columns.kinds.get(row.table, {})
    found: dict[str, Any] = {_PREFIX + name: age for name, age in row.ages.items()}
    for name, value in row.values.items():
        found[_PREFIX + name] = _parameter(dialect, kinds.get(name), value, text_of)
    return found


def _parameter(dialect: Dialect, kind: Kind | None, value: Any, text_of: Callable[[object], str]) -> Any:
    def dumped(document: object) -> str:
        return json.dumps(document, ensure_ascii=False, default=text_of)

    is_array = dialect == "postgresql" and kind in ("text[]", "uuid[]")
    if isinstance(value, (list, dict)) and kind is not None and not is_array:
        is_list = dialect == "postgresql" and kind == "json[]"
        return [dumped(one) for one in value] if is_list else dumped(value)
    if kind == "bits" and isinstance(value, int) and dialect == "postgresql":
        return f"{value:08b}"
    return value
