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
    columns = [
        sa.func.unnest(sa.literal([row[name] for row in rows], sa.ARRAY(table.c[name].type)))
        for name in names
    ]
    connection.execute(sa.insert(table).from_select(names, sa.select(*columns)))
