"""What to mind where a pooler lends the connections: see `pooled`, which needs the driver."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def stands_between(connection: sa.Connection) -> bool:
    """Whether the connection is a pooler's."""
    return bool(getattr(connection.connection.driver_connection, "pooled", False))


def execute_apart(connection: sa.Connection, statement: str) -> None:
    """Run a statement outside of a transaction on whichever connection a pooler has. Raises DBAPIError."""
    import asyncpg

    driver: Any = connection.connection.dbapi_connection
    try:
        # In one message: prepared first, it could be looked for on another connection.
        driver.run_async(lambda raw: raw.execute(statement))
    except asyncpg.PostgresError as error:
        raise sa.exc.DBAPIError(statement, None, error) from error
