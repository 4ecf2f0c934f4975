"""Which kind of clock a column holds, by its type and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from unstick.backends.profile.clock import Clock
from unstick.backends.sql.engines.base import ColumnInfo

from .seen import Sample

_TEXT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d(:?\d\d)?)?$")
_OFFSET = re.compile(r"(Z|UTC|[+-]\d\d(:?\d\d)?)$")
_SECONDS = (5e8, 5e9)
_MILLISECONDS = (5e11, 5e12)
_AHEAD_S = 60.0
"""Seconds that a time may lie in the future before it is taken for one of another zone."""


@dataclass(frozen=True, slots=True)
class Moments:
    """A time column: its clock, why that is believed, whether a person has to look, and what stands in it.

    `at` are seconds since 1970 by row, None where there is no time.
    """

    clock: Clock
    because: str
    doubt: str
    at: tuple[float | None, ...]


def moments(info: ColumnInfo, sample: Sample, *, sqlite: bool) -> Moments | None:
    """Return what clock the column holds, or None where it holds no times."""
    values = [row.get(info.name) for row in sample.rows]
    given = [value for value in values if value is not None]
    if info.kind in ("time", "zoned_time"):
        return _typed(info, values, sample)
    if info.kind in ("int", "float"):
        return _number(given, values, declared=info.kind != "int")
    if info.kind == "text" or sqlite:
        return _text(info, given, values, sample, sqlite=sqlite)
    return None


def _typed(info: ColumnInfo, values: Sequence[Any], sample: Sample) -> Moments:
    at = tuple(_parse(value) for value in values)
    if info.kind == "zoned_time":
        if not any(_OFFSET.search(str(value)) for value in values if value is not None):
            # MySQL shows an instant in the session's zone.
            at = tuple(None if each is None else each - sample.local for each in at)
        return Moments(Clock.ZONED, f"its type is {info.type}", "", at)
    return _naive(at, f"its type {info.type} has no zone", sample)


def _naive(at: tuple[float | None, ...], because: str, sample: Sample) -> Moments:
    """Times without a zone: UTC, unless they lie in a future that is none by the server's own clock."""
    latest = max((moment for moment in at if moment is not None), default=None)
    if not sample.local or latest is None:
        doubt = "" if not sample.local else "UTC or the server's own zone? Start a job and compare with now"
        return Moments(Clock.UTC, because, doubt, at)
    if sample.now + _AHEAD_S < latest <= sample.now + sample.local + _AHEAD_S:
        shifted = tuple(None if each is None else each - sample.local for each in at)
        return Moments(Clock.LOCAL, f"{because}, and its newest value would be in the future as UTC",
                       "the server's own zone, by its newest value", shifted)  # fmt: skip
    return Moments(Clock.UTC, because, "UTC or the server's own zone? Start a job and compare with now", at)


def _number(given: Sequence[Any], values: Sequence[Any], *, declared: bool) -> Moments | None:
    numbers = [float(value) for value in given if isinstance(value, int | float) and value > 0]
    for (low, high), clock, divisor in (
        (_SECONDS, Clock.EPOCH_S, 1.0),
        (_MILLISECONDS, Clock.EPOCH_MS, 1000.0),
    ):
        if numbers and all(low < number < high for number in numbers):
            at = tuple(float(value) / divisor if value else None for value in values)
            return Moments(
                clock, f"its numbers are {'milli' if divisor > 1 else ''}seconds since 1970", "", at
            )
    return None


def _text(
    info: ColumnInfo, given: Sequence[Any], values: Sequence[Any], sample: Sample, *, sqlite: bool
) -> Moments | None:
    if given and all(isinstance(value, int | float) for value in given):
        return _number(given, values, declared=False)
    texts = [str(value).strip() for value in given]
    if not texts or not all(_TEXT.match(text) for text in texts):
        return None
    at = tuple(_parse(value) for value in values)
    zoned = all(_OFFSET.search(text) for text in texts)
    if not sqlite or any("T" in text for text in texts):
        doubt = "" if zoned else "its texts have no zone: taken for UTC"
        return Moments(Clock.ISO, "it holds texts such as " + texts[0], doubt, at)
    if zoned:
        return Moments(Clock.ZONED, "it holds texts such as " + texts[0], "", at)
    return _naive(at, "it holds texts such as " + texts[0], sample)


def _parse(value: Any) -> float | None:
    if value is None:
        return None
    text = re.sub(r"\s*UTC$", "+00:00", str(value).strip())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
