"""Durations in the configuration file. Format 1 reads a plain number in a unit that the key implies."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from unstick.recovery.config.formats import FORMAT, WITH_UNITS
from unstick.recovery.durations import NEVER, WithoutUnit, parse_duration
from unstick.recovery.errors import UsageError

WITHOUT_UNIT = "duration_without_unit"
"""Pydantic's type of the complaint; its context has `unit`, the one that format 1 implied: `m` or `s`."""


def _threshold(value: Any, info: ValidationInfo) -> float | None:
    """Return seconds, None for never; in format 1 a plain number is minutes."""
    found = _duration(value, "m", info)
    if found is not None and found < 1:
        raise ValueError("must be at least 1s, or every living worker would count as stuck")
    return found


def _seconds(value: Any, info: ValidationInfo) -> float:
    """Return seconds; in format 1 a plain number is seconds."""
    seconds = _duration(value, "s", info)
    if not seconds:
        raise ValueError("must be longer than nothing, such as 5s or 2m")
    return seconds


def _refresh(value: Any, info: ValidationInfo) -> float:
    """Return seconds, at least one."""
    seconds = _duration(value, "s", info)
    if not seconds or seconds < 1:
        raise ValueError("must be at least 1s, such as 5s or 4h")
    return seconds


def _duration(value: Any, unit: str, info: ValidationInfo) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a duration, such as 90s, 30m or 2h")
    needed = (info.context or {}).get("format", FORMAT) >= WITH_UNITS
    try:
        return parse_duration(value, unit=None if needed else unit)
    except WithoutUnit as error:
        raise PydanticCustomError(WITHOUT_UNIT, "{said}", {"said": str(error), "unit": unit}) from None
    except UsageError as error:
        raise ValueError(str(error)) from None


_DURATION = WithJsonSchema({"type": "string", "examples": ["90s", "30m", "2h"]})
_OR_NEVER = WithJsonSchema({"type": "string", "examples": ["30m", "2h", NEVER]})

Threshold = Annotated[float | None, BeforeValidator(_threshold), _OR_NEVER]
Seconds = Annotated[float, BeforeValidator(_seconds), _DURATION]
Refresh = Annotated[float, BeforeValidator(_refresh), _DURATION]
