"""Many rows at once into a table of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def add(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, which all name the same columns.

    PostgreSQL gets each column as one array: row by row its protocol takes several times as long. The other
    drivers make one statement of many rows by themselves.
    """
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), [*rows])
        return
    names = list(rows[0])
    values = {name: [row[name] for row in rows] for name in names}
    # An array is checked and sent item by item: what is the same in all rows goes once. One array has to be.
    same = {name for name in names[1:] if values[name].count(values[name][0]) == len(rows)}
    columns = [_column(table.c[name].type, values[name], single=name in same) for name in names]
    connection.execute(sa.insert(table).from_select(names, sa.select(*columns)))


def _column(kind: sa.types.TypeEngine[Any], values: list[Any], *, single: bool) -> sa.ColumnElement[Any]:
    return sa.literal(values[0], kind) if single else sa.func.unnest(sa.literal(values, sa.ARRAY(kind)))
