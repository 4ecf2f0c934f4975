"""Where a profile meets a real database: schemas and prefixes filled in, columns checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from unstick.backends.profile.model import Child, Entity, JobTable, Profile, Rule, Sql, Time
from unstick.recovery.config.environment import flag, read_variable
from unstick.recovery.errors import ConfigError, SchemaMismatch
from unstick.recovery.source import Source

from . import json_text
from .engines import Engine, TableInfo
from .engines.base import ColumnInfo, Expr

Place = tuple[str | None, str]


def sql_for(texts: Mapping[Any, str] | None, engine: Engine) -> str | None:
    """Return the text for this database, or the one for all."""
    if texts is None:
        return None
    return texts.get(engine.name, texts.get("*"))


@dataclass(slots=True)
class Layout:
    """A profile on one database. Tables are looked up once, when the source is opened."""

    profile: Profile
    engine: Engine
    source: Source
    parameters: Mapping[str, str]
    dialect: sa.Dialect
    tables: dict[Place, TableInfo]

    def fill(self, text: str) -> str:
        """Replace `{parameter}` in a name."""
        for name, value in self.parameters.items():
            text = text.replace("{" + name + "}", value)
        return text

    def place(self, table: str, schema: str = "") -> Place:
        """Return the schema (None: the session's own) and name of a table of the profile."""
        return (self.fill(schema) or None, self.fill(table))

    def quoted(self, place: Place) -> str:
        """Return the table's name for SQL text."""
        quote = self.dialect.identifier_preparer.quote
        return ".".join(quote(part) for part in place if part)

    def info(self, place: Place) -> TableInfo:
        """Return the real table. Raises SchemaMismatch when it is not there."""
        try:
            return self.tables[place]
        except KeyError:
            name = ".".join(part for part in place if part)
            raise SchemaMismatch(
                f"{self.source.name}: there is no table {name}, which the profile {self.profile.name} needs; "
                "choose another source or profile, or write one (docs/profiles.md)"
            ) from None

    def has(self, place: Place) -> bool:
        """Whether the table exists."""
        return place in self.tables

    def column(self, place: Place, alias: str, name: str) -> Expr:
        """Return a column of an aliased table, typed as it really is. Raises SchemaMismatch."""
        info = self.info(place).columns.get(name)
        if info is None:
            raise SchemaMismatch(
                f"{self.source.name}: table {place[1]} has no column {name}, which profile "
                f"{self.profile.name} names; run `unstick doctor`, or adapt the profile"
            )
        quoted = self.dialect.identifier_preparer.quote(name)
        return sa.literal_column(f"{alias}.{quoted}", self.engine.column_type(info))

    def time(self, place: Place, alias: str, time: Time) -> tuple[Expr, ColumnInfo]:
        """Return where a time is, which may be within a JSON document, and what it is like there."""
        column, info = self.column(place, alias, time.column), self.info(place).columns[time.column]
        if not time.path:
            return column, info
        text = json_text.text_at(self.engine, self.dialect, column, time.path, info)
        return json_text.only_days(self.engine, text), json_text.TEXT

    def status_text(self, place: Place, alias: str, name: str) -> Expr:
        """Return a status column that can be compared with any text, also where it is an enum."""
        column = self.column(place, alias, name)
        return self.engine.text(column) if self.info(place).columns[name].labels else column

    @staticmethod
    def tables_text(text: str) -> sa.TextClause:
        """Return what stands after FROM; a colon in it is just a colon."""
        return sa.text(text.replace(":", "\\:"))

    def raw(self, texts: Mapping[Any, str] | None) -> str | None:
        """Return SQL text of the profile with its placeholders filled in, table prefixes quoted."""
        text = sql_for(texts, self.engine)
        if text is None:
            return None
        quote = self.dialect.identifier_preparer.quote
        for name, value in self.parameters.items():
            filled = (f"{quote(value)}." if value else "") if name == "schema" else value
            text = text.replace("{" + name + "}", filled)
        return json_text.expand(self._with_tables(text), self.engine, self.dialect)

    def _with_tables(self, text: str) -> str:
        """Fill in `{table NAME}` and `{has NAME}`: an optional table that is absent is one without rows."""
        for name, columns in self.profile.optional.items():
            place, there = self.place(name), self.has(self.place(name))
            nothing = ", ".join(f"NULL AS {self.dialect.identifier_preparer.quote(c)}" for c in columns)
            dual = " FROM DUAL" if self.engine.name == "mysql" else ""
            absent = f"(SELECT {nothing}{dual} WHERE 1 = 0)"
            text = text.replace(f"{{table {name}}}", self.quoted(place) if there else absent)
            text = text.replace(f"{{has {name}}}", "1 = 1" if there else "1 = 0")
        return text

    def expression(self, texts: Sql) -> Expr:
        """Return SQL text of the profile as an expression."""
        text = self.raw(texts)
        if text is None:
            raise ConfigError(
                f"profile {self.profile.name}: an SQL text has no variant for {self.engine.name}"
            )
        # Grouped, so that no bind is named after the text, which may have several lines.
        return Grouping(sa.literal_column(f"({text})"))


def parameters(profile: Profile, source: Source, engine: Engine) -> dict[str, str]:
    """Return the profile's parameters: the source's values over the defaults. Raises ConfigError."""
    unknown = set(source.parameters) - set(profile.parameters)
    if unknown:
        known = ", ".join(sorted(profile.parameters)) or "none"
        raise ConfigError(
            f"{source.name}: profile {profile.name} has no parameter {min(unknown)!r} (it has: {known})"
        )
    values = {name: sql_for(texts, engine) or "" for name, texts in profile.parameters.items()}
    for name, value in {**source.parameters, **_environment(profile)}.items():
        if not all(letter.isalnum() or letter in "_-$." for letter in value):
            raise ConfigError(
                f"{source.name}: parameter {name} = {value!r} may hold letters, digits, _ - $ and . only"
            )
        values[name] = value
    return values


def _environment(profile: Profile) -> dict[str, str]:
    """Return the parameters that environment variables set; yes and no as SQL writes them."""
    found: dict[str, str] = {}
    for setting, variable in profile.env.items():
        kind, _, name = setting.partition(".")
        text = os.environ.get(variable.name)
        if kind != "parameter" or not text:
            continue
        found[name] = text
        if variable.unit == "boolean":
            found[name] = "TRUE" if read_variable(variable.name, text, flag) else "FALSE"
    return found


def wanted_tables(profile: Profile, fill: Mapping[str, str]) -> list[tuple[Place, bool]]:
    """Return every table that the profile names, and whether it must exist."""

    def place(table: str, schema: str) -> Place:
        for name, value in fill.items():
            table, schema = table.replace("{" + name + "}", value), schema.replace("{" + name + "}", value)
        return (schema or None, table)

    wanted: dict[Place, bool] = {place(table, ""): False for table in profile.optional}
    for job in profile.jobs:
        for table, schema, needed in _named(job):
            where = place(table, schema)
            wanted[where] = wanted.get(where, False) or needed
    return list(wanted.items())


def _named(job: JobTable) -> Iterable[tuple[str, str, bool]]:
    entities: tuple[Entity, ...] = (job, *((job.variants,) if job.variants else ()))
    for entity in entities:
        yield entity.table, entity.table_schema, True
        for rule in entity.rules:
            yield from _owners(rule)
        for effects in (part for action in entity.actions.values() for part in action.everything):
            for related in effects.related:
                yield related.table, related.table_schema, True
            for insert in effects.insert:
                yield insert.table, insert.table_schema, not insert.optional
        for other in (each for action in entity.actions.values() for each in action.follows):
            yield other.table, other.table_schema, True
    for child in job.children:
        yield child.table, child.table_schema, not child.optional


def _owners(rule: Rule) -> Iterable[tuple[str, str, bool]]:
    if rule.owner is not None:
        schema, _, table = rule.owner.table.rpartition(".")
        yield table, schema, True


def build_layout(connection: sa.Connection, profile: Profile, engine: Engine, source: Source) -> Layout:
    """Look the profile's tables up and return the layout. Raises SchemaMismatch for a table that must
    exist."""
    fill = parameters(profile, source, engine)
    wanted = wanted_tables(profile, fill)
    tables = engine.reflect(connection, [place for place, _ in wanted])
    layout = Layout(profile, engine, source, fill, connection.dialect, tables)
    for place, needed in wanted:
        if needed:
            layout.info(place)
    return layout


def children_of(layout: Layout, job: JobTable) -> dict[str, Child]:
    """Return the job table's children that exist in this database, by name."""
    there = {
        child.name: child
        for child in job.children
        if layout.has(layout.place(child.table, child.table_schema)) or not child.optional
    }
    return {name: child for name, child in there.items() if not child.via or child.via in there}
