"""What differs between the three databases: types, clocks, locks, lossless values."""

from __future__ import annotations

import sqlalchemy as sa

from .base import ColumnInfo, Engine, TableInfo
from .mysql import MySQL
from .postgresql import PostgreSQL
from .sqlite import SQLite

ENGINES: dict[str, Engine] = {"postgresql": PostgreSQL(), "mysql": MySQL(), "sqlite": SQLite()}

__all__ = ["ENGINES", "ColumnInfo", "Engine", "MySQL", "PostgreSQL", "SQLite", "TableInfo", "engine_of"]


def engine_of(connection: sa.Connection) -> Engine:
    """Return what is particular to the connection's database."""
    name = connection.dialect.name
    return ENGINES["mysql" if name == "mariadb" else name]
