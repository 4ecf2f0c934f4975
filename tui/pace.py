"""When to refresh next: interval, pause, backoff with jitter. No timer, so it is tested without waiting."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

FLOOR_S = 1.0
CEILING_S = 20.0
BLURRED_S = 15.0
SHARE = 0.05
"""The share of its time for which a database may be busy with our refreshes."""
CHEAP_S = 0.1
"""A refresh that takes no longer is asked as often as somebody wants it."""
SLOWEST_S = 60.0
"""Seconds between two refreshes at most, however long one takes."""
STEPS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(slots=True)
class Pace:
    """How often a source is asked. `failures` in a row double the wait up to a ceiling; what `took_s` seconds
    is not asked again at once, though somebody wants it `every_s`."""

    every_s: float = 5.0
    paused: bool = False
    blurred: bool = False
    failures: int = 0
    took_s: float = 0.0
    chance: Callable[[], float] = field(default=random.random)

    def next_delay(self) -> float | None:
        """Return the seconds to wait before the next refresh, or None while paused."""
        if self.paused:
            return None
        every = self.interval_s
        if self.failures:
            wait = min(FLOOR_S * 2.0 ** min(self.failures - 1, 10), CEILING_S)
            return max(wait, 0.5) * (0.75 + 0.5 * self.chance())
        return max(every, BLURRED_S) if self.blurred else every

    @property
    def interval_s(self) -> float:
        """Seconds between two refreshes while nothing is wrong: as wanted, or longer where they cost much."""
        wanted = max(self.every_s, FLOOR_S)
        costly = self.took_s if self.took_s > CHEAP_S else 0.0
        return max(wanted, min(float(round(costly / SHARE)), SLOWEST_S))

    @property
    def floor_s(self) -> float:
        """Seconds between two refreshes at least, however often the database announces changes."""
        return BLURRED_S if self.blurred else FLOOR_S

    def faster(self) -> float:
        """Step to the next shorter interval and return it."""
        self.every_s = max((step for step in STEPS if step < self.every_s), default=FLOOR_S)
        return self.every_s

    def slower(self) -> float:
        """Step to the next longer interval and return it."""
        self.every_s = min((step for step in STEPS if step > self.every_s), default=STEPS[-1])
        return self.every_s
