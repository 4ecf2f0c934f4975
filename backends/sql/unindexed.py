"""Tables in which the database has to read every row to find those that belong to a deleted one."""

from __future__ import annotations

import sqlalchemy as sa

from unstick.backends.profile.model import Action

from .entity import EntitySql
from .indexes import lacks
from .layout import Place
from .wanted import Wanted

_POSTGRESQL = """
SELECT k.oid, n.nspname, c.relname, a.attname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS f (number, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = f.number
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = to_regclass(:name)
ORDER BY n.nspname, c.relname, k.oid, f.place
"""
_SQLITE = """
SELECT f.id, NULL, m.name, f."from" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
WHERE m.type = 'table' AND f."table" = :table COLLATE NOCASE ORDER BY m.name, f.id, f.seq
"""
_QUERIES = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}
"""InnoDB has an index for every foreign key: it makes one itself, and lets nobody drop it."""


def warnings(connection: sa.Connection, entity: EntitySql, action: Action) -> list[str]:
    """Return one sentence per table that a delete has to search without an index."""
    if not action.delete:
        return []
    names = (*action.cascade, *action.detach)
    below = [entity.children[name] for name in names if name in entity.children]
    deleted = [entity.place, *(entity.child_place(child) for child in below if child.name in action.cascade)]
    own = [
        Wanted.of_child(entity, child, f"the {child.name} of a deleted job") for child in below if child.match
    ]
    wanted = {each.place[1].lower(): each for each in own}
    for place in deleted:
        for each in _referencing(connection, entity, place):
            wanted.setdefault(each.place[1].lower(), each)
    return [
        f"{'.'.join(filter(None, each.place))} has no index that begins with {' or '.join(each.columns)}: to "
        f"find {each.why} the database reads all of it, again and again; add one first where it is large"
        for each in wanted.values()
        if lacks(connection, each)
    ]


def _referencing(connection: sa.Connection, entity: EntitySql, place: Place) -> list[Wanted]:
    """Return what is looked for by every foreign key that points at the table, whatever it then does."""
    query = _QUERIES.get(entity.engine.name)
    if query is None:
        return []
    values = {"table": place[1], "name": entity.layout.quoted(place)}
    given = {name: value for name, value in values.items() if f":{name}" in query}
    columns: dict[tuple[Place, int], list[str]] = {}
    for key, schema, table, column in connection.execute(sa.text(query), given):
        columns.setdefault(((schema, str(table)), key), []).append(str(column))
    return [
        Wanted(table, tuple(its), "what belongs to a deleted row", len(its))
        for (table, _), its in columns.items()
    ]
