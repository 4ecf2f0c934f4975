"""When a sweep looks: the system's own environment variables over the source over the profile."""

from __future__ import annotations

import os

from unstick.backends.profile.model import EnvName, Profile
from unstick.recovery.config.environment import flag, read_variable
from unstick.recovery.errors import ConfigError
from unstick.recovery.model import Schedule
from unstick.recovery.source import Source

OF_SOURCE, OF_PROFILE = "set for this source", "profile"
_UNITS = {"seconds": 1.0, "minutes": 60.0}
_USUAL = Schedule()


def effective(profile: Profile, source: Source) -> Schedule:
    """Return whether and how often the source is swept. Raises ConfigError for a variable that makes no
    sense."""
    enabled, enabled_by = _enabled(profile, source)
    every_s, every_by = _every(profile, source)
    return Schedule(enabled, every_s, enabled_by, every_by)


def _enabled(profile: Profile, source: Source) -> tuple[bool, str]:
    variable, text = _variable(profile, "sweep.enabled")
    if variable is not None:
        value = bool(read_variable(variable.name, text, flag))
        return value, f"{variable.name}={text}"
    if source.sweep.enabled is not None:
        return source.sweep.enabled, OF_SOURCE
    return _USUAL.enabled, _USUAL.enabled_by


def _every(profile: Profile, source: Source) -> tuple[float, str]:
    variable, text = _variable(profile, "sweep.interval")
    if variable is not None:
        return _interval(variable, text), f"{variable.name}={text}"
    if source.sweep.every_s is not None:
        return source.sweep.every_s, OF_SOURCE
    if profile.sweep.every is not None:
        return profile.sweep.every, OF_PROFILE
    return _USUAL.every_s, _USUAL.every_by


def _interval(variable: EnvName, text: str) -> float:
    try:
        seconds = float(text) * _UNITS.get(variable.unit, 1.0)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < 1e9:
        raise ConfigError(
            f"{variable.name}={text!r} in the environment is not a number of {variable.unit} that a sweep "
            "could wait; write one, at least a second"
        )
    return seconds


def _variable(profile: Profile, setting: str) -> tuple[EnvName | None, str]:
    variable = profile.env.get(setting)
    text = os.environ.get(variable.name, "").strip() if variable is not None else ""
    return (variable, text) if text else (None, "")
