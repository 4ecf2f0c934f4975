"""A number of attempts that knows when they were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class Attempts(int):
    """How many attempts the retry history has, and since a moment."""

    moments: tuple[datetime, ...] = ()
    undated: int = 0

    @classmethod
    def of(cls, moments: Sequence[datetime], undated: int = 0) -> Attempts:
        """Return the number of attempts, some of which may have no date."""
        made = cls(len(moments) + undated)
        made.moments, made.undated = tuple(moments), undated
        return made

    def since(self, moment: datetime | None) -> int:
        """Return how many were made since then; none for what has not begun."""
        if moment is None:
            return 0
        return self.undated + sum(at >= moment for at in self.moments)
