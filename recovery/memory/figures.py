"""Statistics and the sequential queue, counted over jobs in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ..model import Attempt, Job, JobId, Queue, State, Variant
from ..stats import (
    ALERT_S,
    ALERTS,
    HIGH,
    TOP,
    TOP_VARIANTS,
    Figures,
    Retried,
    Spread,
    Statistics,
    Sums,
    most_retried,
)

Row = Job | Variant


def figures(
    jobs: Sequence[Job],
    variants: Sequence[Variant],
    attempts: Iterable[Attempt],
    now: datetime,
    window: timedelta,
) -> Statistics:
    """Return the retry statistics of what was created within the window; of variants where there are any."""
    actions: dict[str, Counter[str]] = {}
    reasons: dict[str, Counter[str]] = {}
    for attempt in attempts:
        if attempt.at >= now - window:
            actions.setdefault(attempt.action, Counter())[attempt.result] += 1
            reasons.setdefault(attempt.reason, Counter())[attempt.result] += 1
    known = {job.id: job for job in jobs}
    return Statistics(
        window_s=window.total_seconds(),
        jobs=_figures(jobs, known, TOP, now, window),
        variants=_figures(variants, known, TOP_VARIANTS, now, window) if variants else None,
        actions=actions,
        reasons=reasons,
    )


def _figures(
    rows: Sequence[Row], jobs: Mapping[JobId, Job], limit: int, now: datetime, window: timedelta
) -> Figures:
    recent = [row for row in rows if row.created is not None and row.created >= now - window]

    def by(value: Callable[[Row], str | None]) -> dict[str, Spread]:
        found: dict[str, Sums] = {}
        for row in recent:
            sums = found.setdefault(value(row) or "NULL", Sums())
            sums.total += 1
            sums.add(row.retries)
        return {name: sums.spread() for name, sums in sorted(found.items())}

    hour = now - timedelta(seconds=ALERT_S)
    alerts = [
        row
        for row in rows
        if row.retries >= HIGH
        and row.state in (State.RUNNING, State.FAILED)
        and row.updated is not None
        and row.updated >= hour
    ]
    return Figures(
        spread=by(lambda row: "all").get("all", Spread()),
        histogram=Counter(row.retries for row in recent),
        by_status=Counter(row.status or "NULL" for row in recent),
        by_step=by(lambda row: row.step),
        by_kind=by(lambda row: row.kind if isinstance(row, Job) else None),
        by_day=by(lambda row: row.created.date().isoformat() if row.created else None),
        top=most_retried((_retried(row, jobs) for row in rows if row.retries), limit),
        alerts=most_retried((_retried(row, jobs) for row in alerts), ALERTS),
    )


def _retried(row: Row, jobs: Mapping[JobId, Job]) -> Retried:
    if isinstance(row, Job):
        return Retried(row.id, row.retries, row.status, row.step, row.kind, row.created, row.updated)
    job = jobs.get(row.job)
    return Retried(
        job=row.job,
        retries=row.retries,
        status=row.status,
        step=row.step,
        created=row.created,
        updated=row.updated,
        variant=row.id,
        name=row.name,
        job_status=job.status if job else None,
        job_step=job.step if job else None,
    )


def queue(jobs: Sequence[Job]) -> Queue:
    """Return who holds a sequential queue, who waits and who is next: highest priority, then oldest."""
    running = [job for job in jobs if job.state is State.RUNNING]
    waiting = [job for job in jobs if job.state is State.PENDING]
    holder = min(
        running, key=lambda job: (job.started is not None, job.started or job.updated, job.id), default=None
    )
    first = min(waiting, key=lambda job: (-(job.priority or 0), job.created, job.id), default=None)
    return Queue(
        holder=holder.id if holder else None,
        holder_since=holder.started if holder else None,
        holder_stuck=bool(holder and holder.verdict),
        waiting=len(waiting),
        next=first.id if first else None,
    )
