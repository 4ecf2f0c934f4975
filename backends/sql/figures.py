"""Retry statistics: how many jobs were retried, how often, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa

from unstick.recovery.model import JobId
from unstick.recovery.stats import Spread, Statistics

from . import journal_reading
from .entity import EntitySql
from .filter_terms import of_table
from .journal import Journal
from .reader import Asked

TOP = 10


def statistics(
    connection: sa.Connection, tables: Sequence[EntitySql], asked: Asked, journal: Journal, window: timedelta
) -> Statistics:
    """Return the figures over the jobs created within the window."""
    seconds = window.total_seconds()
    attempts = journal_reading.retry_counts(journal, connection)
    retries: dict[JobId, int] = {}
    total = 0
    by_status: Counter[str] = Counter()
    for entity in tables:
        total += _window(connection, entity, seconds, attempts, retries, by_status)
    return Statistics(
        window_s=seconds,
        by_status=dict(by_status),
        jobs=spread(total, retries),
        top=tuple(sorted(retries.items(), key=lambda item: (-item[1], item[0]))[:TOP]),
        histogram=dict(sorted(Counter(retries.values()).items())),
        actions=_actions(connection, journal),
    )


def _window(
    connection: sa.Connection,
    entity: EntitySql,
    seconds: float,
    attempts: Mapping[str, int],
    retries: dict[JobId, int],
    by_status: Counter[str],
) -> int:
    within = sa.not_(_older(entity, seconds)) if "created" in entity.clocks else sa.true()
    status = entity.status().label("status")
    grouped = entity.select(status, sa.func.count().label("n")).where(within)
    for row in entity.rows(connection.execute(grouped.group_by(status))):
        by_status["NULL" if row["status"] is None else str(row["status"])] += int(str(row["n"]))
    keys = entity.select(*(entity.image(name) for name in entity.key)).where(within)
    column = entity.spec.columns.retries
    if column:
        statement = keys.add_columns(entity.col(column).label("retries")).where(entity.col(column) > 0)
        for row in entity.rows(connection.execute(statement)):
            retries[JobId(entity.job_id(row))] = int(str(row["retries"]))
    else:
        mine = [entity.key_of(job) for job in of_table(entity, attempts)]
        for start in range(0, len(mine), 500):
            for row in entity.rows(connection.execute(keys.where(entity.key_in(mine[start : start + 500])))):
                job = JobId(entity.job_id(row))
                retries[job] = attempts.get(job, 0)
    number = entity.select(sa.func.count()).where(within)
    return int(connection.execute(number).scalar_one())


def _older(entity: EntitySql, seconds: float) -> sa.ColumnElement[bool]:
    column, clock, info = entity.clock_of("created")
    return entity.engine.older_than(column, clock, info, seconds)


def spread(total: int, retries: Mapping[JobId, int]) -> Spread:
    """Return how retries are spread over `total` jobs, of which those in `retries` have at least one."""
    values = list(retries.values())
    return Spread(
        total=total,
        none=total - len(values),
        some=len(values),
        high=sum(1 for value in values if value >= 3),
        average=sum(values) / total if total else 0.0,
        maximum=max(values, default=0),
    )


def _actions(connection: sa.Connection, journal: Journal) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    if journal.denied:
        return {}
    for operation in journal_reading.operations(journal, connection, 10_000, None):
        found.setdefault(operation.action, Counter()).update(operation.counts.as_dict())
    return {action: dict(counted) for action, counted in found.items()}
