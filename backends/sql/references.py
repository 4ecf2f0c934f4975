"""Tables that the profile doesn't know, but whose rows go or lose their link when a job is deleted."""

from __future__ import annotations

import sqlalchemy as sa

from unstick.backends.profile.model import Action

from .entity import EntitySql
from .layout import Place

_POSTGRESQL = """
SELECT DISTINCT n.nspname, c.relname, CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' END
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.confdeltype IN ('c', 'n') AND k.confrelid = to_regclass(:name)
"""
_MYSQL = """
SELECT DISTINCT CONSTRAINT_SCHEMA, TABLE_NAME, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE UNIQUE_CONSTRAINT_SCHEMA = COALESCE(:schema, DATABASE()) AND REFERENCED_TABLE_NAME = :table
  AND DELETE_RULE IN ('CASCADE', 'SET NULL')
"""
_SQLITE = """
SELECT DISTINCT NULL, m.name, f.on_delete FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
WHERE m.type = 'table' AND f."table" = :table COLLATE NOCASE AND f.on_delete IN ('CASCADE', 'SET NULL')
"""
_QUERIES = {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "sqlite": _SQLITE}


def warnings(connection: sa.Connection, entity: EntitySql, action: Action) -> list[str]:
    """Return one sentence per unknown table that a delete would touch: an undo can't bring its rows back."""
    if not action.delete:
        return []
    deleted = [entity.children[name] for name in action.cascade if name in entity.children]
    handled = [entity.children[name] for name in action.detach if name in entity.children]
    known = {_name(entity.child_place(child)) for child in (*deleted, *handled)} | {_name(entity.place)}
    found: dict[str, str] = {}
    for place in (entity.place, *(entity.child_place(child) for child in deleted)):
        for _, table, rule in _referencing(connection, entity, place):
            if table.lower() not in known:
                found[table] = "deletes" if rule == "CASCADE" else "unlinks"
    return [
        f"the database itself {verb} rows of {table} that belong to a deleted job, and undo can't bring "
        "that back: name the table in the profile's children first"
        for table, verb in found.items()
    ]


def _name(place: Place) -> str:
    return place[1].lower()


def _referencing(
    connection: sa.Connection, entity: EntitySql, place: Place
) -> list[tuple[str | None, str, str]]:
    """Return schema, table and ON DELETE rule of every foreign key that points at the table."""
    values = {"schema": place[0], "table": place[1], "name": entity.layout.quoted(place)}
    statement = sa.text(_QUERIES[entity.engine.name])
    wanted = {name: value for name, value in values.items() if f":{name}" in statement.text}
    return [(row[0], str(row[1]), str(row[2])) for row in connection.execute(statement, wanted)]
