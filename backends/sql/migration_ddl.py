"""The statements that add columns and indexes, and take them away, in each database's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateColumn, CreateIndex, DropIndex
from sqlalchemy.types import TypeEngine

from unstick.backends.profile.migration import Column, Index, length_of

from .engines.base import ColumnInfo, Expr
from .layout import Place

_LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_IN_TEXT = sa.Text()
"""SQLite has no type for times: they are text, as the applications write them."""
_TYPES: Mapping[str, TypeEngine[Any]] = {
    "integer": sa.Integer(),
    "bigint": sa.BigInteger(),
    "float": sa.Double(),
    "boolean": sa.Boolean(),
    "text": _LONG,
    "timestamp": _IN_TEXT.with_variant(sa.DateTime(), "postgresql").with_variant(
        mysql.DATETIME(fsp=6), "mysql", "mariadb"
    ),
    "timestamptz": _IN_TEXT.with_variant(sa.DateTime(timezone=True), "postgresql").with_variant(
        mysql.TIMESTAMP(fsp=6), "mysql", "mariadb"
    ),
    "json": sa.Text()
    .with_variant(postgresql.JSONB(), "postgresql")
    .with_variant(mysql.JSON(), "mysql", "mariadb"),
}
_KINDS: Mapping[str, tuple[str, ...]] = {
    "integer": ("int",),
    "bigint": ("int",),
    "float": ("float", "other"),
    "boolean": ("bool", "int"),
    "text": ("text", "json"),
    "timestamp": ("time", "zoned_time"),
    "timestamptz": ("time", "zoned_time"),
    "json": ("json", "text"),
}
"""What a column that is there already may be: applications' own migrations use near relatives."""
PREFIX = 190
"""Characters of a text column that MySQL's index takes: it can't hold whole ones of any length."""


def fits(column: Column, info: ColumnInfo, dialect: sa.Dialect) -> bool:
    """Whether a column that is there already can be used as the one that would be added."""
    if dialect.name == "sqlite" and length_of(column.type) is None and column.type != "text":
        # Types are only names there: booleans and numbers are "other", and times are kept as text or numbers.
        as_text = column.type in ("timestamp", "timestamptz", "json")
        return info.kind in (("text", "other", "int") if as_text else ("int", "other"))
    return info.kind in _KINDS.get(column.type, ("text",))


def table_of(place: Place, *columns: sa.Column[Any]) -> sa.Table:
    """Return a table with these columns, for statements about it."""
    return sa.Table(place[1], sa.MetaData(), *columns, schema=place[0])


def values_in(place: Place, column: Column) -> sa.Select[Any]:
    """Return what counts the rows, and those whose value would be lost with the column: not the default."""
    made = column_of(column)
    other: Expr = made.is_not(None)
    if column.default is not None:
        other = sa.and_(other, made != sa.literal(column.default, made.type))
    lost = sa.func.coalesce(sa.func.sum(sa.case((other, 1), else_=0)), 0)
    return sa.select(sa.func.count(), lost).select_from(table_of(place, made))


def column_of(column: Column) -> sa.Column[Any]:
    """Return the column with its type, default and NULL."""
    length = length_of(column.type)
    kind: TypeEngine[Any] = sa.String(length) if length else _TYPES[column.type]
    default = None if column.default is None else default_of(column)
    return sa.Column(column.column, kind, server_default=default, nullable=column.null)


def default_of(column: Column) -> Any:
    """Return the default as SQL."""
    if isinstance(column.default, bool):
        return sa.true() if column.default else sa.false()
    return column.default if isinstance(column.default, str) else sa.text(repr(column.default))


def add_column(dialect: sa.Dialect, place: Place, column: Column) -> str:
    """Return ALTER TABLE ... ADD COLUMN."""
    made = column_of(column)
    table = dialect.identifier_preparer.format_table(table_of(place, made))
    return f"ALTER TABLE {table} ADD COLUMN {CreateColumn(made).compile(dialect=dialect)}"


def drop_column(dialect: sa.Dialect, place: Place, name: str) -> str:
    """Return ALTER TABLE ... DROP COLUMN."""
    prepared = dialect.identifier_preparer
    return f"ALTER TABLE {prepared.format_table(table_of(place))} DROP COLUMN {prepared.quote(name)}"


def index_of(index: Index, place: Place, columns: Mapping[str, str], where: str | None = None) -> sa.Index:
    """Return the index over its columns, whose real types are given where they are known."""
    made = sa.Index(
        index.name,
        *index.columns,
        mysql_length={name: PREFIX for name in index.columns if _is_long(columns.get(name, "").lower())},
        postgresql_where=None if where is None else sa.text(where.replace(":", "\\:")),
        sqlite_where=None if where is None else sa.text(where.replace(":", "\\:")),
        postgresql_concurrently=True,
    )
    sa.Table(
        place[1],
        sa.MetaData(),
        *(sa.Column(name, sa.Text()) for name in index.columns),
        made,
        schema=place[0],
    )
    return made


def _is_long(kind: str) -> bool:
    length = kind.partition("(")[2].rstrip(")")
    if kind.startswith(("varchar", "char")):
        return length.isdigit() and int(length) > 255
    return kind.endswith("text")


def create_index(dialect: sa.Dialect, index: sa.Index) -> str:
    """Return CREATE INDEX; on PostgreSQL CONCURRENTLY, which lets the application write meanwhile."""
    return str(CreateIndex(index).compile(dialect=dialect))


def drop_index(dialect: sa.Dialect, index: sa.Index) -> str:
    """Return DROP INDEX."""
    return str(DropIndex(index).compile(dialect=dialect))
