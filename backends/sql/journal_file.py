"""The local journal: a file on this machine, for databases that don't hold the journal's tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import JournalUnusable
from unstick.recovery.paths import state_folder

from .errors import code_of, is_busy, said
from .journal_tables import METADATA, add_hook, keeps_hooks

_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR")


def local_path() -> Path:
    """Return where the local journal file is, or will be: under the XDG state folder."""
    return state_folder() / "journal.sqlite3"


def local_engine(path: Path | None = None) -> sa.Engine:
    """Return the local journal file, made when it is not there yet.

    Whatever stands in the way of using it, now or later, is raised as JournalUnusable.
    """
    path = path or local_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalUnusable(_sentence(path, error)) from error
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})

    @sa.event.listens_for(engine, "handle_error")
    def name_the_file(context: sa.engine.ExceptionContext) -> None:
        # Two consoles that write the same plan, or at the same moment, are no trouble of the file's.
        error = context.original_exception
        if not isinstance(context.sqlalchemy_exception, sa.exc.IntegrityError) and not is_busy(error):
            raise JournalUnusable(_sentence(path, error)) from error

    @sa.event.listens_for(engine, "connect")
    def setup(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        METADATA.create_all(connection)
        if not keeps_hooks(connection):
            connection.exec_driver_sql(add_hook(connection.dialect))
    return engine


def _sentence(path: Path, error: BaseException) -> str:
    told = error.strerror or str(error) if isinstance(error, OSError) else said(error)
    return f"the local journal {path} can't be used: {told}; {_advice(str(code_of(error) or ''), told)}"


def _advice(code: str, told: str) -> str:
    if code.startswith(_DAMAGED):
        return "move the file away (what it holds can't be undone then), and a new one is made"
    if code.startswith(_FULL) or "No space left" in told:
        return "free space on its disk"
    return "make it and its folder writable, or name another folder in XDG_STATE_HOME"
