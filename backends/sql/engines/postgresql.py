"""PostgreSQL: typed binds by casts from text, lossless images by casts to text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from unstick.backends.profile.clock import Clock
from unstick.recovery.model import Scalar

from .base import ColumnInfo, Engine, Expr, RawType, TableInfo

_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL), t.typcategory::text, NOT a.attnotnull,
       a.attidentity::text = 'a', a.attgenerated::text <> '',
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = a.atttypid)
FROM unnest(CAST(:names AS text[])) AS wanted(name)
JOIN pg_class c ON c.oid = to_regclass(wanted.name)
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
ORDER BY c.relname, a.attnum
"""
# A cast to a bare length type means length one, so their open forms are used.
_OPEN = {"character": "bpchar", "bit": "varbit", '"char"': '"char"'}
_KINDS = {
    "smallint": "int",
    "integer": "int",
    "bigint": "int",
    "real": "float",
    "double precision": "float",
    "numeric": "other",
    "uuid": "uuid",
    "boolean": "bool",
    "bytea": "binary",
    "json": "json",
    "jsonb": "json",
    "timestamp with time zone": "zoned_time",
    "timestamp without time zone": "time",
}


# Text that a cast to a time won't refuse, so that one odd row does not keep the whole list from being read.
_DAY = r"((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_LEAP_DAY = r"(19|20)(0[48]|[2468][048]|[13579][26])-02-29|2000-02-29"
_TIME = (
    rf"^\s*([12]\d{{3}}-{_DAY}|{_LEAP_DAY})"
    r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?)?\s*"
)
_OFFSET = r"(Z|UTC|[+-](0\d|1[0-5])(:?[0-5]\d)?)\s*$"


