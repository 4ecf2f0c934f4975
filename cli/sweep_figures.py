"""What a sweep's runs come to in numbers, source by source: what metrics and health are made of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from unstick.recovery.display import display_text
from unstick.recovery.model import Job, JobId, State
from unstick.recovery.sweep import AT_LIMIT, Decision, Mode
from unstick.recovery.sweeping import Run, waited_s

KINDS = 20
"""Kinds of jobs that a source has as labels; those that turn up later are `other`."""
NONE, OTHER = "none", "other"
LABEL = 100
FAILING = (Decision.FAILED, Decision.BRAKED)


@dataclass(slots=True)
class Figures:
    """One source. What only a run that looked can tell is empty after one that did not: an old number would
    look like a true one. Ages are seconds, `last_run` and `last_success` seconds since 1970, `at` is the
    clock's."""

    every_s: Callable[[], float]
    began: float
    kinds: dict[str, None] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=lambda: Counter({each.value: 0 for each in Decision}))
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    took_s: float = 0.0
    took: int = 0
    last: Run | None = None
    at: float = 0.0
    last_run: float | None = None
    last_success: float | None = None
    stuck: Mapping[str, int] = field(default_factory=dict)
    stuck_age: Mapping[str, float] = field(default_factory=dict)
    pending_age: Mapping[str, float] = field(default_factory=dict)
    at_limit: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, int] = field(default_factory=dict)

    def label(self, kind: str | None) -> str:
        """Return the label of a kind; the number of labels is bounded."""
        name = display_text(kind, limit=LABEL) or NONE
        if name not in self.kinds:
            if len(self.kinds) >= KINDS:
                return OTHER
            self.kinds[name] = None
        return name

    @property
    def leads(self) -> bool:
        """Whether the last run was the one sweeper's of its database."""
        run = self.last
        return self.armed and run is not None and run.decision is not Decision.FOLLOW and run.seen is not None

    @property
    def armed(self) -> bool:
        """Whether the last run was allowed to recover."""
        run = self.last
        return run is not None and run.mode is Mode.ARMED and run.decision is not Decision.REPORT

    def add(self, run: Run, now: float, wall: float) -> None:
        """Count a run."""
        self.last, self.at, self.last_run = run, now, wall
        self.runs[run.decision.value] += 1
        self.took_s, self.took = self.took_s + run.took_s, self.took + 1
        if run.decision not in FAILING:
            self.last_success = wall
        self._count_rows(run)
        self._look(run)

    def _count_rows(self, run: Run) -> None:
        kinds = _kinds(run)
        for row in run.result.rows if run.result is not None else ():
            self.rows[self.label(kinds.get(row.job)), row.outcome.value] += 1

    def _look(self, run: Run) -> None:
        self.stuck, self.stuck_age, self.pending_age, self.at_limit, self.states = {}, {}, {}, {}, {}
        counts = run.counts
        if counts is None or run.seen is None:
            return
        kinds = _kinds(run)
        self.states = {state.value: counts.by_state.get(state, 0) for state in State}
        stuck = Counter(self.label(job.kind) for job in run.stuck)
        if counts.stuck > len(run.stuck):
            stuck[OTHER] += counts.stuck - len(run.stuck)
        self.stuck = self._with_zeros(stuck)
        self.stuck_age = self._oldest((job, _silent(job)) for job in run.stuck)
        self.pending_age = self._oldest((job, waited_s(job, counts)) for job in run.pending)
        left = run.plan.left_out if run.plan is not None else ()
        self.at_limit = self._with_zeros(
            Counter(self.label(kinds.get(each.job)) for each in left if each.reason.startswith(AT_LIMIT))
        )

    def _with_zeros(self, found: Counter[str]) -> dict[str, int]:
        """A kind that was seen once is told of for good: a number that goes away is not a zero."""
        return {**dict.fromkeys(self.kinds or (NONE,), 0), **found}

    def _oldest(self, ages: Iterable[tuple[Job, float | None]]) -> dict[str, float]:
        found: dict[str, float] = {}
        for job, age in ages:
            if age is not None:
                label = self.label(job.kind)
                found[label] = max(found.get(label, 0.0), age)
        return found


def _kinds(run: Run) -> dict[JobId, str | None]:
    return {job.id: job.kind for job in run.stuck}


def _silent(job: Job) -> float | None:
    age = job.verdict.age_s if job.verdict is not None else None
    return job.idle_s if age is None else age


@dataclass(slots=True)
class Board:
    """All sources; read by other threads while runs come in. `clock` is monotonic seconds."""

    sources: dict[str, Figures]
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, paces: Mapping[str, Callable[[], float]]) -> Board:
        """Return an empty board; `paces` are the sources with the seconds from one run to the next."""
        return cls({name: Figures(every, time.monotonic()) for name, every in paces.items()})

    def saw(self, run: Run) -> None:
        """Count a run."""
        with self.lock:
            if run.source in self.sources:
                self.sources[run.source].add(run, self.clock(), self.wall())

    async def drain(self, within_s: float | None = None) -> None:
        """Nothing is under way."""

    def remove(self, source: str) -> None:
        """Forget a source that is swept no more."""
        with self.lock:
            self.sources.pop(source, None)
