"""PostgreSQL behind a pooler that lends a connection for one transaction, such as PgBouncer.

Nothing outlives a transaction there: no setting, no prepared statement, no lock of the session. So every
question is a transaction that brings its own settings along, and statements have no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa

from . import bridge

KEPT = ("application_name", "datestyle", "timezone")
"""What PgBouncer carries along from connection to connection. It refuses a client that begins with others."""
REFUSED = "unsupported startup parameter"
_LOCAL = ("statement_timeout", "lock_timeout", "datestyle", "timezone")


class Connection(asyncpg.Connection):
    """A connection that knows whether it is the server's own or a pooler's."""

    pooled = False

    async def set_type_codec(self, *given: Any, **named: Any) -> None:
        """Set a codec, whose two questions have to reach the same server."""
        if not self.pooled:
            await super().set_type_codec(*given, **named)
            return
        async with self.transaction():
            await super().set_type_codec(*given, **named)


async def is_pooled(connection: asyncpg.Connection[Any]) -> bool:
    """Whether the process that answers is another one than the one that let us in."""
    # In one message, and told by its count: a pooler may not send two to the same server.
    told = await connection.execute(f"SELECT WHERE pg_backend_pid() = {int(connection.get_server_pid())}")
    return told != "SELECT 1"


def engine(connection: Connection, settings: Mapping[str, str]) -> sa.Engine:
    """Return an engine for one pooled connection; each transaction begins with the settings."""

    async def give() -> Connection:
        return connection

    def connect(dbapi: Any) -> Any:
        return dbapi.connect(
            async_creator_fn=give, prepared_statement_cache_size=0, prepared_statement_name_func=lambda: ""
        )

    made = bridge.engine(connect, "READ COMMITTED")
    local = {name: settings[name] for name in _LOCAL if name in settings}

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.execute(sa.select(*(sa.func.set_config(*pair, True) for pair in local.items())))

    return made
