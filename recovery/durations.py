"""Durations as people type and read them: `90s`, `30m`, `2h`, `1d`, `never`; a plain number is minutes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NoReturn

from .errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]|$)\s*")
"""A number and its unit; only the last number may stand without one, so that `10 30` is no duration."""
NEVER = "never"


class WithoutUnit(UsageError):
    """A duration that has no unit where it needs one."""


def parse_duration(text: str | float, *, unit: str | None = "m") -> float | None:
    """Return seconds, or None for `never`; a number without a unit counts in `unit`.

    Raises UsageError; where `unit` is None and one is missing, WithoutUnit.
    """
    if isinstance(text, int | float):
        seconds = _positive(float(text) * _UNITS[unit or "s"], text, unit)
        return seconds if unit else _no_unit(text, number_text(text))
    cleaned = text.strip().lower()
    if cleaned == NEVER:
        return None
    total, position, bare = 0.0, 0, False
    for match in _PATTERN.finditer(cleaned):
        if match.start() != position:
            break
        total += float(match[1]) * _UNITS[match[2] or unit or "s"]
        position, bare = match.end(), not match[2]
    if not cleaned or position != len(cleaned):
        raise UsageError(f"{text!r} is not a duration; write {_allowed(unit)}")
    seconds = _positive(total, text, unit)
    return _no_unit(text, cleaned) if bare and not unit else seconds


def number_text(number: float) -> str:
    """Return a number as people write it, without an exponent and without losing a digit: `30`, `2.5`."""
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")


def _no_unit(given: str | float, text: str) -> NoReturn:
    raise WithoutUnit(f'{given!r} has no unit; write "{text}m" or "{text}s"')


def _allowed(unit: str | None) -> str:
    plain = {"m": "minutes, or ", "s": "seconds, or "}.get(unit or "", "")
    return f"{plain}90s, 30m, 2h, 1d, never"


def _positive(seconds: float, text: object, unit: str | None) -> float:
    if not 0 <= seconds < 1e10:
        raise UsageError(f"{text!r} is not a sensible duration; write {_allowed(unit)}")
    return seconds


def short_duration(seconds: float | None) -> str:
    """Return up to four characters for a table cell: `42s`, `31m`, `2h`, `9d`, `3y`; `-` for None."""
    if seconds is None:
        return "-"
    seconds = max(seconds, 0.0)
    for limit, unit, size in ((100, "s", 1), (6000, "m", 60), (172_800, "h", 3600), (86_400_000, "d", 86400)):
        if seconds < limit:
            return f"{int(seconds // size)}{unit}"
    return f"{min(int(seconds // 31_536_000), 999)}y"


def long_duration(seconds: float | None) -> str:
    """Return two units for a sentence: `2h 4m`, `31m 5s`; `never` for None."""
    if seconds is None:
        return NEVER
    rest, parts = int(max(seconds, 0)), []
    for unit in ("d", "h", "m", "s"):
        size = int(_UNITS[unit])
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
        if len(parts) == 2:
            break
    return " ".join(parts) or "0s"
