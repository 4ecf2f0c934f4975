"""One sweeper per database and profile: whoever holds a lock that falls free when its holder dies.

PostgreSQL: an advisory lock of a transaction, which also a pooler in transaction mode passes on. MySQL: a
lock by name, of a connection. SQLite: a lock on a file beside the database. Each is held by a connection (or
file) of its own and asks for nothing that is written, so an account that may only read can hold it.
"""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from unstick.recovery.display import display_text
from unstick.recovery.source import Source

from .connect import parse
from .errors import translate
from .leading_file import FileLeader
from .part import Part
from .session import Session, make_session

if TYPE_CHECKING:
    import asyncpg

SPACE = 0x756E7374
"""The first of the two numbers of our advisory locks: `unst`."""
TAKE = "SELECT pg_try_advisory_xact_lock($1, $2)"
LASTING = """
SELECT set_config(known.name, wanted.value, true)
FROM (VALUES ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),
             ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'))
  AS wanted (name, value)
JOIN pg_settings AS known ON known.name = wanted.name
"""
"""The transaction is meant to stand idle; the keepalives end it where the leader's machine is gone."""
HOLDER = """
SELECT a.application_name
FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
SOMEBODY = "another sweeper"
_MARK = "unstick sweep "
_LONGEST = 63
"""Bytes of an application's name that PostgreSQL keeps."""


class Leader(Protocol):
    """A place that one sweeper holds."""

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Take or keep the place; None when it is ours, else who has it."""
        ...

    async def resign(self) -> None:
        """Give it up. Never raises."""
        ...


class Leading(Part):
    """The part of a backend that has to do with who sweeps."""

    _leader: Leader | None = None

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Become, or stay, the one sweeper of this database and profile."""
        if self._leader is None:
            layout = self._is_open.layout
            filled = ",".join(f"{name}={value}" for name, value in sorted(layout.parameters.items()))
            self._leader = make_leader(self._source, f"{layout.profile.name}/{filled}")
        return await self._leader.lead(who, hold_s)

    async def resign(self) -> None:
        """Give the place up."""
        if self._leader is not None:
            await self._leader.resign()


def make_leader(source: Source, what: str) -> Leader:
    """Return the place of the sweeper of `what`: the profile with its parameters."""
    url = parse(source)
    if url.get_backend_name() == "postgresql":
        return PostgresLeader(source, what)
    if url.get_backend_name() == "sqlite":
        return FileLeader(source, f"{url.database}", what)
    return MySqlLeader(source, f"{url.database}/{what}")


class PostgresLeader:
    """Holds an advisory lock in a transaction that is begun anew each time it is asked for."""

    def __init__(self, source: Source, what: str) -> None:
        self._source, self._number = source, zlib.crc32(what.encode()) & 0x7FFFFFFF
        self._connection: asyncpg.Connection[Any] | None = None

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Take or keep the place."""
        try:
            leader = await self._lead(who)
        except Exception as error:
            await self.resign()
            ours = translate(error, self._source)
            if ours is error:
                raise
            raise ours from error
        if leader is not None:
            await self.resign()
        return leader

    async def _lead(self, who: str) -> str | None:
        from .asyncpg import connect

        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._source, write=False)
        else:
            # A transaction that stands for days would alarm whoever watches the server.
            await self._connection.execute("ROLLBACK")
        connection = self._connection
        await connection.execute("BEGIN")
        name = f"{_MARK}{who}".encode()[:_LONGEST].decode(errors="ignore")
        await connection.execute("SELECT set_config('application_name', $1, true)", name)
        await connection.execute(LASTING)
        if await connection.fetchval(TAKE, SPACE, self._number):
            return None
        found = await connection.fetchval(HOLDER, SPACE, self._number)
        return display_text(str(found).removeprefix(_MARK), limit=80) if found else SOMEBODY

    async def resign(self) -> None:
        """Give the place up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.terminate()


class MySqlLeader:
    """Holds a lock by name on a connection of its own."""

    def __init__(self, source: Source, what: str) -> None:
        self._source = source
        # A name may have 64 characters and is known to the whole server.
        self._name = f"unstick.sweep.{zlib.crc32(what.encode()):08x}"
        self._session: Session | None = None

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Take or keep the place."""
        if self._session is None:
            self._session = make_session(self._source, write=False)
        leader = await self._session.run(lambda connection: self._lead(connection, hold_s))
        if leader is not None:
            await self.resign()
        return leader

    def _lead(self, connection: sa.Connection, hold_s: float) -> str | None:
        held = sa.select(sa.func.is_used_lock(self._name), sa.func.connection_id())
        holder, ours = connection.execute(held).one()
        if holder == ours:
            return None
        if holder is None and connection.execute(sa.select(sa.func.get_lock(self._name, 0))).scalar_one():
            # Where our machine is gone the server lets go of the lock after this time.
            wait = sa.text("SET SESSION wait_timeout = :seconds")
            connection.execute(wait, {"seconds": max(60, round(3 * hold_s))})
            return None
        return self._words(connection, holder)

    def _words(self, connection: sa.Connection, holder: int | None) -> str:
        asked = sa.text("SELECT user, host FROM information_schema.processlist WHERE id = :id")
        found = connection.execute(asked, {"id": holder}).first() if holder is not None else None
        if found is None:
            return SOMEBODY
        host = str(found.host).rpartition(":")[0] or found.host
        return display_text(f"{SOMEBODY} ({found.user}@{host}, connection {holder})", limit=80)

    async def resign(self) -> None:
        """Give the place up."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(Exception, asyncio.CancelledError):
                await session.close()
