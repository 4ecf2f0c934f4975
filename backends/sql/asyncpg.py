"""PostgreSQL through asyncpg on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

import asyncpg
import sqlalchemy as sa

from unstick.recovery.errors import CommitUnknown
from unstick.recovery.source import Source

from . import bridge, client_files, pooled, pooler, tls
from .bridge import Bridge
from .connect import parse
from .errors import is_lost, translate
from .session import Asked, Work, roll_back

T = TypeVar("T")


class AsyncSession:
    """One asyncpg connection, used through SQLAlchemy Core."""

    def __init__(self, source: Source, url: sa.URL, *, write: bool) -> None:
        self._source, self._url, self._write = source, url, write
        self.asked = Asked()
        self._engine: sa.Engine | None = None
        self._connection: Bridge | None = None
        self._lock = asyncio.Lock()
        self._closed = 0

    async def run(self, work: Work[T]) -> T:
        """Run the function with the connection. Cancelling the caller cancels the statement on the server.

        A read on a connection that turns out to have been lost while idle is made once more on a new one.
        """
        async with self._lock:
            used, closed = self._connection is not None and not self._write, self._closed
            try:
                try:
                    return await self._attempt(work)
                except Exception as error:
                    idle = used and closed == self._closed
                    if not (idle and self._connection is None and is_lost(error)):
                        raise
                return await self._attempt(work)
            except Exception as error:
                ours = translate(error, self._source)
                if ours is error:
                    raise
                raise ours from error

    async def _attempt(self, work: Work[T]) -> T:
        try:
            connection = await self._connect()
            return await connection.run_sync(self._whole, work)
        except asyncio.CancelledError:
            await self._drop()
            raise
        except Exception as error:
            await self._forget(error)
            raise

    def _whole(self, connection: sa.Connection, work: Work[T]) -> T:
        result = work(connection)
        if not self._write and connection.in_transaction() and pooler.stands_between(connection):
            connection.commit()
        return result

    async def close(self) -> None:
        """Drop the connection; a hanging statement is not waited for, and not made again."""
        self._closed += 1
        await self._drop()

    async def _connect(self) -> Bridge:
        if self._connection is None or self._connection.closed:
            closed = self._closed
            raw = await connect(self._source, write=self._write, url=self._url)
            try:
                self._engine = self.asked.by(self._engine_of(raw))
                connection = await Bridge.connect(self._engine)
                if raw.pooled and not self._write:
                    await connection.read_only()
            except BaseException:
                raw.terminate()
                raise
            self._connection = connection
            if closed != self._closed:
                # Whoever closed us found no connection to let go of.
                await self._drop()
                raise ConnectionResetError("it was closed while it was being opened")
        return self._connection

    def _engine_of(self, raw: pooled.Connection) -> sa.Engine:
        if raw.pooled:
            return pooled.engine(raw, _settings(self._source, write=self._write))

        async def give() -> pooled.Connection:
            return raw

        level = None if self._write else "AUTOCOMMIT"
        return bridge.engine(lambda dbapi: dbapi.connect(async_creator_fn=give), level)

    async def _forget(self, error: BaseException) -> None:
        cause = error.__cause__ if isinstance(error, CommitUnknown) else error
        if isinstance(error, CommitUnknown) or (cause is not None and is_lost(cause)):
            await self._drop()
        elif self._connection is not None:
            try:
                await self._connection.run_sync(roll_back)
            except Exception:
                await self._drop()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._engine = None
        if connection is None:
            return
        await connection.drop()


async def connect(source: Source, *, write: bool, url: sa.URL | None = None) -> pooled.Connection:
    """Open a connection with the source's limits and settings. Raises what the driver raises."""
    url = parse(source) if url is None else url
    settings = _settings(source, write=write)
    try:
        made = await open_with(source, url, settings)
    except asyncpg.PostgresError as error:
        if pooled.REFUSED not in str(error):
            raise
        kept = {name: value for name, value in settings.items() if name in pooled.KEPT}
        made = await open_with(source, url, kept)
    try:
        made.pooled = await pooled.is_pooled(made)
    except BaseException:
        made.terminate()
        raise
    return made


def _settings(source: Source, *, write: bool) -> dict[str, str]:
    milliseconds = str(int(source.statement_timeout_s * 1000))
    settings = {"application_name": "unstick", "statement_timeout": milliseconds}
    # Times travel as text in tokens and plan files: a role's own DateStyle must not spell them otherwise.
    settings["datestyle"] = "ISO"
    if write:
        settings["lock_timeout"] = str(int(source.lock_timeout_s * 1000))
        # Whatever the server's default is: what others committed meanwhile has to be seen under the lock.
        settings["default_transaction_isolation"] = "read committed"
    else:
        settings["default_transaction_read_only"] = "on"
    if source.time_zone:
        settings["timezone"] = source.time_zone
    return settings


async def open_with(source: Source, url: sa.URL, settings: Mapping[str, str]) -> pooled.Connection:
    """Open a connection that begins with these settings and no others. Raises what the driver raises."""
    query = dict(url.query)
    # libpq's name for it, which asyncpg would send to the server as a setting.
    timeout = query.pop("connect_timeout", None)
    seconds = str(timeout)
    query |= tls.for_postgresql(source, query)
    passfile, _ = client_files.pgpass(query)
    query.pop("passfile", None)
    opened = await asyncpg.connect(
        url.set(drivername="postgresql", query=query).render_as_string(hide_password=False),
        timeout=float(seconds) if seconds.isdigit() and int(seconds) else source.connect_timeout_s,
        # For a network that swallows everything: the server's own limit ends statements before that.
        command_timeout=source.statement_timeout_s + 5,
        server_settings=dict(settings),
        passfile=passfile,
        connection_class=pooled.Connection,
        # Statements are kept by SQLAlchemy; behind a pooler they must not be kept at all.
        statement_cache_size=0,
    )
    assert isinstance(opened, pooled.Connection)
    return opened
