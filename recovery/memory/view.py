"""Rows of a memory system as jobs and variants, with ages, retries and verdicts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from ..durations import long_duration
from ..model import Event, Job, JobId, State, Variant, VariantId, Verdict
from ..thresholds import Thresholds, entry, fitting, of_kind, split
from .store import EVENTS, JOBS, VARIANTS, Row, Store, at, encode, number, text
from .system import MemorySystem, in_use


class View:
    """The tables as they look at one instant."""

    def __init__(self, store: Store, system: MemorySystem, thresholds: Thresholds, now: datetime) -> None:
        self._store, self._system, self._now = store, system, now
        self._thresholds = in_use(system, thresholds)
        self._attempts = Counter(
            attempt.job
            for attempt in store.attempts
            if attempt.action in ("recover", "retry") and attempt.variant is None
        )
        self._variants: dict[str, list[tuple[str, Row]]] = {}
        for key, row in store.tables[VARIANTS].items():
            self._variants.setdefault(str(row["job"]), []).append((key, row))

    def jobs(self) -> list[Job]:
        """Return every job, unordered."""
        return [self.job(key, row) for key, row in self._store.jobs.items()]

    def job(self, key: str, row: Row) -> Job:
        """Return one row of the job table as a job."""
        state = self._state(row)
        variants = [self._state(variant) for _, variant in self._variants.get(key, ())]
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
            verdict=self.verdict(row) or self._because_of_variants(key, row),
            fields=encode(row),
        )

    def retries(self, key: str, row: Row) -> int:
        """Return the attempts made: those the row came with, and those in the history."""
        return (number(row, "retry_count") or 0) + self._attempts[JobId(key)]

    def variants(self, job: JobId) -> tuple[Variant, ...]:
        """Return a job's variants in the order they were added."""
        found = sorted(self._variants.get(job, ()), key=lambda each: number(each[1], "position") or 0)
        return tuple(self.variant(key, row) for key, row in found)

    def every_variant(self) -> list[Variant]:
        """Return the variants of all jobs, unordered."""
        return [self.variant(key, row) for found in self._variants.values() for key, row in found]

    def variant(self, key: str, row: Row) -> Variant:
        """Return one row of the variants' table as a variant."""
        state, started, finished = self._state(row), at(row, "started_at"), at(row, "completed_at")
        step, steps = text(row, "step"), self._system.steps
        return Variant(
            id=VariantId(key),
            job=JobId(str(row["job"])),
            state=state,
            status=text(row, "status"),
            name=text(row, "name"),
            step=step,
            step_index=steps.index(step) + 1 if step in steps else None,
            step_count=len(steps) or None,
            error=text(row, "error"),
            retries=number(row, "retry_count") or 0,
            max_retries=self._system.max_retries,
            created=at(row, "created_at"),
            started=started,
            updated=at(row, "updated_at"),
            finished=finished,
            running_s=self._running(state, started, finished),
            idle_s=self._seconds(at(row, "updated_at")),
            verdict=self.verdict_of_variant(row),
            fields=encode(row),
        )

    def verdict_of_variant(self, row: Row) -> Verdict | None:
        """Apply the variants' rules to one of their rows."""
        job = self._store.jobs.get(str(row["job"]))
        if job is None:
            return None
        kinds = fitting(self._thresholds, text(job, "kind"))
        for rule in self._system.variant_rules:
            if of_kind(self._thresholds, rule.name, kinds, 0.0) is None:
                continue
            fits = row.get("status") in rule.statuses and (
                not rule.job_statuses or job.get("status") in rule.job_statuses
            )
            if fits and (not rule.behind or self._is_behind(row, job)):
                evidence = (("rule", rule.name), ("its job's status", str(job.get("status"))))
                return Verdict(rule.name, rule.reason, rule.name, evidence=evidence)
        return None

    def _is_behind(self, row: Row, job: Row) -> bool:
        steps = self._system.steps
        own, other = text(row, "step"), text(job, "step")
        return own in steps and other in steps and steps.index(own) < steps.index(other)

    def _because_of_variants(self, key: str, row: Row) -> Verdict | None:
        """The verdict that a job has because some of its variants are stuck."""
        found = Counter(
            verdict.rule
            for _, variant in self._variants.get(key, ())
            if (verdict := self.verdict_of_variant(variant)) is not None
        )
        named = [rule for rule in self._system.variant_rules if found[rule.name]]
        if not named:
            return None
        name = self._system.variants_name or "variants"
        why = ", ".join(f"{found[rule.name]} {rule.name}" for rule in named)
        evidence = [("rule", f"{named[0].name}, of its {name}")]
        evidence += [(rule.name, f"{found[rule.name]} {name}") for rule in named]
        return Verdict(named[0].name, named[0].reason, f"{name}: {why}", evidence=tuple(evidence))

    def events(self, job: JobId) -> list[Event]:
        """Return a job's event log, oldest first."""
        rows = [row for table, _, row in self._store.children(job) if table == EVENTS]
        return [
            Event(at(row, "at"), text(row, "level"), str(row["message"]), text(row, "stage")) for row in rows
        ]

    def verdict(self, row: Row) -> Verdict | None:
        """Apply the stuck rule to a row of the job table."""
        counts = entry(self._thresholds, self._system.rule, self.kinds(row))
        threshold, kind = self._thresholds[counts], split(counts)[1]
        if self._state(row) is not State.RUNNING or threshold is None:
            return None
        column = next((name for name in self._system.age if at(row, name)), None)
        limit = long_duration(threshold)
        if column is None:
            return Verdict(self._system.rule, "stuck", "no life sign", None, threshold)
        seen = at(row, column)
        age = self._seconds(seen)
        if seen is None or age is None or age <= threshold:
            return None
        evidence = (
            (column, seen.isoformat()),
            ("now", self._now.isoformat()),
            ("age", long_duration(age)),
            ("threshold", limit if kind is None else f"{limit} for kind:{kind}"),
        )
        word = "running" if column == "started_at" else "idle"
        why = f"{word} {long_duration(age)} > {limit}"
        return Verdict(self._system.rule, "stuck", why, age, threshold, column, evidence)

    def kinds(self, row: Row) -> tuple[str, ...]:
        """Return the patterns of kinds in the thresholds that fit a row of the job table."""
        return fitting(self._thresholds, text(row, "kind"))

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
