"""The statements that lock, read, change and delete rows of a job table. The plan shows the same ones as
text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Action, Insert
from unstick.recovery.model import Image, Scalar
from unstick.recovery.plan import Change, Plan
from unstick.recovery.thresholds import Thresholds

from . import assign, keys
from .engines.base import ColumnInfo, TableInfo
from .entity import EntitySql
from .others import Other, table_of


def lock_statement(
    entity: EntitySql, found: Sequence[Image], names: Sequence[str], skip_locked: bool
) -> sa.Select[Any]:
    """SELECT ... FOR UPDATE of the rows with these keys."""
    columns = dict.fromkeys((*entity.key, *names))
    where = keys.key_in(entity.engine, entity.infos, entity.key, found, entity.table.c.__getitem__)
    statement = sa.select(*(_image(entity, name) for name in columns)).where(where)
    return entity.engine.lock(statement, skip_locked=skip_locked)


def _image(entity: EntitySql, name: str) -> sa.Label[Any]:
    return entity.engine.image(entity.table.c[name], entity.infos[name]).label(name)


def lock(
    connection: sa.Connection,
    entity: EntitySql,
    found: Sequence[Image],
    names: Sequence[str],
    skip_locked: bool,
) -> dict[tuple[str, ...], Image]:
    """Lock the rows and return their images by key."""
    fetched = entity.rows(connection.execute(lock_statement(entity, found, names, skip_locked)))
    return {keys.canonical(row, entity.key): row for row in fetched}


def read(
    connection: sa.Connection, entity: EntitySql, found: Sequence[Image], names: Sequence[str]
) -> dict[tuple[str, ...], Image]:
    """Return the images of rows by key, without a lock."""
    columns = dict.fromkeys((*entity.key, *names))
    where = keys.key_in(entity.engine, entity.infos, entity.key, found, entity.table.c.__getitem__)
    statement = sa.select(*(_image(entity, name) for name in columns)).where(where)
    wanted = set(names)
    result: dict[tuple[str, ...], Image] = {}
    for row in entity.rows(connection.execute(statement)):
        result[keys.canonical(row, entity.key)] = {name: row[name] for name in row if name in wanted}
    return result


def statuses(
    connection: sa.Connection, entity: EntitySql, found: Sequence[Image]
) -> dict[tuple[str, ...], Scalar]:
    """Return the native statuses of rows by key, as the profile reads or computes them."""
    columns = [*(entity.image(name) for name in entity.key), entity.status().label("(status)")]
    rows = entity.rows(connection.execute(entity.select(*columns).where(entity.key_in(found))))
    return {keys.canonical(row, entity.key): row["(status)"] for row in rows}


def existing(connection: sa.Connection, entity: EntitySql, found: Sequence[Image]) -> set[tuple[str, ...]]:
    """Return which of the keys are there."""
    return set(read(connection, entity, found, ()))


def update_statement(entity: EntitySql, action: Action, plan: Plan, found: Sequence[Image]) -> sa.Update:
    """The UPDATE of a chunk; even under the lock it names the statuses that the action takes."""
    words = assign.words(entity, action, plan.options.thresholds)
    column = entity.table.c.__getitem__
    values = {
        name: assign.expression(entity, name, given, words, column) for name, given in action.set.items()
    }
    where = keys.key_in(entity.engine, entity.infos, entity.key, found, column)
    return (
        sa.update(entity.table)
        .where(where, *_guard(entity, action))
        .ordered_values(*assign.in_order(action.set, values))
    )


def _guard(entity: EntitySql, action: Action) -> list[Any]:
    if entity.spec.status is None:
        return []
    status = entity.comparable(entity.table.c[entity.spec.status])
    if action.statuses:
        return [status.in_(action.statuses)]
    return [sa.or_(status.is_(None), status.not_in(action.not_statuses))] if action.not_statuses else []


def update(
    connection: sa.Connection, entity: EntitySql, action: Action, plan: Plan, found: Sequence[Image]
) -> int | None:
    """Change the rows with these keys. Returns how many were changed, None where that can't be told."""
    number: int | None = None
    if action.set:
        number = connection.execute(update_statement(entity, action, plan, found)).rowcount
    text = entity.layout.raw(action.sql)
    if text is not None:
        for image in found:
            connection.execute(_with_key(entity, text, image))
    return number


