"""Retry statistics of a source over a window of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .model import JobId, VariantId

HIGH = 3
"""So many retries are many."""
TOP, TOP_VARIANTS = 10, 20
ALERT_S = 3600.0
"""An alert is about what was updated within so many seconds."""
ALERTS = 100


@dataclass(frozen=True, slots=True)
class Spread:
    """How retries are spread over jobs or variants: how many have none, some, three or more."""

    total: int = 0
    none: int = 0
    some: int = 0
    high: int = 0
    average: float = 0.0
    maximum: int = 0

    @property
    def rate(self) -> float:
        """The share with at least one retry, 0.0 to 1.0."""
        return self.some / self.total if self.total else 0.0


@dataclass(slots=True)
class Sums:
    """What a spread is made of, while it is counted."""

    total: int = 0
    some: int = 0
    high: int = 0
    retries: int = 0
    maximum: int = 0

    def add(self, retries: int) -> None:
        """Count the retries of one job or variant that is part of the total already."""
        self.some += retries > 0
        self.high += retries >= HIGH
        self.retries += retries
        self.maximum = max(self.maximum, retries)

    def spread(self) -> Spread:
        """Return the result."""
        average = self.retries / self.total if self.total else 0.0
        return Spread(self.total, self.total - self.some, self.some, self.high, average, self.maximum)


@dataclass(frozen=True, slots=True)
class Retried:
    """A job or variant with retries. `name` is a variant's own (its place among the job's, where it has
    no other); `job_status` and `job_step` are those of a variant's job. What can't be told is None."""

    job: JobId
    retries: int
    status: str | None = None
    step: str | None = None
    kind: str | None = None
    created: datetime | None = None
    updated: datetime | None = None
    variant: VariantId | None = None
    name: str | None = None
    job_status: str | None = None
    job_step: str | None = None


def most_retried(found: Iterable[Retried], limit: int) -> tuple[Retried, ...]:
    """Return those with the most retries, the latest updated first among equals."""

    def place(one: Retried) -> tuple[int, float, str, str]:
        updated = one.updated.timestamp() if one.updated else float("-inf")
        return (-one.retries, -updated, one.job, one.variant or "")

    return tuple(sorted(found, key=place)[:limit])


@dataclass(frozen=True, slots=True)
class Figures:
    """Of jobs, or of variants. `spread`, `histogram` (retries -> how many), `by_status`, `by_step`, `by_kind`
    and `by_day` (UTC, as YYYY-MM-DD) are about those created within the window; `top` is about all, `alerts`
    about those running or failed that have three retries or more and were updated within the last hour."""

    spread: Spread = Spread()
    histogram: Mapping[int, int] = field(default_factory=dict)
    by_status: Mapping[str, int] = field(default_factory=dict)
    by_step: Mapping[str, Spread] = field(default_factory=dict)
    by_kind: Mapping[str, Spread] = field(default_factory=dict)
    by_day: Mapping[str, Spread] = field(default_factory=dict)
    top: tuple[Retried, ...] = ()
    alerts: tuple[Retried, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures over the window (seconds). `variants` is None where the system has none, or keeps them inside
    documents: of those only `retried_variants`, which the retry history knows, can be told.

    `actions` is action -> result -> rows, `reasons` reason -> result -> attempts, both within the window.
    """

    window_s: float
    jobs: Figures
    variants: Figures | None = None
    retried_variants: tuple[Retried, ...] = ()
    actions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
