"""SQLite: times are text or numbers, one writer at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from unstick.backends.profile.clock import Clock
from unstick.recovery.model import Scalar

from .base import ColumnInfo, Engine, Expr, RawType, TableInfo

_BLOB = "\x00blob:"
_EPOCH_DAY = 2440587.5


class SQLite(Engine):
    """SQLite 3.35 and later."""

    name = "sqlite"
    lock_prefix = "BEGIN IMMEDIATE;\n"

    def reflect(
        self, connection: sa.Connection, tables: Iterable[tuple[str | None, str]]
    ) -> dict[tuple[str | None, str], TableInfo]:
        found: dict[tuple[str | None, str], TableInfo] = {}
        for key in tables:
            rows = connection.execute(
                sa.text('SELECT name, type, "notnull", hidden FROM pragma_table_xinfo(:name)'),
                {"name": key[1]},
            ).all()
            if rows:
                columns = {row[0]: _column(row) for row in rows}
                found[key] = TableInfo(key[1], key[0], columns)
        return found

    def column_type(self, info: ColumnInfo) -> TypeEngine[Any]:
        return RawType(info.type or "ANY")

    def epoch_now(self) -> Expr:
        return _epoch("now")

    def age(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        if clock is Clock.EPOCH_S:
            return self.epoch_now() - column
        if clock is Clock.EPOCH_MS:
            return self.epoch_now() - column / 1000.0
        return self.epoch_now() - _epoch(column, *(("utc",) if clock is Clock.LOCAL else ()))

    def epoch(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            return column / (1000.0 if clock is Clock.EPOCH_MS else 1.0)
        return _epoch(column, *(("utc",) if clock is Clock.LOCAL else ()))

    def greatest(self, values: Sequence[Expr]) -> Expr:
        return sa.func.max(*values)

    def now(self, clock: Clock, info: ColumnInfo) -> Expr:
        if clock in (Clock.EPOCH_S, Clock.EPOCH_MS):
            factor = 1000 if clock is Clock.EPOCH_MS else 1
            return sa.cast(self.epoch_now() * factor, sa.Integer)
        if clock is Clock.LOCAL:
            return sa.func.strftime("%Y-%m-%d %H:%M:%f", "now", "localtime")
        shapes = {Clock.UTC: "%Y-%m-%d %H:%M:%f", Clock.ISO: "%Y-%m-%dT%H:%M:%fZ"}
        return sa.func.strftime(shapes.get(clock, "%Y-%m-%d %H:%M:%f+00:00"), "now")

    def image(self, column: Expr, info: ColumnInfo) -> Expr:
        return column

    def decode(self, value: Any) -> Scalar:
        if isinstance(value, bytes):
            return _BLOB + value.hex()
        return super().decode(value)

    def restore(self, value: Scalar, info: ColumnInfo) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith(_BLOB):
            return bytes.fromhex(value.removeprefix(_BLOB))
        try:
            value.encode()
        except UnicodeEncodeError:
            # Bytes that were no UTF-8 when read: they go back as the same bytes, still as text.
            return sa.cast(sa.literal(value.encode("utf-8", "surrogateescape"), sa.LargeBinary), sa.Text)
        return value

    def lock(self, statement: sa.Select[Any], *, skip_locked: bool) -> sa.Select[Any]:
        # The write transaction was begun with BEGIN IMMEDIATE: nobody else writes until it ends.
        return statement

    def text(self, column: Expr) -> Expr:
        return sa.cast(column, sa.Text)

    def ends_with(self, column: Expr, text: str) -> Expr:
        return sa.func.substr(column, -len(text)) == sa.literal(text, sa.Text)

    def json_merge(self, column: Expr, values: Mapping[str, Any], info: ColumnInfo) -> Expr:
        parts: list[Any] = []
        for key, value in values.items():
            parts += [
                sa.literal("$." + json.dumps(key, ensure_ascii=False), sa.Text),
                sa.func.json(sa.literal(json.dumps(value), sa.Text)),
            ]
        plain = sa.type_coerce(column, sa.Text())
        bare = sa.or_(plain.is_(None), sa.func.json_type(plain) == "null")
        return sa.case(
            (bare, sa.func.json_set("{}", *parts)),
            (sa.func.json_type(plain) == "object", sa.func.json_set(plain, *parts)),
            else_=sa.func.json(plain + sa.literal(" is not a JSON object", sa.Text)),
        )

    def cut(self, column: Expr, length: int) -> Expr:
        return sa.func.substr(column, 1, length)


def _epoch(moment: Any, *modifiers: str) -> Expr:
    return (sa.func.julianday(moment, *modifiers) - _EPOCH_DAY) * 86400.0


def _column(row: Any) -> ColumnInfo:
    declared = str(row[1]).upper()
    kind = "other"
    for part, name in (
        ("INT", "int"),
        ("CHAR", "text"),
        ("CLOB", "text"),
        ("TEXT", "text"),
        ("BLOB", "binary"),
    ):
        if part in declared:
            kind = name
            break
    return ColumnInfo(row[0], str(row[1]), kind, nullable=not row[2], computed=row[3] in (2, 3))
