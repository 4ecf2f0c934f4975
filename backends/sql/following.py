"""Rows that the application's own triggers change along with a row: remembered, and put back by an undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile.model import Action, Follows
from unstick.recovery.model import Image
from unstick.recovery.plan import Change

from . import keys
from .engines.base import TableInfo
from .entity import EntitySql
from .others import table_of

PREFIX = "follows:"
"""Stands before the name in the journal. Such a change is no condition of an undo: what moved on stays."""


@dataclass(frozen=True, slots=True)
class Following:
    """A row that may change along, as it was before."""

    spec: Follows
    key: Image
    before: Image


def look(
    connection: sa.Connection, entity: EntitySql, action: Action, locked: Mapping[int, Image]
) -> dict[int, tuple[Following, ...]]:
    """Lock and read the rows that may follow those that are about to change, by their positions. A row that
    somebody else holds is not among them."""
    found: dict[int, tuple[Following, ...]] = {}
    for spec in action.follows if locked else ():
        table, info = _table(entity, spec)
        links = [{theirs: image[ours] for theirs, ours in spec.match.items()} for image in locked.values()]
        where = keys.key_in(entity.engine, info.columns, tuple(spec.match), links, table.c.__getitem__)
        names = (*spec.key, *spec.match, *spec.columns)
        statement = _select(entity, table, info, names).where(where)
        statement = statement.order_by(*(table.c[name] for name in spec.key))
        statement = entity.engine.lock(statement, skip_locked=entity.skip_locked)
        rows = entity.rows(connection.execute(statement))
        for index, image in locked.items():
            mine = [
                row
                for row in rows
                if all(str(row[theirs]) == str(image[ours]) for theirs, ours in spec.match.items())
            ]
            found[index] = (*found.get(index, ()), *(_following(spec, row) for row in mine))
    return found


def _following(spec: Follows, row: Image) -> Following:
    return Following(spec, {name: row[name] for name in spec.key}, {name: row[name] for name in spec.columns})


def changes(
    connection: sa.Connection, entity: EntitySql, found: Mapping[int, Sequence[Following]]
) -> dict[int, tuple[Change, ...]]:
    """Read the rows again and return what has become of them, by the positions of the rows they followed;
    also what stayed as it was, since the way back may set off what the way forth did not."""
    now: dict[tuple[str, tuple[str, ...]], Image] = {}
    for spec in {one.spec.name: one.spec for some in found.values() for one in some}.values():
        table, info = _table(entity, spec)
        some = [one.key for each in found.values() for one in each if one.spec is spec]
        where = keys.key_in(entity.engine, info.columns, spec.key, some, table.c.__getitem__)
        statement = _select(entity, table, info, (*spec.key, *spec.columns)).where(where)
        for row in entity.rows(connection.execute(statement)):
            now[spec.name, keys.canonical(row, spec.key)] = {name: row[name] for name in spec.columns}
    result: dict[int, tuple[Change, ...]] = {}
    for index, each in found.items():
        after = [now.get((one.spec.name, keys.canonical(one.key, one.spec.key))) for one in each]
        result[index] = tuple(
            Change(PREFIX + one.spec.name, "update", one.key, one.before, image)
            for one, image in zip(each, after, strict=True)
            if image is not None
        )
    return result


def _table(entity: EntitySql, spec: Follows) -> tuple[sa.Table, TableInfo]:
    return table_of(entity, entity.layout.place(spec.table, spec.table_schema))


def _select(
    entity: EntitySql, table: sa.Table, info: TableInfo, names: Sequence[str]
) -> sa.Select[tuple[object, ...]]:
    images = [
        entity.engine.image(table.c[name], info.columns[name]).label(name) for name in dict.fromkeys(names)
    ]
    return sa.select(*images)
