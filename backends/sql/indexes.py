"""Indexes that the questions of a console look for, and which of them a database lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

import sqlalchemy as sa

from unstick.backends.profile.migration import Index
from unstick.recovery.health import Health, MissingIndex

from . import extent
from .entity import EntitySql
from .extent import Existing
from .layout import Layout, Place
from .listening import Listener
from .part import Part
from .session import Session
from .wanted import Wanted, serves, wanted_of

LONGEST = 60
"""Characters of an index's name that every database takes."""


class Inspecting(Part):
    """The part of a backend that looks at what is around the rows."""

    _writing: Session | None
    _listener: Listener

    async def health(self) -> Health:
        """Look at connections and indexes; one that was made meanwhile is used from now on."""

        def work(connection: sa.Connection) -> tuple[MissingIndex, ...]:
            for entity in self._is_open.by_name.values():
                entity.extent = extent.look(connection, entity)
            return tuple(missing(connection, self._is_open.layout, self._is_open.tables))

        lacking = await self._read(work)
        extra = (self._writing is not None) + self._listener.listening
        return Health(1 + extra, lacking)


def missing(connection: sa.Connection, layout: Layout, tables: Iterable[EntitySql]) -> Iterator[MissingIndex]:
    """Yield the indexes that would help, the most useful first."""
    inspector = sa.inspect(connection)
    known: dict[Place, list[Existing] | None] = {}
    told: set[tuple[Place, str]] = set()
    for wanted in (each for entity in tables for each in wanted_of(entity)):
        place = wanted.place
        if place not in known:
            known[place] = _existing(inspector, place)
        there = known[place]
        if there is None or (place, wanted.columns[0]) in told:
            continue
        if not any(serves(index, wanted) for index in there):
            told.add((place, wanted.columns[0]))
            yield _advice(layout, wanted)


def lacks(connection: sa.Connection, wanted: Wanted) -> bool:
    """Whether a table has no index for a question; a view can have none, and lacks none."""
    there = _existing(sa.inspect(connection), wanted.place)
    return there is not None and not any(serves(index, wanted) for index in there)


def _existing(inspector: sa.Inspector, place: Place) -> list[Existing] | None:
    """Return what the table has; None for a view, which can have none."""
    schema, table = place
    if table in inspector.get_view_names(schema):
        return None
    try:
        found = [Existing(tuple(inspector.get_pk_constraint(table, schema)["constrained_columns"]))]
        for unique in inspector.get_unique_constraints(table, schema):
            found.append(Existing(tuple(unique["column_names"])))
        for index in inspector.get_indexes(table, schema):
            options = index.get("dialect_options", {})
            where = next((str(text) for name, text in options.items() if name.endswith("_where")), "")
            found.append(Existing(tuple(name or "" for name in index["column_names"]), where))
    except sa.exc.NoSuchTableError:
        return None
    return found


def _advice(layout: Layout, wanted: Wanted) -> MissingIndex:
    from .migration_ddl import create_index, index_of

    infos = layout.info(wanted.place).columns
    name, table = _name(wanted.place[1], wanted.columns), wanted.place[1]
    index = Index(name=name, table=table, schema="", columns=wanted.columns)
    types = {name: infos[name].type for name in wanted.columns}
    statement = create_index(layout.dialect, index_of(index, wanted.place, types))
    shown = ".".join(part for part in wanted.place if part)
    return MissingIndex(shown, wanted.columns, wanted.why, " ".join(statement.split()))


def _name(table: str, columns: Sequence[str]) -> str:
    name = "_".join(("ix", table, *columns))
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}_{crc32(name.encode()):08x}"
