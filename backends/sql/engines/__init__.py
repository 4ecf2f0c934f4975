"""What differs between the three databases: types, clocks, locks, lossless values."""

from __future__ import annotations

from .base import ColumnInfo, Engine, TableInfo
from .mysql import MySQL
from .postgresql import PostgreSQL
from .sqlite import SQLite

ENGINES: dict[str, Engine] = {"postgresql": PostgreSQL(), "mysql": MySQL(), "sqlite": SQLite()}

__all__ = ["ENGINES", "ColumnInfo", "Engine", "MySQL", "PostgreSQL", "SQLite", "TableInfo"]