def _with_key(entity: EntitySql, text: str, key: Image) -> sa.TextClause:
    """The system's own statement with the key bound by its real type."""
    statement = sa.text(text)
    for name in entity.key:
        info = entity.infos[name]
        if name in statement._bindparams:
            value = entity.engine.restore(key[name], info)
            bound = sa.bindparam(name, value, type_=entity.engine.column_type(info))
            statement = statement.bindparams(bound)
    return statement


def delete_statement(entity: EntitySql, action: Action, found: Sequence[Image]) -> sa.Delete:
    """The DELETE of a chunk."""
    where = keys.key_in(entity.engine, entity.infos, entity.key, found, entity.table.c.__getitem__)
    return sa.delete(entity.table).where(where, *_guard(entity, action))


def delete(connection: sa.Connection, entity: EntitySql, action: Action, found: Sequence[Image]) -> int:
    """Delete the rows with these keys. Returns how many were deleted."""
    return connection.execute(delete_statement(entity, action, found)).rowcount


def notify_statements(entity: EntitySql, action: Action, found: Sequence[Image]) -> list[sa.Select[Any]]:
    """The NOTIFYs of a chunk; only PostgreSQL has them."""
    if entity.engine.name != "postgresql":
        return []
    return [
        entity.select(
            sa.func.pg_notify(sa.literal(one.channel, sa.Text), entity.layout.expression(one.payload))
        ).where(entity.key_in(found))
        for one in action.notify
    ]


def notify(connection: sa.Connection, entity: EntitySql, action: Action, found: Sequence[Image]) -> None:
    """Tell listeners of the rows with these keys, once they are committed."""
    for statement in notify_statements(entity, action, found):
        connection.execute(statement)


def insert_statement(
    entity: EntitySql, action: Action, insert: Insert, thresholds: Thresholds, found: Image
) -> sa.Insert:
    """The INSERT of a row of another table for the row with this key; SQL in its values is about `j`."""
    table, info = table_of(entity, entity.layout.place(insert.table, insert.table_schema))
    other = Other(entity, info)
    words = {**assign.words(entity, action, thresholds), "job": entity.job_id(found)}
    values: dict[str, Any] = {}
    for name, given in insert.values.items():
        value = assign.expression(other, name, given, words, entity.col)  # type: ignore[arg-type]
        about_row = given.sql is not None or given.column is not None
        values[name] = (
            entity.select(value).where(entity.key_in([found])).scalar_subquery() if about_row else value
        )
    return sa.insert(table).values(values)


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    infos: Sequence[ColumnInfo],
    images: Sequence[Image],
    entity: EntitySql,
) -> None:
    """Insert rows from their before-images, identity columns included."""
    writable = [info for info in infos if images and info.name in images[0] and not info.computed]
    rows = [{i.name: entity.engine.restore(image[i.name], i) for i in writable} for image in images]
    overriding = entity.engine.overriding(writable)
    plain = not any(isinstance(value, sa.ClauseElement) for row in rows for value in row.values())
    if plain and not overriding:
        connection.execute(sa.insert(table), rows)
        return
    for row in rows:
        statement = sa.insert(table).values(row)
        if not overriding:
            connection.execute(statement)
            continue
        compiled = statement.compile(dialect=connection.dialect)
        text = str(compiled).replace(") VALUES (", f"){overriding} VALUES (", 1)
        values = tuple(compiled.params[name] for name in compiled.positiontup or ())
        connection.exec_driver_sql(text, values)


def update_rows(
    connection: sa.Connection,
    table: sa.Table,
    info: TableInfo,
    key: Sequence[str],
    names: Sequence[str],
    changes: Sequence[Change],
    entity: EntitySql,
) -> None:
    """Write the `after` values of the named columns into the rows of the changes."""
    restore = entity.engine.restore
    rows = [
        {f"k_{name}": restore(change.key[name], info.columns[name]) for name in key}
        | {f"v_{name}": restore((change.after or {})[name], info.columns[name]) for name in names}
        for change in changes
    ]
    if any(isinstance(value, sa.ClauseElement) for row in rows for value in row.values()):
        for row in rows:
            where = [table.c[name] == row[f"k_{name}"] for name in key]
            values = {name: row[f"v_{name}"] for name in names}
            connection.execute(sa.update(table).where(*where).values(values))
        return
    where = [table.c[name] == sa.bindparam(f"k_{name}", type_=table.c[name].type) for name in key]
    written = {name: sa.bindparam(f"v_{name}", type_=table.c[name].type) for name in names}
    connection.execute(sa.update(table).where(*where).values(written), rows)
