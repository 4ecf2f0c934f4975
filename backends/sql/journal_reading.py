"""Reads the journal and the retry history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import Denied, JournalUnusable, NotFound, UsageError
from unstick.recovery.hooks_outcome import FAILED, NOT_CALLED
from unstick.recovery.model import Attempt, JobId, Target, VariantId
from unstick.recovery.outcome import Operation, OperationRow, Outcome, Tally

from .attempts import Attempts
from .journal import INTENDED, Journal, attempted, changes_of, instant, moment
from .journal_tables import HISTORY, HOOK, OPERATIONS, ROWS, row_columns


def _mine(journal: Journal) -> Any:
    return _of(journal, OPERATIONS)


def _history(journal: Journal) -> Any:
    return _of(journal, HISTORY)


def _of(journal: Journal, table: sa.Table) -> Any:
    """Whether a row is about this source. Only the local file holds rows of other databases too; in the
    database itself its name must not count: it has as many names as its operators have addresses for it."""
    own = table.c.profile == journal.profile
    return own if journal.local is None else own & (table.c.database_name == journal.database)


def _check_readable(journal: Journal) -> None:
    if journal.denied:
        raise (JournalUnusable if journal.broken else Denied)(journal.denied)


def operations(
    journal: Journal, connection: sa.Connection, limit: int, since: datetime | None
) -> tuple[Operation, ...]:
    """Return the operations on this database, newest first, without rows. Raises Denied."""
    window = sa.true() if since is None else OPERATIONS.c.started_at >= moment(since)
    return listed(journal, connection, window, (OPERATIONS.c.started_at.desc(), OPERATIONS.c.id), limit)


def listed(
    journal: Journal, connection: sa.Connection, window: Any, order: Sequence[Any], limit: int
) -> tuple[Operation, ...]:
    """Return the operations on this database for which `window` holds, without rows. Raises Denied."""
    _check_readable(journal)
    statement = sa.select(OPERATIONS).where(_mine(journal), window).order_by(*order).limit(limit)
    with journal.on(connection) as where:
        found = where.execute(statement).all()
        counts = _counts(where, [row.id for row in found], hooked=journal.hooked)
    return tuple(_operation(row, counts.get(row.id, {})) for row in found)


def _counts(where: sa.Connection, ids: Sequence[str], *, hooked: bool) -> dict[str, dict[str, int]]:
    undone = sa.func.sum(sa.case((ROWS.c.undone_by.is_not(None), 1), else_=0))
    missing = (HOOK == NOT_CALLED) | HOOK.startswith(FAILED) if hooked else sa.false()
    missing &= ROWS.c.undone_by.is_(None) & (ROWS.c.outcome == Outcome.APPLIED.value)
    due = sa.func.sum(sa.case((missing, 1), else_=0))
    statement = (
        sa.select(ROWS.c.operation, ROWS.c.outcome, sa.func.count(), undone, due)
        .where(ROWS.c.operation.in_(ids))
        .group_by(ROWS.c.operation, ROWS.c.outcome)
    )
    result: dict[str, dict[str, int]] = {}
    for operation, outcome, number, put_back, untold in where.execute(statement):
        counted = result.setdefault(operation, {})
        counted[outcome] = number
        counted["undone"] = counted.get("undone", 0) + int(put_back or 0)
        counted["hooks due"] = counted.get("hooks due", 0) + int(untold or 0)
    return result


def _operation(row: Any, counts: dict[str, int], rows: tuple[OperationRow, ...] = ()) -> Operation:
    return Operation(
        id=row.id,
        plan_id=row.id,
        source=row.source,
        profile=row.profile,
        action=row.action,
        operator=row.operator,
        reason=row.reason,
        started_at=instant(row.started_at),
        finished_at=instant(row.finished_at) if row.finished_at else None,
        planned=row.planned,
        counts=Tally(**{outcome.value: counts.get(outcome.value, 0) for outcome in Outcome}),
        unresolved=counts.get(INTENDED, 0),
        undone=counts.get("undone", 0),
        hooks_due=counts.get("hooks due", 0),
        undoes=row.undoes,
        rows=rows,
    )


def operation(journal: Journal, connection: sa.Connection, text: str) -> Operation:
    """Return one operation with its rows; a prefix of the id is enough, and `last` is the newest. Raises
    NotFound or Denied."""
    _check_readable(journal)
    newest = sa.select(OPERATIONS).where(_mine(journal))
    if text == "last":
        wanted = newest.order_by(OPERATIONS.c.started_at.desc()).limit(1)
    elif not text or not all(letter in "0123456789abcdef" for letter in text):
        raise NotFound(f"{journal.source} has no operation {text}; `unstick operations` lists them")
    else:
        wanted = newest.where(OPERATIONS.c.id.startswith(text)).limit(2)
    with journal.on(connection) as where:
        found = where.execute(wanted).all()
        if not found:
            raise NotFound(f"{journal.source} has no operation {text}; `unstick operations` lists them")
        if len(found) > 1:
            raise UsageError(f"several operations start with {text}; write more of the id")
        statement = sa.select(*row_columns(hooked=journal.hooked)).where(ROWS.c.operation == found[0].id)
        statement = statement.order_by(ROWS.c.row_number)
        rows = tuple(row_of(row) for row in where.execute(statement))
        counts = _counts(where, [found[0].id], hooked=journal.hooked).get(found[0].id, {})
    return _operation(found[0], counts, rows)


def row_of(row: Any) -> OperationRow:
    """Return a row of the journal as the port shows it."""
    changes = changes_of(row.changes)
    main = next((change for change in reversed(changes) if ":" not in change.table), None)
    return OperationRow(
        job=JobId(row.job),
        outcome=row.outcome,
        detail=row.detail,
        at=instant(row.at),
        variant=VariantId(row.variant) if row.variant else None,
        before=main.before if main else None,
        after=main.after if main else None,
        changes=changes,
        undone_by=row.undone_by,
        hook=getattr(row, HOOK.name, None),
        number=row.row_number,
        table=main.table if main else "",
        key=main.key if main else None,
    )


def attempts(
    journal: Journal, connection: sa.Connection, of: JobId | Target | None, limit: int
) -> tuple[Attempt, ...]:
    """Return the retry history of a job with its variants, of one variant, or of all, newest first; nothing
    where it can't be read."""
    if journal.denied:
        return ()
    statement = sa.select(HISTORY).where(_history(journal))
    if isinstance(of, Target):
        statement = statement.where(HISTORY.c.job == of.job, HISTORY.c.variant == of.variant)
    elif of is not None:
        statement = statement.where(HISTORY.c.job == of)
    statement = statement.order_by(HISTORY.c.at.desc(), HISTORY.c.id.desc()).limit(limit)
    with journal.on(connection) as where:
        return tuple(_attempt(row) for row in where.execute(statement))


