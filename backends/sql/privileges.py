"""What an account may do to the tables of a job system: asked by statements that touch no row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile.model import Action
from unstick.recovery.plan import PlanRow

from .entity import EntitySql
from .errors import code_of, is_busy
from .session import roll_back
from .undo import written
from .undo_checks import target

_REFUSED = (1142, 1143)
_UPDATE = "UPDATE {0} SET {1} WHERE 1 = 0"
_DELETE = "DELETE FROM {0} WHERE 1 = 0"
_INSERT = "INSERT INTO {0} ({2}) SELECT {3} FROM DUAL WHERE 1 = 0"
_NO_DEFAULT = 1364
"""Told of columns that an INSERT leaves out, once its privileges were found to be enough."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A privilege that the account hasn't got, and the statement that would give it."""

    table: str
    privilege: str
    grant: str

    @property
    def sentence(self) -> str:
        """What is missing and what helps."""
        return f"this account may not {self.privilege} {self.table}; an administrator can: {self.grant}"


@dataclass(frozen=True, slots=True)
class _Need:
    table: str
    privilege: str
    columns: tuple[str, ...] = ()
    locks: bool = False
    """Whether it is needed to lock rows, for which PostgreSQL wants that any column may be changed."""


def missing(
    connection: sa.Connection, tables: Sequence[EntitySql], only: str | None = None
) -> tuple[Missing, ...]:
    """Return the privileges that the actions (or only one of them) need and the account lacks.

    On MySQL the connection must be one that may write: it has no function that tells, so statements are tried
    whose condition never holds; their privileges are looked at all the same.
    """
    return _lacking(connection, (need for entity in tables for need in _needs(entity, only)))


def missing_to_undo(
    connection: sa.Connection, tables: Mapping[str, EntitySql], rows: Sequence[PlanRow]
) -> tuple[Missing, ...]:
    """Return the privileges that the rows of an undo plan need and the account lacks; asked as `missing`."""
    return _lacking(connection, _to_undo(tables, rows))


def _lacking(connection: sa.Connection, needs: Iterable[_Need]) -> tuple[Missing, ...]:
    if connection.dialect.name == "sqlite":
        return ()
    allowed = _allowed_postgresql if connection.dialect.name == "postgresql" else _allowed_mysql
    found: dict[tuple[str, str], Missing] = {}
    for need in dict.fromkeys(needs):
        if (need.table, need.privilege) not in found and not allowed(connection, need):
            found[need.table, need.privilege] = _missing(connection, need)
    roll_back(connection)
    return tuple(found.values())


def _allowed_postgresql(connection: sa.Connection, need: _Need) -> bool:
    if need.locks:
        asked = [sa.func.has_any_column_privilege(need.table, need.privilege)]
    elif need.columns:
        asked = [sa.func.has_column_privilege(need.table, column, need.privilege) for column in need.columns]
    else:
        asked = [sa.func.has_table_privilege(need.table, need.privilege)]
    return all(connection.execute(sa.select(*asked)).one())


def _allowed_mysql(connection: sa.Connection, need: _Need) -> bool:
    if need.locks:
        # Whoever may change or delete a row may lock it.
        return True
    quote = connection.dialect.identifier_preparer.quote
    names = [quote(column) for column in need.columns]
    same = ", ".join(f"{name} = {name}" for name in names)
    values = ", ".join("NULL" for _ in names)
    what = {"UPDATE": _UPDATE, "DELETE": _DELETE, "INSERT": _INSERT}[need.privilege]
    try:
        connection.exec_driver_sql(what.format(need.table, same, ", ".join(names), values)).close()
    except sa.exc.DBAPIError as error:
        code = code_of(error)
        if is_busy(error) or code == _NO_DEFAULT:
            return True
        if code not in _REFUSED:
            raise
        return False
    return True


def _missing(connection: sa.Connection, need: _Need) -> Missing:
    postgresql = connection.dialect.name == "postgresql"
    asked = "quote_ident(current_user)" if postgresql else "current_user()"
    who = str(connection.execute(sa.text(f"SELECT {asked}")).scalar_one())
    if not postgresql:
        user, _, host = who.rpartition("@")
        who = f"'{user}'@'{host}'"
    return Missing(need.table, need.privilege, f"GRANT {need.privilege} ON {need.table} TO {who}")


def _needs(entity: EntitySql, only: str | None) -> Iterator[_Need]:
    for name, action in entity.spec.actions.items():
        if only in (None, name):
            yield from _own(entity, action)
            yield from _others(entity, action)


def _own(entity: EntitySql, action: Action) -> Iterator[_Need]:
    table = entity.layout.quoted(entity.place)
    if action.delete:
        yield _Need(table, "DELETE")
        yield _Need(table, "UPDATE", locks=True)
    elif names := tuple(dict.fromkeys(name for effects in action.everything for name in effects.set)):
        yield _Need(table, "UPDATE", names)


def _others(entity: EntitySql, action: Action) -> Iterator[_Need]:
    """What belongs to a job: rows that go or are unlinked with it, and rows elsewhere that tell of it."""
    for name in (*action.cascade, *action.detach):
        if name not in entity.children:
            continue
        child = entity.children[name]
        table = entity.layout.quoted(entity.child_place(child))
        yield _Need(table, "DELETE") if name in action.cascade else _Need(table, "UPDATE", tuple(child.match))
        yield _Need(table, "UPDATE", locks=True)
    for effects in action.everything:
        for related in effects.related:
            place = entity.layout.place(related.table, related.table_schema)
            yield _Need(entity.layout.quoted(place), "UPDATE", tuple(related.set))
        for insert in effects.insert:
            place = entity.layout.place(insert.table, insert.table_schema)
            if entity.layout.has(place):
                yield _Need(entity.layout.quoted(place), "INSERT", tuple(insert.values))


def _to_undo(tables: Mapping[str, EntitySql], rows: Sequence[PlanRow]) -> Iterator[_Need]:
    for row in rows:
        entity = tables[row.table]
        for change in row.changes:
            where = target(entity, change.table)
            table = entity.layout.quoted((where.table.schema, where.table.name))
            if change.op == "update":
                if names := written(where, change):
                    yield _Need(table, "UPDATE", names)
            elif change.op == "insert":
                yield _Need(table, "INSERT", tuple(change.key))
            else:
                yield _Need(table, "DELETE")
                yield _Need(table, "UPDATE", locks=True)
