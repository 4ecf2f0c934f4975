"""Whether rows are still as an operation left them; asked for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Insert, Related
from unstick.recovery.errors import PlanError
from unstick.recovery.model import Image, Scalar
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Change, PlanRow

from . import keys
from .engines.base import TableInfo
from .entity import EntitySql
from .following import PREFIX
from .others import table_of


@dataclass(frozen=True, slots=True)
class Target:
    """The table that a change is about."""

    entity: EntitySql
    table: sa.Table
    info: TableInfo
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """How a row is no longer as the operation left it."""

    outcome: Outcome
    detail: str


@dataclass(slots=True)
class _Asked:
    """What is asked of one table: which rows, and which of their columns."""

    found: list[Image] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)


def target(entity: EntitySql, name: str) -> Target:
    """Return the table for a change's name. Raises PlanError when the profile has it no longer."""
    kind, colon, rest = name.partition(":")
    if not colon:
        return Target(
            entity, entity.table, TableInfo(entity.place[1], entity.place[0], entity.infos), entity.key
        )
    if kind == "child" and rest in entity.children:
        child = entity.children[rest]
        table, info = table_of(entity, entity.child_place(child))
        return Target(entity, table, info, child.key)
    for follows in (each for action in entity.spec.actions.values() for each in action.follows):
        if name == PREFIX + follows.name:
            table, info = table_of(entity, entity.layout.place(follows.table, follows.table_schema))
            return Target(entity, table, info, follows.key)
    for effects in (part for action in entity.spec.actions.values() for part in action.everything):
        others: tuple[Related | Insert, ...] = effects.related if kind == "related" else effects.insert
        for other in others if kind in ("related", "insert") else ():
            if other.name == rest:
                table, info = table_of(entity, entity.layout.place(other.table, other.table_schema))
                return Target(entity, table, info, other.key)
    raise PlanError(f"the profile no longer knows {name}, which this operation changed; it can't be undone")


def moved_rows(
    connection: sa.Connection, entity: EntitySql, rows: Sequence[PlanRow], *, lock: bool
) -> dict[int, Moved]:
    """Return position -> how it moved on, for those rows that did; the others are locked when `lock` is
    set."""
    asked: dict[str, _Asked] = {}
    for row in rows:
        for change in row.changes:
            table = asked.setdefault(change.table, _Asked())
            table.found.append(change.key)
            table.names.update(dict.fromkeys(change.before or ()))
    current = {
        name: _fetch(connection, target(entity, name), wanted, lock=lock) for name, wanted in asked.items()
    }
    there = {
        name: _fetch(connection, target(entity, name), _Asked(w.found), lock=False)
        for name, w in asked.items()
    }
    found: dict[int, Moved] = {}
    for index, row in enumerate(rows):
        for change in row.changes:
            if change.table.startswith(PREFIX):
                continue
            where = target(entity, change.table)
            key = keys.canonical(change.key, where.key)
            moved = _compare(where, change, current[change.table].get(key), key in there[change.table])
            if moved is not None:
                found[index] = moved
                break
    return found


def without_moved(
    connection: sa.Connection, entity: EntitySql, rows: Sequence[PlanRow], *, lock: bool
) -> list[PlanRow]:
    """Return the rows without the changes of what followed them and is no longer as it was left."""
    asked: dict[str, _Asked] = {}
    for change in (each for row in rows for each in row.changes if each.table.startswith(PREFIX)):
        table = asked.setdefault(change.table, _Asked())
        table.found.append(change.key)
        table.names.update(dict.fromkeys(change.before or ()))
    current = {
        name: _fetch(connection, target(entity, name), wanted, lock=lock) for name, wanted in asked.items()
    }

    def stays(change: Change) -> bool:
        if change.table not in current:
            return True
        where = target(entity, change.table)
        image = current[change.table].get(keys.canonical(change.key, where.key))
        return image is not None and _compare(where, change, image, True) is None

    return [replace(row, changes=tuple(filter(stays, row.changes))) for row in rows]


def _fetch(
    connection: sa.Connection, where: Target, asked: _Asked, *, lock: bool
) -> dict[tuple[str, ...], Image]:
    engine = where.entity.engine
    names = [name for name in dict.fromkeys((*where.key, *asked.names)) if name in where.info.columns]
    images = [engine.image(where.table.c[name], where.info.columns[name]).label(name) for name in names]
    statement = sa.select(*images).where(at(where, asked.found))
    if lock:
        statement = engine.lock(statement, skip_locked=where.entity.skip_locked)
    rows = where.entity.rows(connection.execute(statement))
    return {keys.canonical(row, where.key): row for row in rows}


def current(
    connection: sa.Connection, where: Target, key: Image, names: Sequence[str], *, lock: bool
) -> tuple[Image | None, bool]:
    """Return one row's images, locked if asked, and whether there is such a row: one that somebody else
    holds has no images then."""
    asked = _Asked([key], dict.fromkeys(names))
    found = _fetch(connection, where, asked, lock=lock)
    there = found or _fetch(connection, where, _Asked([key]), lock=False)
    return next(iter(found.values()), None), bool(there)


def at(where: Target, found: Sequence[Image]) -> Any:
    """Whether a row of the target has one of the keys."""
    return keys.key_in(where.entity.engine, where.info.columns, where.key, found, where.table.c.__getitem__)


def _compare(where: Target, change: Change, current: Image | None, there: bool) -> Moved | None:
    if change.op == "insert":
        if not there:
            return None
        return Moved(Outcome.DRIFTED, f"exists again in {where.table.name}: it was created anew meanwhile")
    if current is None:
        return Moved(Outcome.BUSY, "locked by somebody else") if there else Moved(Outcome.MISSING, "deleted")
    for name, value in (change.before or {}).items():
        if name in current and current[name] != value:
            detail = f"moved on since: {name} {_short(value)} → {_short(current[name])}"
            return Moved(Outcome.DRIFTED, detail)
    return None


def _short(value: Scalar) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
