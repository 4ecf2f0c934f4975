"""How large a job table is and which indexes it has: that decides what may be asked of all its rows.

A question that no index answers reads a large table from end to end. A console asks such a one of the newest
rows only, and says so.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from unstick.recovery.model import Scalar

from .engines.base import Expr

if TYPE_CHECKING:
    from .entity import EntitySql

LARGE = 200_000
"""Rows from which a table is not read from end to end for a console."""

AGAIN_S = 60.0
"""Seconds for which it is remembered which row the newest ones begin with."""

_POSTGRESQL = """
SELECT c.reltuples, i.indexrelid,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number ORDER BY k.place),
       pg_get_expr(i.indpred, c.oid)
FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid
WHERE c.oid = to_regclass(:table)
"""
_MYSQL = """
SELECT t.table_rows, s.index_name, s.column_name
FROM information_schema.tables t LEFT JOIN information_schema.statistics s
  ON s.table_schema = t.table_schema AND s.table_name = t.table_name
WHERE t.table_schema = coalesce(:schema, database()) AND t.table_name = :table
ORDER BY s.index_name, s.seq_in_index
"""
_SQLITE = """
SELECT l.name, i.name, l.partial, m.sql
FROM pragma_index_list(:table) AS l JOIN pragma_index_info(l.name) AS i
LEFT JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name
ORDER BY l.name, i.seqno
"""


@dataclass(frozen=True, slots=True)
class Existing:
    """An index that is there. `where` is the condition of one that has only some rows."""

    columns: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """About how many rows a table has (None: unknown), and its indexes."""

    rows: int | None = None
    indexes: tuple[Existing, ...] = ()

    @property
    def large(self) -> bool:
        """Whether it must not be read from end to end again and again."""
        return self.rows is not None and self.rows > LARGE

    def orders(self, column: str, key: Sequence[str]) -> bool:
        """Whether an index of all rows gives the order by the column, then the key."""
        wanted = (column, *key)
        found = (index.columns for index in self.indexes if not index.where)
        return any(columns == wanted[:1] or columns[: len(wanted)] == wanted for columns in found)

    def leads(self, column: str) -> bool:
        """Whether an index of all rows begins with the column."""
        return any(index.columns[:1] == (column,) and not index.where for index in self.indexes)


def look(connection: sa.Connection, entity: EntitySql) -> Extent:
    """Look at one table."""
    found: dict[object, list[str]] = defaultdict(list)
    wheres: dict[object, str] = {}
    rows: float | None = None
    schema, table = entity.place
    if entity.engine.name == "postgresql":
        place = {"table": entity.layout.quoted(entity.place)}
        for count, name, columns, where in connection.execute(sa.text(_POSTGRESQL), place):
            rows, found[name], wheres[name] = float(count), list(columns), where or ""
    elif entity.engine.name == "mysql":
        for count, name, column in connection.execute(sa.text(_MYSQL), {"schema": schema, "table": table}):
            rows = None if count is None else float(count)
            found[name].append(str(column))
    else:
        for name, column, partial, sql in connection.execute(sa.text(_SQLITE), {"table": table}):
            found[name].append(str(column or ""))
            wheres[name] = str(sql or "partial") if partial else ""
        found["key"] = list(entity.key)
        rows = _sqlite_rows(connection, entity)
    there = tuple(
        Existing(tuple(columns), wheres.get(name, "")) for name, columns in found.items() if columns
    )
    return Extent(None if rows is None or rows < 0 else int(rows), there)


def _sqlite_rows(connection: sa.Connection, entity: EntitySql) -> float | None:
    """The highest row number: at least so many rows were added once. A view or a table without has none."""
    rows = entity.layout.tables_text(entity.layout.quoted(entity.place))
    try:
        return float(connection.execute(sa.select(sa.text("max(rowid)")).select_from(rows)).scalar() or 0)
    except sa.exc.OperationalError:
        return None


def newest(connection: sa.Connection, entity: EntitySql, number: int) -> Expr:
    """Whether a row is one of the newest: by its creation where an index has that, else by its key.

    The bound is asked for on its own and kept for a while: no database looks into a subquery before it has
    chosen how to find the rows. What is added meanwhile is newer.
    """
    column = _newest_by(entity)
    kept = entity.bounds.get(number)
    if kept is None or kept[0] != column or time.monotonic() - kept[1] > AGAIN_S:
        kept = entity.bounds[number] = column, time.monotonic(), _bound(connection, entity, column, number)
    if kept[2] is None:
        return sa.true()
    newer: Expr = entity.col(column) >= entity.engine.restore(kept[2], entity.infos[column])
    return newer


def _newest_by(entity: EntitySql) -> str:
    named = entity.clocks.get("created")
    if named is not None and entity.extent.leads(named[0]) and not entity.infos[named[0]].nullable:
        return named[0]
    return entity.key[0]


def _bound(connection: sa.Connection, entity: EntitySql, column: str, number: int) -> Scalar:
    """The oldest of the newest; None where there are fewer."""
    source = entity.layout.tables_text(f"{entity.layout.quoted(entity.place)} AS j")
    last = sa.select(entity.image(column)).select_from(source).order_by(entity.col(column).desc())
    found = entity.rows(connection.execute(last.offset(number - 1).limit(1)))
    return found[0][column] if found else None
