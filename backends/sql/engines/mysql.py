"""MySQL and MariaDB: the session keeps the server's own time zone, because the application's sessions do
too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.types import TypeEngine

from unstick.backends.profile.clock import Clock
from unstick.recovery.model import Scalar

from .base import ColumnInfo, Engine, Expr, RawType, TableInfo

_COLUMNS = """
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE = 'YES', EXTRA, COLUMN_TYPE
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA IN :schemas AND TABLE_NAME IN :names
ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
_KINDS = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), "int"),
    **dict.fromkeys(("float", "double"), "float"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"), "text"),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "binary"),
    "timestamp": "zoned_time",
    "datetime": "time",
    "json": "json",
    "bit": "bit",
    "uuid": "uuid",
}


class MySQL(Engine):
    """MySQL 8 and MariaDB 10.6 and later; older servers lock without SKIP LOCKED."""

    name = "mysql"

    def reflect(
        self, connection: sa.Connection, tables: Iterable[tuple[str | None, str]]
    ) -> dict[tuple[str | None, str], TableInfo]:
        wanted = list(tables)
        own = connection.execute(sa.select(sa.func.database())).scalar_one()
        statement = sa.text(_COLUMNS).bindparams(
            sa.bindparam("names", [n for _, n in wanted], expanding=True),
            sa.bindparam("schemas", [schema or own for schema, _ in wanted], expanding=True),
        )
        found: dict[tuple[str | None, str], TableInfo] = {}
        for row in connection.execute(statement):
            for key in (k for k in wanted if (k[0] or own, k[1]) == (row[0], row[1])):
                table = found.setdefault(key, TableInfo(key[1], key[0], {}))
                assert isinstance(table.columns, dict)
                table.columns[row[2]] = _column(row)
        return found

    def column_type(self, info: ColumnInfo) -> TypeEngine[Any]:
        if info.kind == "int":
            return sa.BigInteger()
        if info.kind == "float":
            return sa.Double()
        return (
            sa.Text() if info.kind in ("text", "json", "uuid", "time", "zoned_time") else RawType(info.type)
        )

    def epoch_now(self) -> Expr:
        # Not UNIX_TIMESTAMP(NOW()): that goes through the session's zone, where an hour a year comes twice.
        unit: Expr = sa.literal_column("MICROSECOND")
        micros = sa.func.timestampdiff(unit, sa.literal_column(_EPOCH), sa.func.utc_timestamp(6))
        return sa.cast(micros, sa.Double) / 1e6

    def age(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        now = self.epoch_now()
        if clock is Clock.EPOCH_S:
            return now - column
        if clock is Clock.EPOCH_MS:
            return now - column / 1000.0
        if clock is Clock.LOCAL or (info.kind == "zoned_time" and clock is not Clock.UTC):
            # 0 stands for what is no time or lies outside the range of UNIX_TIMESTAMP.
            return now - sa.cast(sa.func.nullif(sa.func.unix_timestamp(column), 0), sa.Double)
        return _seconds_between(_as_datetime(column, info), sa.func.utc_timestamp(6))

    def epoch(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            number = sa.cast(column, sa.Double)
            return number / 1e3 if clock is Clock.EPOCH_MS else number
        if clock is Clock.LOCAL or (info.kind == "zoned_time" and clock is not Clock.UTC):
            return sa.cast(sa.func.nullif(sa.func.unix_timestamp(column), 0), sa.Double)
        return _seconds_between(sa.literal_column(_EPOCH), _as_datetime(column, info))

    def older_than(self, column: Expr, clock: Clock, info: ColumnInfo, seconds: float) -> Expr:
        if info.kind == "time" and clock in (Clock.UTC, Clock.ZONED):
            micros = int(seconds * 1_000_000)
            cutoff = sa.func.utc_timestamp(6).op("-")(sa.text(f"INTERVAL {micros} MICROSECOND"))
            return column < sa.type_coerce(cutoff, sa.Text())
        return super().older_than(column, clock, info, seconds)

    def now(self, clock: Clock, info: ColumnInfo) -> Expr:
        if clock is Clock.EPOCH_S:
            return sa.func.floor(self.epoch_now())
        if clock is Clock.EPOCH_MS:
            return sa.func.floor(self.epoch_now() * 1000)
        if clock is Clock.LOCAL:
            return sa.cast(sa.func.now(6), sa.CHAR) if info.kind == "text" else sa.func.now(6)
        if info.kind == "zoned_time" and clock is not Clock.UTC:
            return sa.func.now(6)
        if info.kind == "text" and clock is Clock.UTC:
            return sa.cast(sa.func.utc_timestamp(6), sa.CHAR)
        if info.kind in ("text", "json"):
            return sa.func.date_format(sa.func.utc_timestamp(6), "%Y-%m-%dT%H:%i:%s.%fZ")
        return sa.func.utc_timestamp(6)

    def image(self, column: Expr, info: ColumnInfo) -> Expr:
        if info.kind == "float":
            # A FLOAT is shown with six digits; as a DOUBLE it keeps all of them.
            return sa.cast(column, sa.Double)
        if info.kind == "int":
            return column
        if info.kind == "bit":
            return column + 0
        if info.kind == "zoned_time":
            return _instant_text(column)
        return sa.func.hex(column) if info.kind == "binary" else self.text(column)

    def restore(self, value: Scalar, info: ColumnInfo) -> Any:
        if value is None:
            return None
        if info.kind == "binary":
            return sa.func.unhex(sa.literal(value, sa.Text))
        if info.kind == "zoned_time" and str(value).endswith(_UTC):
            moment = datetime.fromisoformat(str(value)) - datetime.fromtimestamp(0, UTC)
            seconds = Decimal(moment // timedelta(microseconds=1)) / 1_000_000
            return sa.func.from_unixtime(sa.literal_column(f"{seconds:f}"))
        if info.kind in ("int", "bit"):
            return int(value)
        return float(value) if info.kind == "float" else str(value)

    @contextmanager
    def exact_times(self, connection: sa.Connection) -> Iterator[None]:
        """Write in UTC: in a zone that turns its clocks back, an hour of instants can't be written
        otherwise."""
        zone = str(connection.execute(sa.text("SELECT @@session.time_zone")).scalar_one())
        connection.execute(sa.text("SET SESSION time_zone = '+00:00'"))
        try:
            yield
        finally:
            if not connection.invalidated:
                connection.execute(sa.text("SET SESSION time_zone = :zone"), {"zone": zone})

    def decode(self, value: Any) -> Scalar:
        if isinstance(value, Decimal):
            return str(value)
        return super().decode(value)

    def text(self, column: Expr) -> Expr:
        return sa.cast(column, sa.CHAR)

    def ends_with(self, column: Expr, text: str) -> Expr:
        return sa.func.right(column, len(text)).op("= BINARY")(sa.literal(text, sa.Text))

    def is_empty(self, column: Expr) -> Expr:
        # Compared as text, blanks are equal to nothing in most collations.
        return sa.or_(column.is_(None), sa.func.length(column) == 0)

    def json_merge(self, column: Expr, values: Mapping[str, Any], info: ColumnInfo) -> Expr:
        plain = sa.type_coerce(column, sa.Text())
        parts: list[Any] = []
        for key, value in values.items():
            # Out of a document, because text would be set as text and a bare NULL is no JSON null.
            document = sa.literal(json.dumps([value]), sa.Text)
            parts += [sa.literal("$." + json.dumps(key), sa.Text), sa.func.json_extract(document, "$[0]")]
        base = sa.case((sa.or_(plain.is_(None), sa.cast(plain, sa.CHAR) == "null"), "{}"), else_=plain)
        merged = sa.func.json_set(base, *parts)
        bare = sa.or_(
            plain.is_(None), sa.cast(plain, sa.CHAR) == "null", sa.func.json_type(plain) == "OBJECT"
        )
        # Two rows where one is asked for: the only way to make an expression fail here.
        failing = sa.union_all(sa.select(column), sa.select(column)).scalar_subquery()
        return sa.case((bare, merged), else_=failing)

    def cut(self, column: Expr, length: int) -> Expr:
        return sa.func.left(column, length)


def _seconds_between(earlier: Expr, later: Expr) -> Expr:
    unit: Expr = sa.literal_column("MICROSECOND")
    micros: Expr = sa.func.timestampdiff(unit, earlier, later, type_=sa.BigInteger)
    return sa.cast(micros, sa.Double) / 1e6


_UTC = "+00:00"
_EPOCH = "TIMESTAMP'1970-01-01 00:00:00'"
_OFFSET = "[+-][0-9]{2}:?[0-9]{2}"


def _instant_text(column: Expr) -> Expr:
    """A TIMESTAMP as UTC text, the same in every session's time zone; counted, because converting an hour
    that the clocks repeat is ambiguous."""
    seconds = sa.func.nullif(sa.func.unix_timestamp(column), 0)
    moment = sa.func.timestampadd(sa.literal_column("SECOND"), seconds, sa.literal_column(_EPOCH))
    return sa.func.coalesce(sa.func.concat(sa.cast(moment, sa.CHAR), _UTC), sa.cast(column, sa.CHAR))


def _as_datetime(column: Expr, info: ColumnInfo) -> Expr:
    """The column as a DATETIME in UTC; NULL for text that is no time."""
    if info.kind in ("time", "zoned_time"):
        return column
    text = sa.func.trim(sa.type_coerce(column, sa.Text()))
    body = sa.func.replace(sa.func.regexp_replace(text, rf" *(Z|UTC|{_OFFSET})$", ""), "T", " ")
    plain = body.op("REGEXP")("^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:.]+)?$")
    moment = sa.cast(sa.case((plain, body)), DATETIME(fsp=6))
    offset = sa.func.nullif(sa.func.regexp_substr(text, f"{_OFFSET}$"), "")
    zone = sa.func.concat(sa.func.left(offset, 3), ":", sa.func.right(offset, 2))
    return sa.func.coalesce(sa.func.convert_tz(moment, zone, _UTC), moment)


def _column(row: Any) -> ColumnInfo:
    extra = str(row[5]).lower()
    kind = _KINDS.get(str(row[3]).lower(), "other")
    return ColumnInfo(
        row[2],
        row[6],
        kind,
        nullable=bool(row[4]),
        computed="generated" in extra and "default_generated" not in extra,
        touched="on update" in extra,
    )
