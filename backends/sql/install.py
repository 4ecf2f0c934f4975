"""Installs unstick's own tables (journal and retry history) in a team's database, or removes them.

What the local journal on this machine holds for the database moves with it, so that operations can still be
undone and attempts still count. Where the database can't undo DDL the tables come first: what dies after that
is reported when the source is opened, and the next run completes it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import sqlalchemy as sa

from unstick.recovery.errors import ReadOnlySource, UnstickError
from unstick.recovery.source import Source

from . import journal_access, journal_carrying, journal_reading, journal_tables, settle
from .journal_file import local_engine, local_path
from .journal_tables import State
from .opening import identity, open_source
from .session import make_session, roll_back

NOTE = "-- "
"""Begins a line among the statements that is for the reader."""


async def install_journal(source: Source, *, rollback: bool = False, apply: bool = False) -> list[str]:
    """Return the SQL that is missing (or that removes the tables), and run it when `apply` is set.

    Lines that begin with `--` say what else is done, or may be wanted. Running it twice changes nothing: the
    second time there is nothing to do and the list is empty.
    Raises ReadOnlySource when it would write to a read-only source.
    """
    if apply and source.read_only:
        raise ReadOnlySource(f"{source.name} is read-only; open it with --write to install the journal")
    session = make_session(source, write=apply)
    work = _remove if rollback else _install
    try:
        return await session.run(lambda connection: work(connection, source, apply=apply))
    finally:
        await session.close()


def _install(connection: sa.Connection, source: Source, *, apply: bool) -> list[str]:
    state, database = journal_tables.look(connection), identity(connection, source)
    roll_back(connection)
    statements = journal_tables.create_statements(connection.dialect, state)
    number, _ = journal_carrying.left_behind(database)
    shown = list(statements)
    if statements:
        shown += [f"{NOTE}{grant}" for grant in journal_access.grants(connection.dialect, "each operator")]
    if number:
        several = "1 operation" if number == 1 else f"{number} operations"
        shown.append(f"{NOTE}carries {several} over from the local journal on this machine")
    if apply and shown:
        if number:
            _settle(connection, source)
        _run(connection, statements, database)
    return shown


def _run(connection: sa.Connection, statements: list[str], database: str) -> None:
    with connection.begin() as transaction:
        for statement in statements:
            connection.exec_driver_sql(statement)
        if not local_path().is_file():
            return
        # The database's lock comes first, as in an apply: else two consoles could wait for each other.
        with journal_carrying.local_file() as local:
            carried = journal_carrying.carry_in(local, connection, database)
            transaction.commit()
            journal_carrying.forget(local, carried)


def _settle(connection: sa.Connection, source: Source) -> None:
    """Find out what became of chunks that a crash left open; what can't be told now stays where it is."""
    engine = local_engine()
    try:
        with suppress(UnstickError):
            opened = open_source(connection, source)
            roll_back(connection)
            journal = replace(opened.journal, local=engine)
            if journal_reading.intentions(journal):
                settle.settle(connection, opened.by_name, journal, locking=True)
    finally:
        roll_back(connection)
        engine.dispose()


def _remove(connection: sa.Connection, source: Source, *, apply: bool) -> list[str]:
    state, database = journal_tables.look(connection), identity(connection, source)
    roll_back(connection)
    statements = journal_tables.drop_statements(connection.dialect, state)
    if not statements:
        return []
    if apply:
        with connection.begin():
            _lock(connection, state)
            # Both may have a row for a moment, never neither: the file is written first.
            with journal_carrying.local_file() as local:
                journal_carrying.carry_out(connection, local, database, state.tables)
            for statement in statements:
                connection.exec_driver_sql(statement)
    return [f"{NOTE}first copies what the tables hold into the local journal on this machine", *statements]


def _lock(connection: sa.Connection, state: State) -> None:
    """Keep every console from writing to the tables between the copy and the end."""
    names = sorted(state.tables)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
    elif connection.dialect.name != "sqlite":
        connection.exec_driver_sql("LOCK TABLES " + ", ".join(f"{name} WRITE" for name in names))


def carry_over(connection: sa.Connection, source: Source) -> None:
    """Move what is left in the local file into the database's tables, which are installed."""
    database = identity(connection, source)
    _settle(connection, source)
    _run(connection, [], database)
