"""From a database to a profile that could read it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from unstick.backends.profile.load import parse_profile
from unstick.backends.sql.engines import engine_of
from unstick.backends.sql.recognise import matches
from unstick.backends.sql.session import make_session
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.source import Source

from . import looking
from .choosing import CLOSE, Candidate, candidates
from .guess import Guess, guess
from .writing import looks, profile_text

NEEDED = (
    "columns like status, created_at, started_at, heartbeat_at, attempts, last_error make one; "
    "--table names the table where the names say nothing"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile drafted from a table, or (without `text`) the name of a known one that fits. `look` is what a
    person has to decide, one sentence each."""

    profile: str
    text: str = ""
    table: str = ""
    look: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether a profile that exists already fits."""
        return not self.text


async def draft(source: Source, name: str, *, table: str | None = None) -> Draft:
    """Look at the database, which is only read, and return the profile that fits or a draft called `name`.

    Raises SchemaMismatch where nothing looks like jobs, or nothing in it could tell how long one hangs.
    """
    session = make_session(source, write=False)
    try:
        return await session.run(lambda connection: _draft(connection, source, name, table))
    finally:
        await session.close()


def _draft(connection: sa.Connection, source: Source, name: str, table: str | None) -> Draft:
    if table is None:
        ranked, _ = matches(connection, engine_of(connection), source)
        fitting = next((match.profile.name for match in ranked if match.fits), None)
        if fitting is not None:
            return Draft(fitting)
    found = _guess(connection, source, table)
    text = profile_text(name, found)
    parse_profile(text, f"the draft {name}")
    return Draft(name, text, found.seen.name, looks(text))


def _guess(connection: sa.Connection, source: Source, table: str | None) -> Guess:
    wanted = looking.places(connection, table)
    known = looking.tables(connection, wanted)
    if table is not None and not known:
        raise SchemaMismatch(f"{source.name}: there is no table {table} that this account can see")
    ranked = candidates(known, named=table is not None)
    if not ranked:
        names = ", ".join(info.name for info in known[:5]) or "none that this account can see"
        raise SchemaMismatch(f"{source.name}: no table looks like jobs (its tables: {names}); {NEEDED}")
    chosen, key = ranked[0], looking.key_of(connection, ranked[0].info)
    if not key:
        raise SchemaMismatch(
            f"{source.name}: {chosen.name} looks like jobs, but has no primary key by which a row could be "
            "named; add one, or name another table with --table"
        )
    seen = looking.details(connection, chosen.info, key)
    sample = looking.sample(connection, seen)
    everything = wanted if table is None else looking.places(connection, None)
    links = looking.links(connection, everything, chosen.info)
    sqlite = connection.dialect.name == "sqlite"
    found = guess(chosen, seen, sample, links, _others(ranked, chosen), sqlite=sqlite)
    _require_enough(source, found)
    return found


def _others(ranked: list[Candidate], chosen: Candidate) -> list[str]:
    return [each.name for each in ranked[1:4] if each.points >= chosen.points - CLOSE]


def _require_enough(source: Source, found: Guess) -> None:
    if found.statuses.sql is None and "status" not in found.parts:
        raise SchemaMismatch(
            f"{source.name}: {found.seen.name} has no column that tells the state of a job (such as status), "
            f"so that nothing can be drafted; name another table with --table, or write a profile by hand "
            "(docs/profiles.md)"
        )
    if not found.times:
        raise SchemaMismatch(
            f"{source.name}: {found.seen.name} looks like jobs, but none of its columns holds a time, so "
            "that nothing can tell how long a job hangs; add one that workers keep writing, such as "
            "heartbeat_at, or name another table with --table"
        )
