"""Adds a row to another table and learns its key, in each database's own way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Insert
from unstick.recovery.model import Image
from unstick.recovery.plan import Change

from . import keys
from .engines.base import TableInfo
from .entity import EntitySql
from .others import table_of


def add(connection: sa.Connection, entity: EntitySql, insert: Insert, statement: sa.Insert) -> Change:
    """Insert the row and return the change with its image, as the database completed it."""
    table, info = table_of(entity, entity.layout.place(insert.table, insert.table_schema))
    engine = entity.engine
    key: Image
    if connection.dialect.insert_returning:
        images = [engine.image(table.c[name], info.columns[name]).label(name) for name in insert.key]
        [key] = entity.rows(connection.execute(statement.returning(*images)))
    else:
        key = _given(connection, insert, info, connection.execute(statement))
    where = keys.key_in(engine, info.columns, insert.key, [key], table.c.__getitem__)
    names = [engine.image(table.c[name], each).label(name) for name, each in info.columns.items()]
    [image] = entity.rows(connection.execute(sa.select(*names).where(where)))
    return Change(f"insert:{insert.name}", "insert", key, None, image)


def _given(connection: sa.Connection, insert: Insert, info: TableInfo, result: sa.CursorResult[Any]) -> Image:
    """Return the key of a row that the database doesn't tell back: a counter's value, or what was written."""
    [name] = insert.key
    given = insert.values.get(name)
    if given is not None and given.value is not None:
        return {name: given.value}
    return {name: int(result.lastrowid)}
