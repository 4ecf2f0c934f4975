"""Retry statistics: how many jobs and variants were retried, how often, and what came of it.

Everything is counted by the database, a statement for each breakdown. Where no column counts retries the rows
that the retry history names are fetched and added to what the database counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import sqlalchemy as sa

from unstick.recovery.errors import NotFound
from unstick.recovery.model import Image, JobId, VariantId
from unstick.recovery.stats import (
    ALERTS,
    HIGH,
    TOP,
    TOP_VARIANTS,
    Figures,
    Retried,
    Statistics,
    Sums,
    most_retried,
)

from . import figures_results, journal_reading, reader
from .engines.base import Expr
from .entity import EntitySql
from .figures_rows import Found, alerting, counted, dimensions, retried, within
from .filter_terms import of_table
from .journal import Journal

CHUNK = 500
History = Mapping[tuple[str, str | None], int]


@dataclass(slots=True)
class _Counts:
    """What is counted over several tables."""

    by: dict[str, dict[str, Sums]] = field(default_factory=dict)
    histogram: Counter[int] = field(default_factory=Counter)
    top: list[Retried] = field(default_factory=list)
    alerts: list[Retried] = field(default_factory=list)

    def sums(self, dimension: str, value: str) -> Sums:
        return self.by.setdefault(dimension, {}).setdefault(value, Sums())

    def figures(self, limit: int) -> Figures:
        spreads = {
            name: {value: sums.spread() for value, sums in sorted(found.items())}
            for name, found in self.by.items()
        }
        return Figures(
            spread=self.sums("all", "").spread(),
            histogram=dict(sorted((n, jobs) for n, jobs in self.histogram.items() if jobs)),
            by_status={value: spread.total for value, spread in spreads.get("status", {}).items()},
            by_step=spreads.get("step", {}),
            by_kind=spreads.get("kind", {}),
            by_day=spreads.get("day", {}),
            top=most_retried(self.top, limit),
            alerts=most_retried(self.alerts, ALERTS),
        )


def statistics(
    connection: sa.Connection,
    tables: Sequence[EntitySql],
    made: Mapping[str, int],
    journal: Journal,
    window: timedelta,
) -> Statistics:
    """Return the figures over what was created within the window. `made` are jobs' attempts, where no column
    counts them."""
    seconds = window.total_seconds()
    history: dict[tuple[str, str | None], int] = {(job, None): n for job, n in made.items()}
    history |= journal_reading.variant_counts(journal, connection)
    jobs, variants = _Counts(), _Counts()
    below = [table.variants for table in tables if table.variants is not None]
    for table in tables:
        _count(connection, table, seconds, history, jobs)
    for table in below:
        _count(connection, table, seconds, history, variants)
    counted_variants = variants.figures(TOP_VARIANTS) if below else None
    since = reader.clock(connection, tables[0]) - window
    known = counted_variants.top if counted_variants else _of_documents(connection, tables, history)
    return Statistics(
        window_s=seconds,
        jobs=jobs.figures(TOP),
        variants=counted_variants,
        retried_variants=() if counted_variants else known,
        actions=figures_results.results_by_action(journal, connection, since),
        reasons=figures_results.results_by_reason(journal, connection, since),
    )


def _count(
    connection: sa.Connection, entity: EntitySql, seconds: float, history: History, into: _Counts
) -> None:
    retries = counted(entity)
    inside = within(entity, seconds)
    for name, expression in dimensions(entity).items():
        inner = entity.select(expression.label("value"), retries.label("retries")).where(inside).subquery()
        n = inner.c.retries
        some = (sa.func.sum(sa.case((n >= least, 1), else_=0)) for least in (1, HIGH))
        outer = sa.select(inner.c.value, sa.func.count(), *some, sa.func.sum(n), sa.func.max(n))
        for value, *numbers in connection.execute(outer.group_by(inner.c.value)):
            total, one, high, all_of_them, most = (int(number or 0) for number in numbers)
            sums = into.sums(name, _named(name, value))
            sums.total, sums.some, sums.high = sums.total + total, sums.some + one, sums.high + high
            sums.retries, sums.maximum = sums.retries + all_of_them, max(sums.maximum, most)
            if name == "retries":
                into.histogram[int(value)] += total
                into.by.pop("retries", None)
    if entity.spec.columns.retries:
        _listed(connection, entity, retries, into)
    else:
        _from_history(connection, entity, seconds, history, into)


def _named(dimension: str, value: object) -> str:
    if dimension == "all":
        return ""
    if dimension == "day" and value is not None:
        return (date(1970, 1, 1) + timedelta(days=int(str(value)))).isoformat()
    return "NULL" if value is None else str(value)


def _listed(connection: sa.Connection, entity: EntitySql, retries: Expr, into: _Counts) -> None:
    """The most retried, and the alerts, by the column that counts."""
    limit = TOP if entity.parent is None else TOP_VARIANTS
    top = [one.retried for one in retried(connection, entity, retries, [retries > 0], limit)]
    alerts = alerting(entity)
    late = [] if alerts is None else retried(connection, entity, retries, [retries >= HIGH, alerts], ALERTS)
    into.top += _with_jobs(connection, entity, top)
    into.alerts += _with_jobs(connection, entity, [one.retried for one in late])


def _from_history(
    connection: sa.Connection, entity: EntitySql, seconds: float, history: History, into: _Counts
) -> None:
    """The same by the retry history, and everything else that the database could not count."""
    mine = _mine(entity, history)
    keys = _keys(entity, mine)
    found: list[Found] = []
    for start in range(0, len(keys), CHUNK):
        some = [entity.key_in(keys[start : start + CHUNK])]
        found += retried(connection, entity, counted(entity), some, CHUNK, seconds)
    rows = [
        replace(one, retried=replace(one.retried, retries=mine.get(_ref(one.retried), 0))) for one in found
    ]
    rows = [one for one in rows if one.retried.retries]
    for one in rows:
        if one.within:
            for name, value in one.values.items():
                into.sums(name, _named(name, value)).add(one.retried.retries)
            into.histogram[0] -= 1
            into.histogram[one.retried.retries] += 1
    limit = TOP if entity.parent is None else TOP_VARIANTS
    late = [one.retried for one in rows if one.late and one.retried.retries >= HIGH]
    into.top += _with_jobs(connection, entity, most_retried((one.retried for one in rows), limit))
    into.alerts += _with_jobs(connection, entity, most_retried(late, ALERTS))


def _ref(one: Retried) -> tuple[str, str | None]:
    return (one.job, one.variant)


def _mine(entity: EntitySql, history: History) -> History:
    table = entity.parent or entity
    jobs = set(of_table(table, {job for job, _ in history}))
    wants = entity.parent is not None
    return {ref: n for ref, n in history.items() if ref[0] in jobs and (ref[1] is not None) == wants}


def _keys(entity: EntitySql, refs: Iterable[tuple[str, str | None]]) -> list[Image]:
    """The keys of what the history names; what can be no key (any more) is left out."""
    found: list[Image] = []
    for job, variant in refs:
        try:
            found.append(entity.key_of(variant or job))
        except NotFound:
            continue
    return found


def _with_jobs(connection: sa.Connection, entity: EntitySql, found: Sequence[Retried]) -> list[Retried]:
    """Add status and step of the variants' jobs."""
    job = entity.parent
    if job is None or not found:
        return list(found)
    known = _places(connection, job, {one.job for one in found})
    return [_placed(one, known.get(one.job, (None, None))) for one in found]


