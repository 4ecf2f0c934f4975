"""Rows of a memory system as jobs and variants, with ages, retries and verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from ..durations import long_duration
from ..model import Event, Job, JobId, State, Variant, VariantId, Verdict
from .store import EVENTS, JOBS, VARIANTS, Row, Store, at, encode, number, text
from .system import MemorySystem

Thresholds = Mapping[str, float | None]


class View:
    """The tables as they look at one instant."""

    def __init__(self, store: Store, system: MemorySystem, thresholds: Thresholds, now: datetime) -> None:
        self._store, self._system, self._now = store, system, now
        self._threshold = thresholds.get(
            system.rule, thresholds.get("*", system.thresholds.get(system.rule, system.threshold_s))
        )
        self._attempts = Counter(
            attempt.job for attempt in store.attempts if attempt.action in ("recover", "retry")
        )
        self._variants: dict[str, list[State]] = {}
        for row in store.tables[VARIANTS].values():
            self._variants.setdefault(str(row["job"]), []).append(self._state(row))

    def jobs(self) -> list[Job]:
        """Return every job, unordered."""
        return [self.job(key, row) for key, row in self._store.jobs.items()]

    def job(self, key: str, row: Row) -> Job:
        """Return one row of the job table as a job."""
        state, variants = self._state(row), self._variants.get(key)
        limit = row.get("max_retries", self._system.max_retries)
        started, finished, progress = at(row, "started_at"), at(row, "completed_at"), row.get("progress")
        return Job(
            id=JobId(key),
            table=JOBS,
            state=state,
            status=text(row, "status"),
            kind=text(row, "kind"),
            step=text(row, "step"),
            step_index=number(row, "step_index"),
            step_count=number(row, "step_count"),
            progress=float(progress) if isinstance(progress, int | float) else None,
            error=text(row, "error"),
            retries=self.retries(key, row),
            max_retries=limit if isinstance(limit, int) else None,
            created=at(row, "created_at"),
            started=started,
            updated=at(row, "updated_at"),
            finished=finished,
            running_s=self._running(state, started, finished),
            idle_s=self._idle(at(row, "updated_at"), started),
            priority=number(row, "priority"),
            variants_done=variants.count(State.DONE) if variants else None,
            variants_total=len(variants) if variants else None,
            verdict=self.verdict(row),
            fields=encode(row),
        )

    def retries(self, key: str, row: Row) -> int:
        """Return the attempts made: those the row came with, and those in the history."""
        return (number(row, "retry_count") or 0) + self._attempts[JobId(key)]

    def variants(self, job: JobId) -> tuple[Variant, ...]:
        """Return a job's variants in the order they were added."""
        return tuple(
            Variant(
                id=VariantId(key),
                job=job,
                state=self._state(row),
                status=text(row, "status"),
                name=text(row, "name"),
                step=text(row, "step"),
                error=text(row, "error"),
                retries=number(row, "retry_count") or 0,
                created=at(row, "created_at"),
                started=at(row, "started_at"),
                updated=at(row, "updated_at"),
                finished=at(row, "completed_at"),
                idle_s=self._seconds(at(row, "updated_at")),
                fields=encode(row),
            )
            for table, key, row in self._store.children(job)
            if table == VARIANTS
        )

    def events(self, job: JobId) -> list[Event]:
        """Return a job's event log, oldest first."""
        rows = [row for table, _, row in self._store.children(job) if table == EVENTS]
        return [
            Event(at(row, "at"), text(row, "level"), str(row["message"]), text(row, "stage")) for row in rows
        ]

    def verdict(self, row: Row) -> Verdict | None:
        """Apply the stuck rule to a row of the job table."""
        if self._state(row) is not State.RUNNING or self._threshold is None:
            return None
        column = next((name for name in self._system.age if at(row, name)), None)
        limit = long_duration(self._threshold)
        if column is None:
            return Verdict(self._system.rule, "stuck", "no life sign", None, self._threshold)
        seen = at(row, column)
        age = self._seconds(seen)
        if seen is None or age is None or age <= self._threshold:
            return None
        evidence = (
            (column, seen.isoformat()),
            ("now", self._now.isoformat()),
            ("age", long_duration(age)),
            ("threshold", limit),
        )
        word = "running" if column == "started_at" else "idle"
        why = f"{word} {long_duration(age)} > {limit}"
        return Verdict(self._system.rule, "stuck", why, age, self._threshold, column, evidence)

    def _state(self, row: Row) -> State:
        return self._system.statuses.get(str(row.get("status")), State.OTHER)

    def _running(self, state: State, started: datetime | None, finished: datetime | None) -> float | None:
        if state is State.RUNNING or started is None:
            return self._seconds(started)
        return None if finished is None else max((finished - started).total_seconds(), 0.0)

    def _idle(self, *signs: datetime | None) -> float | None:
        return self._seconds(max((sign for sign in signs if sign is not None), default=None))

    def _seconds(self, since: datetime | None) -> float | None:
        return None if since is None else max((self._now - since).total_seconds(), 0.0)
