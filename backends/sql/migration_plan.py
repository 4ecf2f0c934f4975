"""What a profile's migration has to add to a database as it is, and what a roll-back takes away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile.migration import Column, Index
from unstick.recovery.errors import UsageError
from unstick.recovery.suggest import hint

from . import migration_ddl as ddl
from . import migration_record as record
from .engines import TableInfo
from .layout import Layout, Place
from .migration_record import Added

ALL = "all"
"""Names every column and index of the migration at once."""
_INVALID = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT i.indisvalid AND t.relname = :name AND n.nspname = coalesce(:schema, current_schema())
"""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to add or to take away. `alone`: its DDL can't be in a transaction.

    `recorded` says whether the record has it. `unless_used` is the column that may hold no value of its own,
    `relation` the quoted name of an index.
    """

    added: Added
    ddl: tuple[str, ...]
    alone: bool = False
    recorded: bool = False
    unless_used: Column | None = None
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be done, what is left out and why (name, sentence), and what is worth knowing."""

    works: tuple[Work, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Standing:
    """What is there: tables, indexes, and what unstick has added. Every look is one at the database."""

    def __init__(self, connection: sa.Connection, layout: Layout) -> None:
        self.connection, self.layout = connection, layout
        self.dialect, self.migration = connection.dialect, layout.profile.migration
        things: list[Column | Index] = [*self.migration.columns, *self.migration.indexes]
        places = {self.place(thing) for thing in things}
        self.tables: Mapping[Place, TableInfo] = layout.engine.reflect(connection, sorted(places, key=str))
        inspector = sa.inspect(connection)
        self.indexes: dict[Place, dict[str, list[str | None]]] = {
            place: {
                str(index["name"]): list(index["column_names"])
                for index in inspector.get_indexes(place[1], schema=place[0])
            }
            for place in self.tables
        }
        self.added = record.read(connection, layout.profile.name)

    def place(self, thing: Column | Index) -> Place:
        """Where the thing belongs."""
        return self.layout.place(thing.table, thing.table_schema)

    def key(self, thing: Column | Index) -> Added:
        """What the thing is called in the record."""
        place = ".".join(part for part in self.place(thing) if part)
        if isinstance(thing, Column):
            return Added("column", place, thing.column)
        return Added("index", place, thing.name)

    def has(self, thing: Column | Index) -> bool:
        """Whether it is there, under its name."""
        place = self.place(thing)
        if isinstance(thing, Column):
            return place in self.tables and thing.column in self.tables[place].columns
        return thing.name in self.indexes.get(place, ())

    def index(self, index: Index) -> sa.Index:
        """The index for statements about it."""
        place = self.place(index)
        types = {one.column: one.type for one in self.migration.columns if self.place(one) == place}
        types |= {name: info.type for name, info in self.tables[place].columns.items()}
        return ddl.index_of(index, place, types, self.layout.raw(index.where))

    def half_built(self, index: Index) -> bool:
        """Whether the index is what a build that was interrupted left behind, which serves nobody."""
        if self.dialect.name != "postgresql":
            return False
        schema, name = self.place(index)
        found = self.connection.execute(sa.text(_INVALID), {"schema": schema, "name": name}).scalars()
        return index.name in found

    @property
    def apart(self) -> bool:
        """Whether an index is made and dropped outside of a transaction, so that writers needn't wait."""
        return self.dialect.name == "postgresql"


def additions(standing: Standing) -> Draft:
    """Return what is missing, and what can't be added."""
    works: list[Work] = []
    left: list[tuple[str, str]] = []
    notes: list[str] = []
    for column in standing.migration.columns:
        key, place = standing.key(column), standing.place(column)
        if place not in standing.tables:
            left.append((str(key), f"there is no table {key.place}"))
        elif not standing.has(column):
            statement = ddl.add_column(standing.dialect, place, column)
            works.append(Work(key, (statement,), recorded=key in standing.added))
            notes += _counted(standing, column)
        elif not ddl.fits(column, info := standing.tables[place].columns[column.column], standing.dialect):
            left.append(
                (str(key), f"it is there as {info.type}, not as {column.type}: nothing is done to it")
            )
    coming = {(standing.place(column), column.column) for column in standing.migration.columns}
    for index in standing.migration.indexes:
        reason = _unbuildable(standing, index, coming)
        if reason is not None:
            left.append((index.name, reason))
        elif not standing.has(index) or standing.half_built(index):
            works.append(_build(standing, index))
            if index.where is not None and standing.dialect.name in ("mysql", "mariadb"):
                notes.append(f"this database has no partial indexes: {index.name} is a whole one")
    if standing.apart and any(work.alone for work in works):
        notes.append(
            "indexes are built while the application writes, after the transactions that are open now"
        )
    return Draft(tuple(works), tuple(left), tuple(notes))


def _counted(standing: Standing, column: Column) -> Iterable[str]:
    entities = [
        entity for job in standing.layout.profile.jobs for entity in (job, job.variants) if entity is not None
    ]
    for entity in entities:
        if (entity.table, entity.columns.retries) == (column.table, column.column):
            yield (
                f"{standing.key(column)} counts from {column.default or 0}; retries made so far stay in the "
                "history"
            )


def _unbuildable(standing: Standing, index: Index, coming: Collection[tuple[Place, str]]) -> str | None:
    place = standing.place(index)
    if place not in standing.tables:
        return f"there is no table {index.table}"
    for name in index.columns:
        if name not in standing.tables[place].columns and (place, name) not in coming:
            return f"table {index.table} has no column {name}"
    found = standing.indexes[place].get(index.name)
    if found is not None and found != list(index.columns):
        over = ", ".join(str(name) for name in found)
        return f"an index of this name is there over {over}: nothing is done to it"
    return None


def _build(standing: Standing, index: Index) -> Work:
    made, key = standing.index(index), standing.key(index)
    statements = [ddl.create_index(standing.dialect, made)]
    if standing.has(index):
        statements.insert(0, ddl.drop_index(standing.dialect, made))
    relation = standing.layout.quoted((standing.place(index)[0], index.name))
    return Work(key, tuple(statements), standing.apart, key in standing.added, relation=relation)


def removals(standing: Standing, named: Collection[str]) -> Draft:
    """Return what was added and goes; `named` are columns and indexes that go whatever they hold, and
    whoever added them. Raises UsageError for a name that the migration doesn't have."""
    things: list[Column | Index] = [
        *reversed(standing.migration.indexes),
        *reversed(standing.migration.columns),
    ]
    known = {str(standing.key(thing)) for thing in things}
    named = known if ALL in named else named
    for name in named:
        if name not in known:
            told = hint(name, sorted(known)) if known else "; it adds nothing"
            raise UsageError(f"--drop: the migration of {standing.layout.profile.name} has no {name!r}{told}")
    works: list[Work] = []
    left: list[tuple[str, str]] = []
    notes: list[str] = []
    for thing in things:
        key = standing.key(thing)
        if not standing.has(thing):
            works += [Work(key, (), recorded=True)] if key in standing.added else []
        elif key not in standing.added and str(key) not in named:
            notes.append(f"{key} was there before the migration and stays; --drop {key} takes it away")
        elif isinstance(thing, Index):
            statement = ddl.drop_index(standing.dialect, standing.index(thing))
            works.append(Work(key, (statement,), standing.apart, key in standing.added))
        elif (reason := _keeps(standing, thing, works, named)) is not None:
            left.append((str(key), reason))
        else:
            statement = ddl.drop_column(standing.dialect, standing.place(thing), thing.column)
            used = None if str(key) in named else thing
            works.append(Work(key, (statement,), recorded=key in standing.added, unless_used=used))
    return Draft(tuple(works), tuple(left), tuple(notes))


def _keeps(standing: Standing, column: Column, going: Collection[Work], named: Collection[str]) -> str | None:
    """Return why the column stays; None when it goes."""
    place, key = standing.place(column), standing.key(column)
    dropped = {work.added.name for work in going if work.ddl}
    for name, columns in standing.indexes[place].items():
        if column.column in columns and name not in dropped:
            return f"index {name} is made of it and stays: drop that one first"
    if standing.dialect.name == "sqlite" and (version := _version(standing.connection)) < (3, 35):
        return f"SQLite {'.'.join(map(str, version))} can't drop a column: 3.35 and later can"
    if str(key) in named:
        return None
    rows, lost = values(standing.connection, place, column)
    if lost:
        own = "a value" if column.default is None else f"a value other than {column.default}"
        return f"{lost} of {rows} rows hold {own}, which would be lost; --drop {key} drops it all the same"
    return None


def values(connection: sa.Connection, place: Place, column: Column) -> tuple[int, int]:
    """Return how many rows there are, and how many hold something else than the default."""
    rows, lost = connection.execute(ddl.values_in(place, column)).one()
    return int(rows), int(lost)


def _version(connection: sa.Connection) -> tuple[int, ...]:
    text = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar_one())
    return tuple(int(part) for part in text.split("."))
