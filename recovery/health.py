"""What can be found out about a source beyond its rows: connections, and indexes that would help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """An index that a question of ours looks for in vain.

    `table` with its schema as people write it, `columns` in the index's order, `why` says what is slow
    without it, `statement` is the SQL that makes it.
    """

    table: str
    columns: tuple[str, ...]
    why: str
    statement: str

    @property
    def place(self) -> str:
        """The table with the columns, for a line of text."""
        return f"{self.table} ({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class Health:
    """`connections` are those that are open to the database now; None where that makes no sense.

    `missing` is empty too where a backend has no indexes to look at.
    """

    connections: int | None = None
    missing: tuple[MissingIndex, ...] = ()
