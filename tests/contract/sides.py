"""The workers' own connections, straight through each driver, so that nothing of ours is in between."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg
import pymysql


class Side(Protocol):
    """One connection that commits every statement; `?` stands for a value."""

    async def run(self, sql: str, *values: object) -> Sequence[Sequence[object]]:
        """Run a statement and return its rows."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class PostgresSide:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def run(self, sql: str, *values: object) -> Sequence[Sequence[object]]:
        numbers = count(1)
        numbered = "".join(f"${next(numbers)}" if part == "?" else part for part in _parts(sql))
        return [tuple(row.values()) for row in await self._connection.fetch(numbered, *values)]

    async def close(self) -> None:
        await self._connection.close()


class MariaDBSide:
    def __init__(self, connection: "pymysql.Connection[pymysql.cursors.Cursor]") -> None:
        self._connection = connection

    async def run(self, sql: str, *values: object) -> Sequence[Sequence[object]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values or None)
            return cursor.fetchall()

    async def close(self) -> None:
        self._connection.close()


class SqliteSide:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, *values: object) -> Sequence[Sequence[object]]:
        found: list[tuple[object, ...]] = self._connection.execute(sql, values).fetchall()
        return found

    async def close(self) -> None:
        self._connection.close()


async def connect(url: str) -> Side:
    """Connect to a database that a fixture made."""
    parts = urlsplit(url)
    if parts.scheme.startswith("postgres"):
        return PostgresSide(await asyncpg.connect(url))
    if parts.scheme.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=5)
        connection.execute("PRAGMA foreign_keys = ON")
        return SqliteSide(connection)
    return MariaDBSide(
        pymysql.connect(
            host=parts.hostname or "",
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=parts.path.lstrip("/"),
            autocommit=True,
            init_command="SET time_zone = '+00:00'",
        )
    )


@asynccontextmanager
async def holding(side: Side, lock: str, *values: object) -> AsyncIterator[None]:
    """Hold the locks of a statement for a while, then let go without a change."""
    await side.run("BEGIN IMMEDIATE" if isinstance(side, SqliteSide) else "BEGIN")
    await side.run(lock, *values)
    try:
        yield
    finally:
        await side.run("ROLLBACK")


async def cut_others(side: Side) -> None:
    """Cut every other connection to the database."""
    if isinstance(side, PostgresSide):
        await side.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    elif isinstance(side, MariaDBSide):
        others = await side.run(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        )
        for (number,) in others:
            await side.run(f"KILL HARD CONNECTION {number}")


def _parts(sql: str) -> list[str]:
    return [part for piece in sql.split("?") for part in (piece, "?")][:-1]
