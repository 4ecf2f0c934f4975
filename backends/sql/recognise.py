"""Finds the profile that fits a database, by columns and sibling tables, not by one table's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile import load
from unstick.backends.profile.model import Profile
from unstick.recovery.errors import ConfigError, SchemaMismatch
from unstick.recovery.source import Source

from .engines import Engine, TableInfo
from .layout import Place, parameters


@dataclass(frozen=True, slots=True)
class Match:
    """How well a profile fits: the columns that it wants and the database has."""

    profile: Profile
    wanted: int
    found: int
    tables: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Tables of the fingerprint that are there, and columns of it (`table.column`) that are not."""

    @property
    def fits(self) -> bool:
        """Whether everything that tells the system is there."""
        return self.wanted > 0 and self.found == self.wanted


@dataclass(frozen=True, slots=True)
class Recognised:
    """The profile that fits best, and what the operator should know about the choice."""

    profile: Profile
    problems: tuple[str, ...] = ()


def matches(connection: sa.Connection, engine: Engine, source: Source) -> tuple[list[Match], tuple[str, ...]]:
    """Return every known profile with how well it fits, the best first; and the mistakes in the others."""
    found, mistakes = [], []
    for info in load.available().values():
        try:
            profile = info.load()
            places = _places(profile, source, engine)
        except ConfigError as error:
            # A broken profile of the user's must not keep the others from being found.
            mistakes.append(f"a profile is left out: {error}")
            continue
        tables = engine.reflect(connection, list(places))
        found.append(_match(profile, places, tables))
    best = sorted(found, key=lambda match: (match.fits, match.wanted, match.found), reverse=True)
    return best, tuple(mistakes)


def _match(
    profile: Profile, places: Mapping[Place, tuple[str, ...]], tables: Mapping[Place, TableInfo]
) -> Match:
    known = {place: set(tables[place].columns) if place in tables else set() for place in places}
    absent = [
        f"{place[1]}.{column}"
        for place, columns in places.items()
        for column in columns
        if column not in known[place]
    ]
    wanted = sum(len(set(columns)) for columns in places.values())
    there = tuple(place[1] for place in places if place in tables)
    return Match(profile, wanted, wanted - len(set(absent)), there, tuple(dict.fromkeys(absent)))


def _places(profile: Profile, source: Source, engine: Engine) -> dict[Place, tuple[str, ...]]:
    fitting = {name: value for name, value in source.parameters.items() if name in profile.parameters}
    fill = parameters(profile, Source(source.name, source.url, parameters=fitting), engine)
    places: dict[Place, tuple[str, ...]] = {}
    for table, columns in profile.recognise.items():
        schema = fill.get("schema", "") if "{schema}" in table else ""
        name = table.replace("{schema}", "")
        for parameter, value in fill.items():
            name = name.replace("{" + parameter + "}", value)
        # What its migration adds can't tell the system: the migration itself has to recognise it before.
        added = profile.migration.adds(table)
        places[(schema or None, name)] = tuple(column for column in columns if column not in added)
    return places


def recognise(connection: sa.Connection, engine: Engine, source: Source) -> Recognised:
    """Return the profile that fits best. Raises SchemaMismatch when none does."""
    ranked, mistakes = matches(connection, engine, source)
    fitting = [match.profile.name for match in ranked if match.fits]
    if fitting:
        return Recognised(ranked[0].profile, (*_several(fitting), *mistakes))
    tables = sa.inspect(connection).get_table_names()[:5]
    seen = f"its tables are {', '.join(tables)}" if tables else "it has no tables that this account can see"
    broken = "".join(f"; {mistake}" for mistake in mistakes)
    raise SchemaMismatch(
        f"{source.name}: no known job system is in this database ({seen}; tables that this account may not "
        "read look as if they were missing); check its privileges, or let `unstick init URL` draft a profile "
        f"of your own tables (docs/profiles.md tells what it may say){broken}"
    )


def _several(fitting: list[str]) -> tuple[str, ...]:
    if len(fitting) == 1:
        return ()
    first, *others = fitting
    return (
        f"this database also holds {' and '.join(others)}; {first} is opened: choose with `profile` in the "
        "configuration, or UNSTICK_PROFILE",
    )
