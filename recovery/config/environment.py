"""The `UNSTICK_*` variables, which go before the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import ConfigError, UsageError

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def flag(text: str) -> bool:
    """Read a yes or no."""
    word = text.strip().lower()
    if word in YES or word in NO:
        return word in YES
    raise UsageError(f"{text!r} is neither yes nor no; write 1 or 0")


def seconds(text: str) -> float:
    """Read a duration whose plain number is seconds."""
    found = parse_duration(text, unit="s")
    if not found:
        raise UsageError(f"{text!r} must be longer than nothing")
    return found


def threshold(text: str) -> float | None:
    """Read the age for every stuck rule: at least a second, a plain number is minutes."""
    found = parse_duration(text)
    if found is not None and found < 1:
        raise UsageError(f"{text!r} is too short, every living worker would count as stuck; at least 1s")
    return found


def refresh(text: str) -> float:
    """Read the pause between two looks: at least a second."""
    found = seconds(text)
    if found < 1:
        raise UsageError(f"{text!r} is too short; the refresh is at least 1s")
    return found


def limit(text: str) -> int | None:
    """Read a retry limit: a whole number, or `never` for none."""
    if text.strip().lower() == "never":
        return None
    if not text.strip().isdecimal():
        raise UsageError(f"{text!r} is not a whole number; write one, or never for no limit")
    return int(text)


VARIABLES: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "UNSTICK_PROFILE": ("profile", str, "profile of the source"),
    "UNSTICK_READ_ONLY": (
        "read_only",
        flag,
        "1 refuses every write; 0 does not open prod, only --write does",
    ),
    "UNSTICK_TIMEOUT": ("timeout", threshold, "age for every stuck rule; a plain number is minutes"),
    "UNSTICK_MAX_RETRIES": ("max_retries", limit, "retry limit, or never"),
    "UNSTICK_REFRESH": ("refresh", refresh, "pause between two looks; a plain number is seconds"),
    "UNSTICK_STATEMENT_TIMEOUT": ("statement_timeout", seconds, "a plain number is seconds"),
    "UNSTICK_CONNECT_TIMEOUT": ("connect_timeout", seconds, "a plain number is seconds"),
    "UNSTICK_LOCK_TIMEOUT": ("lock_timeout", seconds, "a plain number is seconds"),
    "UNSTICK_TIME_ZONE": ("time_zone", str, "zone of zone-less times in the database"),
}
"""Variable -> setting, reader, explanation."""

OTHERS: Mapping[str, str] = {
    "UNSTICK_CONFIG": "the configuration file",
    "UNSTICK_SOURCE": "name or URL of the source to use when none is named",
    "UNSTICK_THEME": "name of a theme",
    "UNSTICK_ASCII": "1 for borders and marks in plain ASCII",
}
"""Variables that are not about one source."""


def from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return settings and where each comes from. Raises ConfigError that names the variable."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, (setting, read, _) in VARIABLES.items():
        text = environ.get(name)
        if not text:
            continue
        value = read_variable(name, text, read)
        if setting == "timeout":
            setting, value = "thresholds", {"*": value}
            origins["thresholds.*"] = name
        values[setting] = value
        origins[setting] = name
    return values, origins


def read_variable(name: str, text: str, read: Callable[[str], Any]) -> Any:
    """Read one variable. Raises ConfigError that names it."""
    try:
        return read(text)
    except UsageError as error:
        raise ConfigError(str(error), key=name) from None
