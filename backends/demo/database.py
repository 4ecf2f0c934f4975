"""The embedded demo: one SQLite file per system, made in one go or not at all."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from unstick.backends.demo import ddl
from unstick.backends.demo.seed import SYSTEMS, SeedRow, insert, rows
from unstick.backends.sql.journal_tables import create_statements
from unstick.recovery.errors import BackendError

_LOCK_SECONDS = 10.0
_SIDE_FILES = ("-wal", "-shm", "-journal")


def path_of(folder: Path, system: str) -> Path:
    """Where the demo database of ``system`` lies below ``folder``."""
    return folder / f"{system}.sqlite3"


def create(
    folder: Path, *, seed: int = 0, scale: int = 1, fresh: bool = False, systems: Sequence[str] = SYSTEMS
) -> dict[str, Path]:
    """Make the demo databases of ``systems`` in ``folder`` and return their paths by system.

    One that is there already is left as it is, with all that was done in it, unless ``fresh``: then it starts
    over, also for those who have it open. A file appears under its name only when it is complete. ``seed``
    chooses the rows, ``scale`` multiplies their number. Raises ``BackendError`` when a file can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackendError(f"the folder of the demo can't be made: {error}") from error
    paths = {system: path_of(folder, system) for system in systems}
    for system, path in paths.items():
        if fresh or not path.exists():
            try:
                _make(system, path, seed=seed, scale=scale, fresh=fresh)
            except (OSError, sqlite3.Error) as error:
                raise BackendError(f"the demo database {path} can't be made: {error}") from error
    return paths


def _make(system: str, path: Path, *, seed: int, scale: int, fresh: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{system}-", suffix=".sqlite3", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        fill(made, system, rows(system, seed=seed, scale=scale))
        if fresh and path.exists():
            _overwrite(path, made)
        else:
            # Unlike a rename this refuses to take the place of a file that another demo made meanwhile.
            with suppress(FileExistsError):
                os.link(made, path)
    finally:
        _remove(made)


def fill(path: Path, system: str, filling: Iterable[SeedRow]) -> None:
    """Make the tables of ``system`` in a file that is empty or not there yet, and put the rows into them."""
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)
    with engine.connect() as connection:
        # The mode is kept in the file; it can't be changed within a transaction.
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.commit()
        for statement in ddl.statements(system, "sqlite"):
            connection.exec_driver_sql(statement)
        # In the file itself the journal starts over with the rows.
        for statement in create_statements(engine.dialect):
            connection.exec_driver_sql(statement)
        insert(connection, system, filling)
        connection.commit()


def _overwrite(path: Path, made: Path) -> None:
    """Bring the content of ``made`` into the file that is there, in one transaction.

    Putting another file in its place would harm a console or worker that has it open: the last one to close
    an old file removes the log beside it, which by then would be the new one's.
    """
    deadline = time.monotonic() + _LOCK_SECONDS

    def step(status: int, remaining: int, total: int) -> None:
        if status != sqlite3.SQLITE_DONE and time.monotonic() > deadline:
            raise TimeoutError(f"locked for {_LOCK_SECONDS:g} s; stop what uses it and try again")

    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(path, timeout=0)) as target:
        source.backup(target, progress=step, sleep=0.05)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    for suffix in _SIDE_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