class _Typed(RawType):
    """Binds travel as text and are cast by the server, so every type is written the same lossless way."""

    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        def process(value: Any) -> Any:
            return value if value is None or isinstance(value, str) else _text(value)

        return process

    def literal_processor(self, dialect: sa.Dialect) -> Any:
        quoted = super().literal_processor(dialect)
        return lambda value: quoted(_text(value))

    def bind_expression(self, bindvalue: Any) -> Expr:
        return sa.cast(sa.type_coerce(bindvalue, sa.Text()), self)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class PostgreSQL(Engine):
    """PostgreSQL 12 and later."""

    name = "postgresql"

    def reflect(
        self, connection: sa.Connection, tables: Iterable[tuple[str | None, str]]
    ) -> dict[tuple[str | None, str], TableInfo]:
        quote = connection.dialect.identifier_preparer.quote_identifier
        wanted = {
            ".".join(quote(part) for part in (schema, name) if part): (schema, name)
            for schema, name in tables
        }
        found: dict[tuple[str | None, str], TableInfo] = {}
        by_name = {name: key for key in wanted.values() for name in [(key[0], key[1])]}
        statement = sa.text(_COLUMNS).bindparams(sa.bindparam("names", list(wanted), sa.ARRAY(sa.Text)))
        for row in connection.execute(statement):
            key = by_name.get((row[0], row[1])) or by_name.get((None, row[1]))
            if key is None:
                continue
            table = found.setdefault(key, TableInfo(key[1], key[0], {}))
            assert isinstance(table.columns, dict)
            table.columns[row[2]] = _column(row)
        return found

    def column_type(self, info: ColumnInfo) -> TypeEngine[Any]:
        return _Typed(info.type)

    def epoch_now(self) -> Expr:
        return sa.cast(sa.func.extract("epoch", sa.func.statement_timestamp()), sa.Float)

    def _instant(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        zoned = sa.TIMESTAMP(timezone=True)
        if info.kind not in ("time", "zoned_time"):
            text = sa.cast(column, sa.Text)
            naive = zoned if clock is Clock.LOCAL else None
            return sa.case(
                (text.op("~")(_TIME + _OFFSET), sa.cast(text, zoned)),
                (
                    text.op("~")(_TIME + "$"),
                    sa.cast(text, naive) if naive else _from_utc(sa.cast(text, sa.TIMESTAMP())),
                ),
            )
        # Infinity is no time that has an age; the servers disagree about what it would be.
        finite = sa.case((sa.func.isfinite(column), column))
        if info.kind == "zoned_time":
            return finite
        return sa.cast(finite, zoned) if clock is Clock.LOCAL else _from_utc(finite)

    def age(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            number = sa.cast(column, sa.Float)
            return self.epoch_now() - (number / 1000.0 if clock is Clock.EPOCH_MS else number)
        past = sa.func.statement_timestamp() - self._instant(column, clock, info)
        return sa.cast(sa.func.extract("epoch", past), sa.Float)

    def epoch(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            number = sa.cast(column, sa.Float)
            return number / 1000.0 if clock is Clock.EPOCH_MS else number
        return sa.cast(sa.func.extract("epoch", self._instant(column, clock, info)), sa.Float)

    def older_than(self, column: Expr, clock: Clock, info: ColumnInfo, seconds: float) -> Expr:
        cutoff = sa.func.statement_timestamp() - sa.func.make_interval(
            0, 0, 0, 0, 0, 0, sa.cast(seconds, sa.Float)
        )
        if info.kind == "zoned_time":
            return sa.type_coerce(column, sa.TIMESTAMP(timezone=True)) < cutoff
        if info.kind == "time" and clock is not Clock.LOCAL:
            return sa.type_coerce(column, sa.TIMESTAMP()) < sa.func.timezone("UTC", cutoff)
        return super().older_than(column, clock, info, seconds)

    def now(self, clock: Clock, info: ColumnInfo) -> Expr:
        now = sa.func.statement_timestamp()
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            factor = 1000 if clock is Clock.EPOCH_MS else 1
            return sa.cast(sa.func.floor(self.epoch_now() * factor), RawType(info.type))
        if info.kind == "zoned_time":
            return now
        if info.kind == "time":
            return sa.cast(now, sa.TIMESTAMP()) if clock is Clock.LOCAL else sa.func.timezone("UTC", now)
        if clock in (Clock.UTC, Clock.LOCAL):
            naive = now if clock is Clock.LOCAL else sa.func.timezone("UTC", now)
            return sa.cast(sa.func.to_char(naive, "YYYY-MM-DD HH24:MI:SS.US"), RawType(info.type))
        text = sa.func.to_char(sa.func.timezone("UTC", now), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        return sa.cast(text, RawType(info.type))

    def image(self, column: Expr, info: ColumnInfo) -> Expr:
        if info.kind == "zoned_time":
            # The same text in every session's time zone; infinity has no offset.
            in_utc = sa.cast(sa.func.timezone("UTC", column), sa.Text) + sa.literal("+00", sa.Text)
            return sa.case((sa.func.isfinite(column), in_utc), else_=sa.cast(column, sa.Text))
        return sa.cast(column, sa.Text)

    def restore(self, value: Scalar, info: ColumnInfo) -> Any:
        return None if value is None else _text(value)

    def lock(self, statement: sa.Select[Any], *, skip_locked: bool) -> sa.Select[Any]:
        return statement.with_for_update(skip_locked=skip_locked, of=statement.get_final_froms()[0])

    def any_of(
        self, column: Expr, info: ColumnInfo, found: Sequence[Mapping[str, Scalar]], name: str
    ) -> Expr | None:
        values = [self.restore(image[name], info) for image in found]
        array = sa.cast(sa.literal(values, sa.ARRAY(sa.Text)), RawType(f"{info.type}[]"))
        return sa.type_coerce(column, RawType(info.type)) == sa.any_(array)

    def text(self, column: Expr) -> Expr:
        return sa.cast(column, sa.Text)

    def ends_with(self, column: Expr, text: str) -> Expr:
        return sa.func.right(sa.cast(column, sa.Text), len(text)) == sa.literal(text, sa.Text)

    def json_merge(self, column: Expr, values: Mapping[str, Any], info: ColumnInfo) -> Expr:
        jsonb = RawType("jsonb")
        added = sa.cast(sa.literal(json.dumps(values), sa.Text), jsonb)
        current, text = sa.cast(column, jsonb), sa.cast(column, sa.Text)
        kind = sa.func.jsonb_typeof(current)
        merged = sa.case(
            (sa.func.coalesce(kind, "null") == "null", added),
            (kind == "object", current.op("||")(added)),
            else_=sa.cast(text + sa.literal(" is not a JSON object", sa.Text), jsonb),
        )
        return sa.cast(merged, RawType(info.type))

    def cut(self, column: Expr, length: int) -> Expr:
        return sa.func.left(sa.cast(column, sa.Text), length)

    def overriding(self, columns: Sequence[ColumnInfo]) -> str:
        return " OVERRIDING SYSTEM VALUE" if any(column.always for column in columns) else ""


def _column(row: Any) -> ColumnInfo:
    spelled = _OPEN.get(row[3], row[3])
    kind = _KINDS.get(row[3]) or ("text" if row[4] in ("S", "E") else "other")
    return ColumnInfo(
        row[2], spelled, kind, nullable=row[5], always=row[6], computed=row[7], labels=tuple(row[8])
    )


def _from_utc(naive: Expr) -> Expr:
    return sa.func.timezone("UTC", naive)
