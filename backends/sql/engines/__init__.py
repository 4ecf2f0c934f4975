"""What differs between the three databases: types, clocks, locks, lossless values."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from .base import ColumnInfo, Engine, TableInfo

__all__ = ["ColumnInfo", "Engine", "TableInfo", "engine_named", "engine_of"]


def engine_of(connection: sa.Connection) -> Engine:
    """Return what is particular to the connection's database."""
    return engine_named(connection.dialect.name)


@cache
def engine_named(dialect: str) -> Engine:
    """Return what is particular to a database by SQLAlchemy's name of it.

    Only this one is imported: MySQL's brings SQLAlchemy's dialect along.
    """
    if dialect in ("mysql", "mariadb"):
        from .mysql import MySQL

        return MySQL()
    if dialect == "postgresql":
        from .postgresql import PostgreSQL

        return PostgreSQL()
    if dialect == "sqlite":
        from .sqlite import SQLite

        return SQLite()
    raise KeyError(dialect)