def _attempt(row: Any) -> Attempt:
    return Attempt(
        job=JobId(row.job),
        at=instant(row.at),
        action=row.action,
        reason=row.reason,
        result=row.result,
        from_status=row.from_status,
        to_status=row.to_status,
        variant=VariantId(row.variant) if row.variant else None,
        who=row.who,
        operation=row.operation,
        detail=row.detail,
    )


def retry_counts(
    journal: Journal, connection: sa.Connection, jobs: Sequence[str] | None = None
) -> dict[str, int]:
    """Return job id -> attempts made, whatever came of them; only jobs that have any. Where the history can't
    be read nothing is known, and `Capabilities.problems` says so."""
    if journal.denied:
        return {}
    statement = sa.select(HISTORY.c.job, sa.func.count()).where(
        _history(journal), HISTORY.c.variant.is_(None)
    )
    if jobs is not None:
        statement = statement.where(HISTORY.c.job.in_(jobs))
    with journal.on(connection) as where:
        found = {job: number for job, number in where.execute(statement.group_by(HISTORY.c.job))}
        for job, number in _left(journal, where, jobs).items():
            found[job] = found.get(job, 0) + number
    return found


def retry_moments(
    journal: Journal, connection: sa.Connection, jobs: Sequence[str] | None = None
) -> dict[str, Attempts]:
    """Return the same as `retry_counts`, with the moments of the attempts."""
    if journal.denied:
        return {}
    statement = sa.select(HISTORY.c.job, HISTORY.c.at).where(_history(journal), HISTORY.c.variant.is_(None))
    if jobs is not None:
        statement = statement.where(HISTORY.c.job.in_(jobs))
    found: dict[str, list[datetime]] = {}
    with journal.on(connection) as where:
        for job, at in where.execute(statement):
            found.setdefault(job, []).append(instant(at))
        others = _left(journal, where, jobs)
    return {job: Attempts.of(found.get(job, ()), others.get(job, 0)) for job in {*found, *others}}


def variant_counts(
    journal: Journal, connection: sa.Connection, job: str | None = None
) -> dict[tuple[str, str | None], int]:
    """Return (job, variant) -> attempts made on the variant; of one job where it is given."""
    if journal.denied:
        return {}
    statement = sa.select(HISTORY.c.job, HISTORY.c.variant, sa.func.count()).where(
        _history(journal), HISTORY.c.variant.is_not(None)
    )
    if job is not None:
        statement = statement.where(HISTORY.c.job == job)
    with journal.on(connection) as where:
        found = where.execute(statement.group_by(HISTORY.c.job, HISTORY.c.variant))
        return {(row[0], row[1]): int(row[2]) for row in found}


def _left(journal: Journal, where: sa.Connection, jobs: Sequence[str] | None) -> Counter[str]:
    """Count the attempts that are only in the local file yet."""
    asked = None if jobs is None else set(jobs)
    left = {
        one
        for one in journal.left
        if one[0] == journal.profile and one[2] is None and (asked is None or one[1] in asked)
    }
    operations = sorted({one[3] for one in left if one[3] is not None})
    for start in range(0, len(operations), 500):
        some = HISTORY.c.operation.in_(operations[start : start + 500])
        left -= {attempted(row) for row in where.execute(sa.select(HISTORY).where(some))}
    return Counter(one[1] for one in left)


def intentions(journal: Journal) -> list[Any]:
    """Return the local file's intentions that nobody settled: a crash, or an apply that runs right now."""
    if journal.local is None:
        return []
    statement = (
        sa.select(*row_columns(hooked=journal.hooked))
        .join(OPERATIONS, OPERATIONS.c.id == ROWS.c.operation)
        .where(_mine(journal), ROWS.c.outcome == INTENDED)
    )
    with journal.on(None) as where:
        return list(where.execute(statement))
