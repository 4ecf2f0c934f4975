"""The workers' connection to PostgreSQL: asyncpg on an event loop that runs only when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from unstick.backends.demo.connection import BUSY_SECONDS, Busy, Connection, Failed, Found

T = TypeVar("T")

_AS_TEXT = ("uuid", "timestamp", "timestamptz")
_AGAIN = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
)


class PostgresConnection(Connection):
    """One session."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._heard: list[str] = []
        self._prepared: dict[str, Any] = {}
        try:
            self._raw = self._wait(self._connect(urlsplit(url)._replace(scheme="postgresql").geturl()))
        except BaseException:
            self._loop.close()
            raise

    async def _connect(self, url: str) -> asyncpg.Connection[Any]:
        settings = {
            "application_name": "unstick demo worker",
            "datestyle": "ISO",
            "lock_timeout": str(int(BUSY_SECONDS * 1000)),
        }
        raw = await asyncpg.connect(url, server_settings=settings)
        for name in _AS_TEXT:
            # As text nothing of a time is lost on its way here and back.
            await raw.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str, format="text")
        return raw

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run_until_complete(work)
        except _AGAIN as error:
            raise Busy(str(error)) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Failed(str(error)) from error

    def run(self, sql: str, values: Sequence[Any]) -> Found:
        return self._wait(self._run(sql, values))

    async def _run(self, sql: str, values: Sequence[Any]) -> Found:
        statement = self._prepared.get(sql)
        if statement is None:
            statement = self._prepared[sql] = await self._raw.prepare(sql)
        rows = await statement.fetch(*values)
        names = [attribute.name for attribute in statement.get_attributes()]
        count = str(statement.get_statusmsg()).rpartition(" ")[2]
        return Found(names, [tuple(row) for row in rows], int(count) if count.isdigit() else -1)

    def begin(self) -> None:
        self.run("BEGIN", ())

    def listen(self, channel: str) -> bool:
        self._wait(self._raw.add_listener(channel, self._hear))
        return True

    def _hear(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        self._heard.append(str(payload))

    def heard(self) -> list[str]:
        # What the server has sent is read while it answers, and told in the round after that.
        self.run("SELECT 1", ())
        self._wait(asyncio.sleep(0))
        found, self._heard = self._heard, []
        return found

    def close(self) -> None:
        with suppress(Failed, Busy, OSError, TimeoutError):
            self._wait(self._raw.close(timeout=BUSY_SECONDS))
        self._loop.close()
