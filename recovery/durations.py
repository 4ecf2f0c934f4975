"""Durations as people type and read them: `90s`, `30m`, `2h`, `1d`, `never`; a plain number is minutes."""

from __future__ import annotations

import re

from .errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]|$)\s*")
"""A number and its unit; only the last number may stand without one, so that `10 30` is no duration."""
NEVER = "never"


def parse_duration(text: str | float, *, unit: str = "m") -> float | None:
    """Return seconds, or None for `never`; a number without a unit counts in `unit`. Raises UsageError."""
    if isinstance(text, int | float):
        return _positive(float(text) * _UNITS[unit], text)
    cleaned = text.strip().lower()
    if cleaned == NEVER:
        return None
    total, position = 0.0, 0
    for match in _PATTERN.finditer(cleaned):
        if match.start() != position:
            break
        total += float(match[1]) * _UNITS[match[2] or unit]
        position = match.end()
    if not cleaned or position != len(cleaned):
        raise UsageError(f"{text!r} is not a duration; write minutes, or 90s, 30m, 2h, 1d, never")
    return _positive(total, text)


def _positive(seconds: float, text: object) -> float:
    if not 0 <= seconds < 1e10:
        raise UsageError(f"{text!r} is not a sensible duration; write minutes, or 90s, 30m, 2h, 1d, never")
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
