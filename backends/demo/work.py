"""What the demo's workers have in common: their connection, their transactions, and how long a job takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

BUSY_SECONDS = 2.0


class Work(Protocol):
    """One system's worker, without the process around it."""

    def adopt(self) -> list[str]:
        """Take over the running jobs that still show life; says which, a line each."""
        ...

    def tick(self) -> list[str]:
        """One round: take up what may be taken up, move what is held on by a step; says what happened."""
        ...


@dataclass(frozen=True, slots=True)
class Fate:
    """How a job will go: the number of its steps, and the step at which it fails (None: it succeeds)."""

    steps: int
    fails_at: int | None

    @classmethod
    def of(cls, seed: int, job: str, *, least: int, most: int) -> Fate:
        """The same for the same seed and job, in whatever order jobs are taken up."""
        random = Random(f"{seed}:{job}")
        steps = random.randint(least, most)
        return cls(steps, random.randint(1, steps) if random.random() < 0.2 else None)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits up to two seconds for a lock and heeds foreign keys; transactions are explicit.

    The database has to exist: a worker never makes one.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    # A power cut may cost the demo its last second; a flush for every round would cost the disk more.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


class Watch:
    """Tells whether anybody else has changed the database, without reading it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version: int | None = None

    def is_news(self) -> bool:
        """Whether somebody has since this was asked last; the first time, yes."""
        before = self._version
        (self._version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return before != self._version


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A short write transaction; its lock is taken at the start, so it can't fail half-way for being busy."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
