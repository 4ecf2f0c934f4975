"""The journal as a source shows it: the newest operations, one of them, or all in pages, oldest first."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from unstick.recovery.outcome import Operation, OperationRow

from . import journal_reading
from .journal import Journal, moment
from .journal_tables import OPERATIONS, ROWS, row_columns
from .part import Part


class Recounting(Part):
    """The part of a backend that reads the journal."""

    async def operations(self, limit: int = 100, since: datetime | None = None) -> tuple[Operation, ...]:
        """Return the journal, newest first, without rows."""
        await self._settle()
        return await self._read(
            lambda connection: journal_reading.operations(self._journal, connection, limit, since)
        )

    async def operation(self, operation: str) -> Operation:
        """Return one operation with its rows. Raises NotFound."""
        await self._settle()
        return await self._read(
            lambda connection: journal_reading.operation(self._journal, connection, operation)
        )

    async def timeline(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Operation | None = None,
        limit: int = 100,
    ) -> tuple[Operation, ...]:
        """Return operations that began in the window, oldest first, without rows."""
        if after is None:
            await self._settle()
        window = _window(since, until, after)
        return await self._read(lambda connection: _page(self._journal, connection, window, limit))

    async def operation_rows(
        self, operation: str, after: int | None = None, limit: int = 500
    ) -> tuple[OperationRow, ...]:
        """Return rows of an operation in the plan's order."""
        return await self._read(lambda connection: _rows(self._journal, connection, operation, after, limit))


def _window(
    since: datetime | None, until: datetime | None, after: Operation | None
) -> sa.ColumnElement[bool]:
    started = OPERATIONS.c.started_at
    found: sa.ColumnElement[bool] = sa.true()
    if since is not None:
        found &= started >= moment(since)
    if until is not None:
        found &= started < moment(until)
    if after is not None:
        # MariaDB uses no index for a comparison of pairs.
        at = moment(after.started_at)
        found &= started >= at
        found &= (started > at) | (OPERATIONS.c.id > after.id)
    return found


def _page(
    journal: Journal, connection: sa.Connection, window: sa.ColumnElement[bool], limit: int
) -> tuple[Operation, ...]:
    order = (OPERATIONS.c.started_at, OPERATIONS.c.id)
    return journal_reading.listed(journal, connection, window, order, limit)


def _rows(
    journal: Journal, connection: sa.Connection, operation: str, after: int | None, limit: int
) -> tuple[OperationRow, ...]:
    statement = sa.select(*row_columns(hooked=journal.hooked)).where(ROWS.c.operation == operation)
    if after is not None:
        statement = statement.where(ROWS.c.row_number > after)
    with journal.on(connection) as where:
        found = where.execute(statement.order_by(ROWS.c.row_number).limit(limit))
        return tuple(journal_reading.row_of(row) for row in found)
