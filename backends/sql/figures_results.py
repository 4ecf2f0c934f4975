"""What came of actions and attempts, counted in the journal and the retry history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .journal import Journal, moment
from .journal_reading import _history, _mine
from .journal_tables import HISTORY, OPERATIONS, ROWS


def results_by_action(
    journal: Journal, connection: sa.Connection, since: datetime
) -> dict[str, dict[str, int]]:
    """Return action -> outcome -> rows, of the operations since then."""
    if journal.denied:
        return {}
    statement = (
        sa.select(OPERATIONS.c.action, ROWS.c.outcome, sa.func.count())
        .join_from(OPERATIONS, ROWS, ROWS.c.operation == OPERATIONS.c.id)
        .where(_mine(journal), OPERATIONS.c.started_at >= moment(since))
        .group_by(OPERATIONS.c.action, ROWS.c.outcome)
    )
    return _grouped(journal, connection, statement)


def results_by_reason(
    journal: Journal, connection: sa.Connection, since: datetime
) -> dict[str, dict[str, int]]:
    """Return reason -> result -> attempts, of the retry history since then."""
    if journal.denied:
        return {}
    number = sa.func.count()
    statement = sa.select(HISTORY.c.reason, HISTORY.c.result, number).where(
        _history(journal), HISTORY.c.at >= moment(since)
    )
    return _grouped(journal, connection, statement.group_by(HISTORY.c.reason, HISTORY.c.result))


def _grouped(
    journal: Journal, connection: sa.Connection, statement: sa.Select[Any]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    with journal.on(connection) as where:
        for row in where.execute(statement):
            found.setdefault(row[0], {})[row[1]] = int(row[2])
    return found
