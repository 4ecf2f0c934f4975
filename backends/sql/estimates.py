"""About how many rows have a status, from what the database knows of its tables without reading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .entity import EntitySql

_POSTGRESQL = """
SELECT c.reltuples, CAST(CAST(s.most_common_vals AS text) AS text[]), s.most_common_freqs
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = :column
WHERE c.oid = to_regclass(:table)
"""
_MYSQL = """
SELECT table_rows FROM information_schema.tables
WHERE table_schema = coalesce(:schema, database()) AND table_name = :table
"""

Known = tuple[float, Mapping[str | None, float]]
"""The rows of a table, and the weights of statuses among each other."""


def shared(
    connection: sa.Connection, entity: EntitySql, large: Sequence[str | None], exact: int
) -> dict[str | None, int]:
    """Return about how many rows each of the `large` statuses has; `exact` have another one. 0 where the
    database knows nothing."""
    rows, weights = _OF[entity.engine.name](connection, entity, large)
    rest, weight = max(rows - exact, 0.0), sum(weights.values())
    if not weight:
        return {status: int(rest / len(large)) for status in large}
    return {status: int(rest * weights.get(status, 0.0) / weight) for status in large}


def _postgresql(connection: sa.Connection, entity: EntitySql, large: Sequence[str | None]) -> Known:
    words = {"table": entity.layout.quoted(entity.place), "column": entity.spec.status}
    row = connection.execute(sa.text(_POSTGRESQL), words).one_or_none()
    if row is None:
        return 0.0, {}
    shares = dict(zip(row[1] or (), row[2] or (), strict=False))
    return float(row[0]), {status: float(shares.get(status, 0.0)) for status in large}


def _mysql(connection: sa.Connection, entity: EntitySql, large: Sequence[str | None]) -> Known:
    schema, table = entity.place
    rows = connection.execute(sa.text(_MYSQL), {"schema": schema, "table": table}).scalar()
    if len(large) == 1:
        return float(rows or 0), {}
    return float(rows or 0), {status: _explained(connection, entity, status) for status in large}


def _explained(connection: sa.Connection, entity: EntitySql, status: str | None) -> float:
    """Return how many rows MySQL expects to read for a status."""
    column = entity.raw_status()
    where = column.is_(None) if status is None else column == status
    statement = entity.select(sa.literal_column("1")).where(where)
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    rows = connection.exec_driver_sql("EXPLAIN " + str(compiled).replace("%", "%%")).mappings()
    return max((float(row.get("rows") or 0) for row in rows), default=0.0)


def _sqlite(connection: sa.Connection, entity: EntitySql, large: Sequence[str | None]) -> Known:
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").first() is None:
        return 0.0, {}
    found = connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = ?", (entity.place[1],))
    return max((float(str(stat).split()[0]) for (stat,) in found if stat), default=0.0), {}


_OF: Mapping[str, Callable[[Any, EntitySql, Sequence[str | None]], Known]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlite": _sqlite,
}
