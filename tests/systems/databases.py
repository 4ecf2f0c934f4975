"""Running code on any of the three databases through SQLAlchemy, given a URL as a user would write it."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from unstick.backends.demo import ddl

T = TypeVar("T")

_DRIVERS = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+pymysql", "sqlite": "sqlite"}


async def in_database(url: str, work: Callable[[sa.Connection], T]) -> T:
    """What `work` returns, run in one transaction that is committed at the end."""
    address = sa.make_url(url)
    address = address.set(drivername=_DRIVERS[dialect_of(url)])
    if dialect_of(url) == "postgresql":
        asynchronous = create_async_engine(address, poolclass=NullPool)
        async with asynchronous.begin() as pipe:
            return await pipe.run_sync(work)
    with sa.create_engine(address, poolclass=NullPool).connect() as connection:
        if dialect_of(url) == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            connection.commit()
        with connection.begin():
            return work(connection)


def dialect_of(url: str) -> str:
    return ddl.dialect_of(sa.make_url(url).get_backend_name())


async def create_tables(url: str, system: str) -> None:
    """The tables of a demo system, empty."""

    def work(connection: sa.Connection) -> None:
        for statement in ddl.statements(system, dialect_of(url)):
            connection.exec_driver_sql(statement)

    await in_database(url, work)


def table(url: str, name: str) -> str:
    """The name of an extraction table in SQL: only PostgreSQL has schemas."""
    if dialect_of(url) != "postgresql":
        return name
    return f"core.{name}" if name == "user_profiles" else f"kb.{name}"
