"""The workers' connection to their database, the same for all three, and the one to an SQLite file."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from unstick.backends.demo.ddl import Dialect, dialect_of
from unstick.backends.demo.spelling import spell

BUSY_SECONDS = 2.0
URL_VARIABLE = "UNSTICK_DEMO_WORKER_URL"
"""Where a worker's URL is, rather than on its command line, which anybody on the machine can read."""

Statement = str | Mapping[Dialect, str]
"""SQL with ``?`` for values and the words of ``spelling``; where that won't do, one text for each dialect."""


class Busy(Exception):
    """Somebody else held a lock for longer than we wait, or the database gave way to them: try again."""


class Failed(Exception):
    """The database refused, or is gone."""


class Row:
    """One row, by position or by name. Times and UUIDs are text, exactly as they have to be given back."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names, self._values = names, tuple(values)

    def __getitem__(self, place: int | str) -> Any:
        return self._values[self._names.index(place) if isinstance(place, str) else place]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def keys(self) -> Sequence[str]:
        """The names of the columns, in order."""
        return self._names


class Found:
    """What a statement gave: its rows, and how many it changed (those that matched, changed or not)."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]], rowcount: int) -> None:
        self._rows = [Row(names, values) for values in rows]
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def fetchall(self) -> list[Row]:
        """All rows."""
        return self._rows

    def fetchone(self) -> Any:
        """The first row, None where there is none."""
        return self._rows[0] if self._rows else None

    @property
    def value(self) -> Any:
        """The first value of the first row."""
        return self._rows[0][0]


class Connection(ABC):
    """One connection. Outside of ``transaction`` every statement is one by itself.

    Raises ``Busy`` and ``Failed`` (on SQLite also the errors of ``sqlite3``).
    """

    dialect: Dialect

    def execute(self, statement: Statement, values: Sequence[Any] = ()) -> Found:
        """Run one statement with its values."""
        sql = statement if isinstance(statement, str) else statement[self.dialect]
        return self.run(spell(sql, self.dialect), values)

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any]) -> Found:
        """Run a statement that is spelt for this database."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction that can write."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A short write transaction; what raises within it undoes it."""
        self.begin()
        try:
            yield
        except BaseException:
            self.run("ROLLBACK", ())
            raise
        self.run("COMMIT", ())

    def is_news(self) -> bool:
        """Whether somebody else may have changed something since this was asked last; the first time, yes."""
        return True

    def listen(self, channel: str) -> bool:
        """Hear of the notifications on a channel from now on; False where there is nothing of the kind."""
        return False

    def heard(self) -> list[str]:
        """The payloads that came since this was asked last. Not to be asked within a transaction."""
        return []

    def is_gone(self) -> bool:
        """Whether this database is no longer there, although the connection goes on."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""


class FileConnection(Connection):
    """An SQLite file that has to exist: a worker never makes one. Waits up to two seconds for a lock."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = path.stat().st_ino if path.exists() else None
        self._version: int | None = None
        self._raw = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        # Text that is no UTF-8 is somebody else's; it must not end a worker that only comes across it.
        self._raw.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self._raw.execute("PRAGMA foreign_keys = ON")
        # A power cut may cost the demo its last second; a flush for every round would cost the disk more.
        self._raw.execute("PRAGMA synchronous = NORMAL")

    def run(self, sql: str, values: Sequence[Any]) -> Found:
        try:
            cursor = self._raw.execute(sql, values)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Busy(str(error)) from error
            raise
        return Found([column[0] for column in cursor.description or ()], rows, cursor.rowcount)

    def begin(self) -> None:
        # The lock is taken at the start, so it can't fail half-way for being busy.
        self.run("BEGIN IMMEDIATE", ())

    def is_news(self) -> bool:
        before = self._version
        (self._version,) = self._raw.execute("PRAGMA data_version").fetchone()
        return before != self._version

    def is_gone(self) -> bool:
        # The file was removed or made anew: our connection would go on in one that nobody sees.
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return True

    def close(self) -> None:
        self._raw.close()


def connect(place: Path | str) -> Connection:
    """Connect to an SQLite file, or to what the URL of any of the three databases names."""
    if isinstance(place, Path) or "://" not in place:
        return FileConnection(Path(place))
    scheme = urlsplit(place).scheme.partition("+")[0]
    dialect = dialect_of("postgresql" if scheme == "postgres" else scheme)
    if dialect == "sqlite":
        return FileConnection(Path(unquote(place.partition("://")[2].removeprefix("/"))))
    # Each brings its driver along, which a worker on a file can do without.
    if dialect == "postgresql":
        from unstick.backends.demo.connection_postgresql import PostgresConnection

        return PostgresConnection(place)
    from unstick.backends.demo.connection_mysql import MySQLConnection

    return MySQLConnection(place)
