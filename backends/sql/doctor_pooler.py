"""What stands between us and the server, and for how long it lends its connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa

from unstick.recovery.source import Source

from .connect import parse
from .doctor_check import Check
from .errors import translate

if TYPE_CHECKING:
    from .pooled import Connection

ROUNDS = 3
DIRECT = "none: the server itself answers"
_LENT = "each question is a transaction of its own; live updates don't come through"
_KEPT = "a connection is ours for as long as we want it"
_UNKNOWN = "it has no second connection for us now, so how long it lends them can't be told"


def mysql_proxy(connection: sa.Connection, source: Source) -> list[Check]:
    """Whether the number that the server knows our connection by is another one than we were told."""
    driver = connection.connection.driver_connection
    told = driver.thread_id() if driver is not None else None
    known = connection.execute(sa.select(sa.func.connection_id())).scalar_one()
    if told == known:
        return [Check("pooler", True, DIRECT)]
    return [Check("pooler", True, "a proxy, which has connections of its own to the server")]


async def pooler(source: Source) -> list[Check]:
    """What is between us and a PostgreSQL server. Raises our errors only."""
    from .asyncpg import connect

    try:
        async with asyncio.timeout(source.connect_timeout_s + source.statement_timeout_s):
            first = await connect(source, write=False)
            try:
                if not first.pooled:
                    return [Check("pooler", True, DIRECT)]
                name, mode = await _name(source), await _mode(first, source)
            finally:
                first.terminate()
    except Exception as error:
        ours = translate(error, source)
        if ours is error:
            raise
        raise ours from error
    words = {"transaction": _LENT, "session": _KEPT}.get(mode, _UNKNOWN)
    return [Check("pooler", True, f"{name} in {mode} mode: {words}")]


async def _name(source: Source) -> str:
    """PgBouncer is known by how it refuses a setting that it doesn't carry along."""
    import asyncpg

    from .asyncpg import open_with
    from .pooled import REFUSED

    try:
        probe = await open_with(source, parse(source), {"unstick.who": "doctor"})
    except asyncpg.PostgresError as error:
        return "PgBouncer" if REFUSED in str(error) else "a pooler"
    probe.terminate()
    return "a pooler"


async def _mode(first: Connection, source: Source) -> str:
    """Two clients that are connected, and were answered by the same process, are lent it in turn."""
    from .asyncpg import connect

    try:
        async with asyncio.timeout(source.connect_timeout_s):
            second = await connect(source, write=False)
            try:
                for _ in range(ROUNDS):
                    if len({await _process(one) for one in (first, second, first)}) != 2:
                        return "transaction"
            finally:
                second.terminate()
    except TimeoutError:
        return "an unknown"
    return "session"


async def _process(connection: Connection) -> int:
    async with connection.transaction():
        return int(await connection.fetchval("SELECT pg_backend_pid()"))