def _placed(one: Retried, place: tuple[str | None, str | None]) -> Retried:
    return replace(one, job_status=place[0], job_step=place[1])


def _places(
    connection: sa.Connection, entity: EntitySql, jobs: set[JobId]
) -> dict[JobId, tuple[str | None, str | None]]:
    step = entity.spec.columns.step
    text = entity.engine.text(entity.col(step)) if step else sa.null()
    key = (entity.image(name) for name in entity.key)
    statement = entity.select(*key, entity.status().label("status_"), text.label("step_"))
    keys = _keys(entity, ((job, None) for job in sorted(jobs)))
    found = entity.rows(connection.execute(statement.where(entity.key_in(keys)))) if keys else []
    return {JobId(entity.job_id(row)): (_text(row["status_"]), _text(row["step_"])) for row in found}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _of_documents(
    connection: sa.Connection, tables: Sequence[EntitySql], history: History
) -> tuple[Retried, ...]:
    """What the retry history knows of variants that are kept inside their jobs' rows."""
    found: list[Retried] = []
    for table in tables:
        if not getattr(table.spec, "variants_json", None):
            continue
        jobs = set(of_table(table, {job for job, variant in history if variant is not None}))
        mine = [
            Retried(JobId(job), n, variant=VariantId(variant))
            for (job, variant), n in history.items()
            if variant is not None and job in jobs
        ]
        top = most_retried(mine, TOP_VARIANTS)
        known = _places(connection, table, {one.job for one in top})
        found += [_placed(one, known.get(one.job, (None, None))) for one in top]
    return most_retried(found, TOP_VARIANTS)
