"""Installs unstick's own tables (journal and retry history) in a team's database, or removes them."""

from __future__ import annotations

import sqlalchemy as sa

from unstick.recovery.errors import ReadOnlySource
from unstick.recovery.source import Source

from . import journal_tables
from .session import make_session


async def install_journal(source: Source, *, rollback: bool = False, apply: bool = False) -> list[str]:
    """Return the SQL that is missing (or that removes the tables), and run it when `apply` is set.

    Running it twice changes nothing: the second time there is nothing to do and the list is empty.
    Raises ReadOnlySource when it would write to a read-only source.
    """
    if apply and source.read_only:
        raise ReadOnlySource(f"{source.name} is read-only; open it with --write to install the journal")
    session = make_session(source, write=apply)

    def work(connection: sa.Connection) -> list[str]:
        there = journal_tables.installed(connection)
        if connection.in_transaction():
            connection.rollback()
        if there != rollback:
            return []
        make = journal_tables.drop_statements if rollback else journal_tables.create_statements
        statements = make(connection.dialect)
        if apply:
            with connection.begin():
                for statement in statements:
                    connection.exec_driver_sql(statement)
        return statements

    try:
        return await session.run(work)
    finally:
        await session.close()
