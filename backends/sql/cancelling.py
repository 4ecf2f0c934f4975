"""Ends a statement that nobody waits for any more, in the server: a thread can't stop waiting for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa


def driver_of(connection: sa.Connection | None) -> Any:
    """Return the driver's connection; None before there is one, and when it is gone."""
    if connection is None or connection.closed:
        return None
    with suppress(sa.exc.SQLAlchemyError):
        return connection.connection.driver_connection
    return None


def end(driver: Any, make_engine: Callable[[], sa.Engine]) -> bool:
    """End what a connection is asked right now; whether nothing more can be asked of it either."""
    if isinstance(driver, sqlite3.Connection):
        with suppress(sqlite3.Error):
            driver.interrupt()
        return False
    # A statement of a lost connection goes on in the server: it is ended from another one.
    engine = make_engine()
    with suppress(Exception), engine.connect() as side:
        side.exec_driver_sql(f"KILL CONNECTION {int(driver.thread_id())}")
    engine.dispose()
    return True
