"""What was seen of a database: tables, keys, links, and a sample of the rows of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unstick.backends.sql.engines import TableInfo


@dataclass(frozen=True, slots=True)
class Link:
    """A table whose rows point at another's by a foreign key. `columns` maps its columns to the other's,
    `on_delete` is what the database does then: `CASCADE`, `SET NULL`, or empty for refusing."""

    table: str
    schema: str | None
    key: tuple[str, ...]
    columns: Mapping[str, str]
    on_delete: str
    nullable: bool = False
    deeper: bool = False
    """Whether rows of a third table would go with it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One table: its columns, primary key, defaults of columns, and values that a column may have."""

    info: TableInfo
    key: tuple[str, ...]
    defaults: Mapping[str, str] = field(default_factory=dict)
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table's name, with its schema where that is not the session's own."""
        return f"{self.info.schema}.{self.info.name}" if self.info.schema else self.info.name


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a table: the newest and the oldest by its key. `now` is the database's now in seconds
    since 1970, `local` how far the clock of its session is ahead of UTC, in seconds."""

    rows: tuple[Mapping[str, Any], ...]
    whole: bool
    now: float
    local: float

    def values(self, column: str) -> list[Any]:
        """Return the column's values that are not NULL."""
        return [row[column] for row in self.rows if row[column] is not None]
