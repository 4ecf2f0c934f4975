"""What a measurement says: a figure, what it is compared with, and whether that is good enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Figure", "at_least", "at_most", "median", "percentile", "told"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report.

    `value` and `reference` are in `unit`. The bound is `factor` × the reference, or `limit` in `unit`,
    whichever is given; with both the larger one (a limit is from the machine that the budgets were measured
    on, `factor` makes it fit this one). `least` turns the comparison round. Without
    bound and value it is a sentence in `note`.
    """

    name: str
    what: str
    value: float | None = None
    unit: str = ""
    reference: float | None = None
    beside: str = ""
    factor: float | None = None
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def bound(self) -> float | None:
        """What the value is held against, in `unit`."""
        scaled = self.factor * self.reference if self.factor and self.reference is not None else None
        known = [each for each in (scaled, self.limit) if each is not None]
        return max(known) if known else None

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; None where that can't be said."""
        if self.value is None or self.bound is None:
            return None
        return self.value >= self.bound if self.least else self.value <= self.bound

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return {True: "met", False: "MISSED", None: "left out" if self.value is None else "told"}[self.met]

    @property
    def target(self) -> str:
        """The budget as people write it."""
        sign, parts = ">=" if self.least else "<=", []
        if self.factor:
            parts.append(f"{sign} {self.factor:.3g} × {self.beside}")
        if self.limit is not None:
            parts.append(f"{sign} {told(self.limit, self.unit)}")
        return " or ".join(parts) or "-"


def at_most(
    name: str,
    what: str,
    value: float,
    unit: str,
    factor: float | None = None,
    reference: float | None = None,
    beside: str = "",
    limit: float | None = None,
) -> Figure:
    """Return a figure that should be small."""
    return Figure(name, what, value, unit, reference, beside, factor, limit)


def at_least(
    name: str, what: str, value: float, unit: str, factor: float, reference: float, beside: str
) -> Figure:
    """Return a figure that should be large."""
    return Figure(name, what, value, unit, reference, beside, factor, least=True)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of the values don't exceed. Raises ValueError
    without values."""
    ordered: Sequence[float] = sorted(values)
    if not ordered:
        raise ValueError("there is nothing to take a percentile of")
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def told(value: float | None, unit: str) -> str:
    """Return a value with its unit, in three significant digits; `-` for none."""
    if value is None:
        return "-"
    if unit == "B" and value >= 10_000:
        return f"{value / 1000:,.1f} kB"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{round(value, digits):,.{min(digits, 2)}f} {unit}".rstrip()
