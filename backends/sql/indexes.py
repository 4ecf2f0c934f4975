"""Indexes that the questions of a console look for, and which of them a database lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import sqlalchemy as sa

from unstick.backends.profile.migration import Index
from unstick.backends.profile.model import JobTable, Rule, Variants
from unstick.recovery.health import Health, MissingIndex

from .entity import EntitySql
from .layout import Layout, Place
from .listening import Listener
from .part import Part
from .session import Session

LONGEST = 60
"""Characters of an index's name that every database takes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index for one kind of question. One that begins with any of the first `leading` columns does."""

    place: Place
    columns: tuple[str, ...]
    why: str
    leading: int = 1
    partial: bool = False
    """Whether an index of only some rows would do as well."""
    shared: bool = False
    """Whether the question names more columns in SQL of its own: an index may begin with those."""


@dataclass(frozen=True, slots=True)
class Existing:
    """An index that is there. `where` is the condition of one that has only some rows."""

    columns: tuple[str, ...]
    where: str = ""


class Inspecting(Part):
    """The part of a backend that looks at what is around the rows."""

    _writing: Session | None
    _listener: Listener

    async def health(self) -> Health:
        """Look at connections and indexes."""
        lacking = await self._read(
            lambda connection: tuple(missing(connection, self._is_open.layout, self._is_open.tables))
        )
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
        if not any(_serves(index, wanted) for index in there):
            told.add((place, wanted.columns[0]))
            yield _advice(layout, wanted)


def leads(connection: sa.Connection, place: Place, column: str) -> bool:
    """Whether an index of all rows begins with the column."""
    there = _existing(sa.inspect(connection), place) or []
    return any(index.columns[:1] == (column,) and not index.where for index in there)


def wanted_of(entity: EntitySql) -> Iterator[Wanted]:
    """Yield what the questions about a job table and all below it look for."""
    yield from _own(entity)
    variants = entity.variants
    if variants is not None and isinstance(variants.spec, Variants):
        match = tuple(variants.spec.match)
        called = variants.spec_name
        yield Wanted(variants.place, match, f"the {called} of a job", len(match))
        yield from _own(variants)
    for child in entity.children.values():
        if child.match:
            match, why = tuple(child.match), f"the {child.name} of a job, also when it is deleted"
            shared = child.only is not None
            yield Wanted(entity.child_place(child), match, why, len(match), shared=shared)


def _own(entity: EntitySql) -> Iterator[Wanted]:
    """What is stuck, the counts, and the newest rows of one table."""
    spec, called = entity.spec, "jobs" if isinstance(entity.spec, JobTable) else entity.spec_name
    timed = [wanted for rule in spec.rules if rule.enabled for wanted in _of_rule(entity, rule)]
    yield from timed
    if spec.status is not None and not any(each.place == entity.place for each in timed):
        yield Wanted(entity.place, (spec.status,), f"the counts, and {called} by state")
    if "created" in entity.clocks:
        column = entity.clocks["created"][0]
        # NULLs are put last by a term of their own, which no index gives.
        if not entity.infos[column].nullable and column != entity.key[0]:
            yield Wanted(entity.place, (column, *entity.key), f"the newest {called}, page by page")


def _of_rule(entity: EntitySql, rule: Rule) -> Iterator[Wanted]:
    if rule.owner is not None:
        schema, _, table = rule.owner.table.rpartition(".")
        match = tuple(rule.owner.match)
        yield Wanted(entity.layout.place(table, schema), match, "whether a worker is alive", len(match))
    status = entity.spec.status
    for time in rule.age_of:
        child_name, dot, column = time.partition(".")
        if dot and child_name in entity.children and entity.children[child_name].match:
            child = entity.children[child_name]
            columns, why = (*child.match, column), "the last sign of life of a job"
            shared = child.only is not None
            yield Wanted(entity.child_place(child), columns, why, len(child.match), shared=shared)
    first = next((time for time in rule.age_of if time in entity.clocks), None)
    if status is not None and rule.statuses and first is not None:
        columns = tuple(dict.fromkeys((status, entity.clocks[first][0])))
        yield Wanted(entity.place, columns, "what is stuck, and the counts", partial=True)


def _serves(index: Existing, wanted: Wanted) -> bool:
    if index.where:
        named = any(column in index.where or column in index.columns for column in wanted.columns)
        return wanted.partial and named
    leading = index.columns if wanted.shared else index.columns[:1]
    return not {*leading}.isdisjoint(wanted.columns[: wanted.leading])


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
