"""Reads a plain configuration without pydantic, whose import and models hold up the first picture.

Only what is right beyond doubt is read here, by the checks of single values that the models use too. Whatever
else there is (a mistake, hooks, alerts, saved views) is left to the models, which have the words for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unstick.recovery.config import values
from unstick.recovery.config.formats import WITH_UNITS, format_of
from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import UsageError
from unstick.recovery.source import TLS_MODES

Read = Callable[[Any, bool], Any]
"""Takes what TOML gives, and whether durations need a unit. Raises ValueError or UsageError in doubt."""
PROD = ("prod", "production")
LONGEST = 20
"""Characters of a label."""


def read_plain(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the models would make of a file's data; None where only they can tell."""
    try:
        found: dict[str, Any] = _table(_FILE)(data, format_of(data) >= WITH_UNITS)
    except (ValueError, UsageError):
        return None
    return found


def _table(readers: Mapping[str, Read]) -> Read:
    def read(value: Any, units: bool) -> dict[str, Any]:
        return {key: _reader(readers, key)(each, units) for key, each in _of(dict)(value, units).items()}

    return read


def _reader(readers: Mapping[str, Read], key: str) -> Read:
    if key not in readers:
        raise ValueError(f"{key} is not plain")
    return readers[key]


def _named(check: Callable[[str], str], reader: Read) -> Read:
    """Return what reads a table whose keys are names."""

    def read(value: Any, units: bool) -> dict[str, Any]:
        return {check(key): reader(each, units) for key, each in _of(dict)(value, units).items()}

    return read


def _of(kind: type, fits: Callable[[Any], bool] = lambda _: True) -> Read:
    """Return what reads a value of exactly this type; a boolean is no number."""

    def read(value: Any, units: bool) -> Any:
        if type(value) is not kind or not fits(value):
            raise ValueError(f"{value!r} is not plain")
        return value

    return read


def _checked(check: Callable[[Any], Any], reader: Read | None = None) -> Read:
    return lambda value, units: check(reader(value, units) if reader else value)


def _duration(unit: str, least: float, *, never: bool = False) -> Read:
    def read(value: Any, units: bool) -> float | None:
        if type(value) not in (str, int, float):
            raise ValueError(f"{value!r} is no duration")
        found = parse_duration(value, unit=None if units else unit)
        if not never if found is None else (found < least or not found):
            raise ValueError(f"{value!r} is too short")
        return found

    return read


def _source(value: Any, units: bool) -> dict[str, Any]:
    found: dict[str, Any] = _table(_SOURCE)(value, units)
    if sum(key in found for key in values.URLS) != 1:
        raise ValueError("there has to be one URL")
    if found.get("environment", "").lower() in PROD and found.get("read_only") is False:
        raise ValueError("only the command line opens prod")
    return found


def _words(value: Any, units: bool) -> str | list[str]:
    if type(value) is list:
        return [_TEXT(each, units) for each in value]
    found: str = _TEXT(value, units)
    return found


def _keys(value: Any, units: bool) -> dict[str, str]:
    found: dict[str, str] = _named(str, _ANY_TEXT)(values.keymap(_of(dict)(value, units)), units)
    return found


_ANY_TEXT = _of(str)
_TEXT = _of(str, bool)
_BOOLEAN = _of(bool)
_REFRESH = _duration("s", 1.0)
_SECONDS = _duration("s", 0.0)
_COMMON: Mapping[str, Read] = {
    "read_only": _BOOLEAN,
    "thresholds": _named(values.rule_name, _duration("m", 1.0, never=True)),
    "max_retries": _checked(values.limit),
    "parameters": _named(str, _ANY_TEXT),
    "refresh": _REFRESH,
    "statement_timeout": _SECONDS,
    "connect_timeout": _SECONDS,
    "lock_timeout": _SECONDS,
    "time_zone": _checked(values.zone, _ANY_TEXT),
    "sweep": _table({
        "enabled": _BOOLEAN, "every": _REFRESH, "cap": _of(int, lambda value: value >= 1), "brake": _BOOLEAN,
    }),
    "tls": _table({"mode": _of(str, TLS_MODES.__contains__), "ca": _TEXT, "cert": _TEXT, "key": _TEXT}),
}  # fmt: skip
_SOURCE: Mapping[str, Read] = {
    **_COMMON,
    "url": _checked(values.url, _ANY_TEXT),
    "url_env": _TEXT,
    "url_command": _words,
    "profile": _TEXT,
    "environment": _checked(values.name, _of(str, lambda value: len(value) <= LONGEST)),
    "colour": _checked(values.colour, _ANY_TEXT),
}
_FILE: Mapping[str, Read] = {
    "version": _checked(values.version),
    "defaults": _table({**_COMMON, "source": _TEXT}),
    "sources": _named(values.name, _source),
    "keys": _keys,
    "theme": _TEXT,
    "ascii": _BOOLEAN,
}
