"""What an account may do to the tables of a job system: asked by statements that touch no row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile.model import Action

from .entity import EntitySql
from .errors import code_of, is_busy
from .session import roll_back

_REFUSED = (1142, 1143)
_UPDATE = "UPDATE {0} SET {1} WHERE 1 = 0"
_DELETE = "DELETE FROM {0} WHERE 1 = 0"


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


def missing(
    connection: sa.Connection, tables: Sequence[EntitySql], only: str | None = None
) -> tuple[Missing, ...]:
    """Return the privileges that the actions need and the account lacks.

    `only` asks about one action and the rows of jobs themselves, whatever belongs to them. On MySQL the
    connection must be one that may write: it has no function that tells, so statements are tried whose
    condition never holds; their privileges are looked at all the same.
    """
    if connection.dialect.name == "sqlite":
        return ()
    allowed = _allowed_postgresql if connection.dialect.name == "postgresql" else _allowed_mysql
    found: dict[tuple[str, str], Missing] = {}
    for need in dict.fromkeys(each for entity in tables for each in _needs(entity, only)):
        if not allowed(connection, need):
            found.setdefault((need.table, need.privilege), _missing(connection, need))
    roll_back(connection)
    return tuple(found.values())


def _allowed_postgresql(connection: sa.Connection, need: _Need) -> bool:
    whole = sa.func.has_table_privilege(need.table, need.privilege)
    each = [sa.func.has_column_privilege(need.table, column, need.privilege) for column in need.columns]
    return all(connection.execute(sa.select(*(each or [whole]))).one())


def _allowed_mysql(connection: sa.Connection, need: _Need) -> bool:
    quote = connection.dialect.identifier_preparer.quote
    same = ", ".join(f"{quote(column)} = {quote(column)}" for column in need.columns)
    what = _UPDATE.format(need.table, same) if same else _DELETE.format(need.table)
    try:
        connection.exec_driver_sql(what).close()
    except sa.exc.DBAPIError as error:
        if is_busy(error):
            return True
        if code_of(error) not in _REFUSED:
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
    actions = [action for name, action in entity.spec.actions.items() if only in (None, name)]
    for action in actions:
        yield from _own(entity, action)
        if only is None:
            yield from _others(entity, action)


def _own(entity: EntitySql, action: Action) -> Iterator[_Need]:
    table = entity.layout.quoted(entity.place)
    if action.delete:
        yield _Need(table, "DELETE")
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
    for related in (one for effects in action.everything for one in effects.related):
        place = entity.layout.place(related.table, related.table_schema)
        yield _Need(entity.layout.quoted(place), "UPDATE", tuple(related.set))
