"""Retry statistics of a source over a window of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import JobId


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


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures over the jobs created within the window (seconds)."""

    window_s: float
    by_status: Mapping[str, int]
    jobs: Spread
    top: tuple[tuple[JobId, int], ...] = ()
    histogram: Mapping[int, int] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
