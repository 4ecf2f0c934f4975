"""What single values of the configuration may be. No pydantic here: plain files are read without it.

Each returns the value as it is worked with, or raises ValueError with what it must be.
"""

from __future__ import annotations

import re
from typing import Any

from unstick.recovery.config.formats import FORMAT, OLDEST
from unstick.recovery.config.url import check_url
from unstick.recovery.durations import NEVER
from unstick.recovery.errors import UnstickError
from unstick.recovery.source import NAME

VIEWS = ("all", "stuck", "failed", "running", "pending")
"""The views that are built in; a saved one can't have such a name."""
URLS = ("url", "url_env", "url_command")
COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "grey")


def rule_name(value: str) -> str:
    """Return the name of a threshold."""
    from unstick.recovery.thresholds import split

    rule, pattern = split(value)
    if rule and (pattern is None or (pattern and pattern == pattern.strip())):
        return value
    raise ValueError('must be a rule, "*", "kind:KIND" or "RULE kind:KIND"; in KIND, * is any text')


def limit(value: Any) -> int | None:
    """Return a retry limit, None for none."""
    if value == NEVER or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return None if value == NEVER else value
    raise ValueError(f'must be a whole number from 0, or "{NEVER}" for no limit')


def version(value: Any) -> int:
    """Return the number of a format."""
    if isinstance(value, int) and not isinstance(value, bool) and OLDEST <= value <= FORMAT:
        return value
    raise ValueError(f"must be {OLDEST} or {FORMAT}, the formats that this unstick knows")


def zone(value: Any) -> str:
    """Return the name of a time zone, or an offset."""
    if isinstance(value, str) and re.fullmatch(r"[+-]\d\d:\d\d", value):
        return value
    try:
        from zoneinfo import ZoneInfo

        ZoneInfo(value)
    except (TypeError, ValueError, OSError, LookupError):
        raise ValueError("must be a time zone such as Europe/Berlin, UTC or +09:00") from None
    return str(value)


def colour(value: Any) -> str:
    """Return the colour of a label."""
    if value in COLOURS or (isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value)):
        return str(value)
    raise ValueError(f"must be {', '.join(COLOURS)} or #rrggbb")


def name(value: str) -> str:
    """Return a name of a source or a label."""
    if not re.fullmatch(NAME, value):
        raise ValueError("may have letters, digits and . _ - @ only")
    return value


def keymap(value: Any) -> Any:
    """Return action id -> keys as text: `act.retry = "F5"` makes tables in TOML, and keys may be a list."""
    if not isinstance(value, dict):
        return value
    flat: dict[Any, Any] = {}
    for name, given in value.items():
        if isinstance(given, dict):
            flat.update({f"{name}.{each}": keys for each, keys in keymap(given).items()})
        elif isinstance(given, list) and all(isinstance(key, str) for key in given):
            flat[name] = ",".join("comma" if key.strip() == "," else key for key in given) or "none"
        else:
            flat[name] = given
    return flat


def view_name(value: str) -> str:
    """Return a name of a saved view."""
    if value in (*VIEWS, "save", "delete"):
        raise ValueError(f"{value!r} has a meaning of its own as a view; choose another name")
    return name(value)


def url(value: Any) -> Any:
    """Return a database URL without a driver; what is no text is for others to refuse."""
    if isinstance(value, str):
        try:
            return check_url(value)
        except UnstickError as error:
            raise ValueError(str(error)) from None
    return value
