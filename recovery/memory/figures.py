"""Statistics and the sequential queue, counted over jobs in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ..model import Attempt, Job, Queue, State
from ..stats import Spread, Statistics

TOP = 10
HIGH = 3


def figures(jobs: Iterable[Job], attempts: Iterable[Attempt], now: datetime, window: timedelta) -> Statistics:
    """Return the retry statistics of the jobs created within the window."""
    recent = [job for job in jobs if job.created is not None and job.created >= now - window]
    retries = [job.retries for job in recent]
    most = sorted((job for job in recent if job.retries), key=lambda job: (-job.retries, job.id))
    actions: dict[str, Counter[str]] = {}
    for attempt in attempts:
        if attempt.at >= now - window:
            actions.setdefault(attempt.action, Counter())[attempt.result] += 1
    return Statistics(
        window_s=window.total_seconds(),
        by_status=Counter(job.status or "" for job in recent),
        jobs=Spread(
            total=len(retries),
            none=retries.count(0),
            some=sum(1 for count in retries if count),
            high=sum(1 for count in retries if count >= HIGH),
            average=sum(retries) / len(retries) if retries else 0.0,
            maximum=max(retries, default=0),
        ),
        top=tuple((job.id, job.retries) for job in most[:TOP]),
        histogram=Counter(retries),
        actions=actions,
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
