"""Which threshold counts: flag over environment over source over profile. Seconds; None means never."""

from __future__ import annotations

import os

from unstick.backends.profile.model import Action, Entity, Profile
from unstick.recovery.errors import ConfigError
from unstick.recovery.source import Source
from unstick.recovery.thresholds import Thresholds, join, layered, patterns, unknown

_UNITS = {"seconds": 1.0, "minutes": 60.0}


def entities(profile: Profile) -> list[Entity]:
    """Return every job and variants table of the profile."""
    found: list[Entity] = []
    for job in profile.jobs:
        found.append(job)
        if job.variants is not None:
            found.append(job.variants)
    return found


def effective(
    profile: Profile, source: Source, overrides: Thresholds | None = None
) -> dict[str, float | None]:
    """Return every rule's threshold, and those of its own for kinds; None means that the rule is off.

    A rule that is off stays off until its own name is given a threshold. A rule without a clock is left out
    unless it was switched off or on.
    """
    given = [overrides or {}, _environment(profile), source.thresholds]
    _check_names(profile, source)
    result: dict[str, float | None] = {}
    for entity in entities(profile):
        for rule in entity.rules:
            clock = bool(rule.age_of or rule.owner)
            found = layered(rule.name, given, enabled=rule.enabled, clock=clock)
            if clock:
                default = rule.owner.older_than if rule.owner and not rule.age_of else rule.older_than
                found.setdefault(None, default if rule.enabled else None)
            elif not rule.enabled:
                # A rule without a clock is on or off: `never` switches it off, a duration on.
                found.setdefault(None, None)
            result |= {join(rule.name, kind): seconds for kind, seconds in found.items()}
    return result


def _check_names(profile: Profile, source: Source) -> None:
    known = {rule.name for entity in entities(profile) for rule in entity.rules}
    wrong = unknown(source.thresholds, known)
    if wrong is not None:
        raise ConfigError(
            f"{source.name}: profile {profile.name} has no rule {wrong!r} "
            f"(it has: {', '.join(sorted(known)) or 'none'}; `*` means all)"
        )
    kinds = patterns(source.thresholds)
    if kinds and not any(one.columns.kind or one.columns.name for one in entities(profile)):
        raise ConfigError(
            f"{source.name}: there is a threshold for kind:{kinds[0]}, but jobs of profile {profile.name} "
            "have no kind; name the column that tells it in the profile (columns.kind)"
        )


def _environment(profile: Profile) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for setting, variable in profile.env.items():
        kind, _, rule = setting.partition(".")
        text = os.environ.get(variable.name)
        if kind == "threshold" and text:
            try:
                values[rule] = float(text) * _UNITS.get(variable.unit, 1.0)
            except ValueError:
                raise ConfigError(
                    f"{variable.name}={text!r} in the environment is not a number of {variable.unit}"
                ) from None
    return values


def max_retries(profile: Profile, source: Source) -> int | None:
    """Return the retry limit; None means none."""
    if source.max_retries is None or source.max_retries >= 0:
        return source.max_retries
    variable = profile.env.get("max_retries")
    text = os.environ.get(variable.name) if variable else None
    if text:
        try:
            return int(text)
        except ValueError:
            name = variable.name if variable else ""
            raise ConfigError(f"{name}={text!r} in the environment is not a whole number") from None
    return profile.max_retries


def timeout_words(entity: Entity, action: Action, given: Thresholds) -> dict[str, str]:
    """Return what an action's texts may say of its timeout: the threshold of its first rule with a clock."""
    clocked = [rule.name for rule in entity.rules if rule.age_of or rule.owner]
    names = [name for name in action.rules or clocked if name in clocked]
    seconds = next((value for name in names if (value := given.get(name)) is not None), None)
    if seconds is None:
        return {"timeout_minutes": "?", "timeout_seconds": "?"}
    return {
        "timeout_minutes": f"{seconds / 60:.3g}" if seconds < 60 else f"{seconds / 60:g}",
        "timeout_seconds": f"{seconds:g}",
    }
