"""SQLAlchemy Core over asyncpg without its `ext.asyncio`, which would bring the whole ORM along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def engine(connect: Callable[[Any], Any], isolation_level: str | None) -> sa.Engine:
    """Return an engine of one connection; `connect` gets SQLAlchemy's face of asyncpg and makes it."""

    def creator() -> Any:
        return connect(made.dialect.dbapi)

    made = sa.create_engine(
        "postgresql+asyncpg://",
        creator=creator,
        poolclass=NullPool,
        **({} if isolation_level is None else {"isolation_level": isolation_level}),
    )
    return made


class Bridge:
    """A synchronous connection whose waiting is the event loop's."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, engine: sa.Engine) -> Bridge:
        """Take the engine's connection."""
        return cls(await greenlet_spawn(engine.connect))

    @property
    def closed(self) -> bool:
        """Whether it can't be used any more."""
        return self._connection.closed

    async def run_sync(self, work: Callable[[sa.Connection, *Ts], T], *given: *Ts) -> T:
        """Run a function that waits for the database like any other."""
        return await greenlet_spawn(work, self._connection, *given)

    async def read_only(self) -> None:
        """Let every transaction be a read-only one."""
        await greenlet_spawn(self._connection.execution_options, postgresql_readonly=True)

    async def drop(self) -> None:
        """Hang up, without a word to the server, and let go of it."""
        try:
            driver = (await greenlet_spawn(getattr, self._connection, "connection")).driver_connection
            if driver is not None:
                driver.terminate()
        except (sa.exc.SQLAlchemyError, OSError, AttributeError):
            pass
        try:
            await greenlet_spawn(self._connection.invalidate)
            await greenlet_spawn(self._connection.close)
        except (sa.exc.SQLAlchemyError, OSError):
            return  # it is gone already
