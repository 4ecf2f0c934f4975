"""Alerts: what of a run somebody has to hear of, told once, again while it lasts, and when it is over.

Pure: a clock's time goes in, messages come out. What is told is remembered by what it is about, so that a
job that hangs for a day is not told at every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SHOWN = 10
"""Jobs that one alert names; the others are counted."""


class Kind(StrEnum):
    """What an alert is about: stuck jobs, jobs at their retry limit, a brake that was pulled, a database
    that is away, and jobs or variants with many retries within the hour."""

    STUCK = "stuck"
    LIMIT = "limit"
    BRAKE = "brake"
    DOWN = "down"
    RETRIES = "retries"


class Severity(StrEnum):
    """How bad it is; `over` is good news."""

    CRITICAL = "critical"
    WARNING = "warning"
    OVER = "over"


SEVERITIES: Mapping[Kind, Severity] = {
    Kind.STUCK: Severity.WARNING,
    Kind.LIMIT: Severity.WARNING,
    Kind.BRAKE: Severity.CRITICAL,
    Kind.DOWN: Severity.CRITICAL,
    Kind.RETRIES: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where alerts go. `name` is what may be shown, as `json-1`; `given` how the configuration names it and
    `place` where; `problem` in a sentence why there is no `url`, such as a variable that is not set."""

    name: str
    url: str = field(repr=False)
    given: str = ""
    place: str = ""
    problem: str = ""

    @property
    def shown(self) -> str:
        """The URL as far as it is no secret: tokens may stand anywhere behind the scheme."""
        return mask_target(self.url)


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What is told of one source, and where. Times are seconds. `limit` is the most messages of one target
    within an hour, `timeout_s` how long one of them may take; `dry_run` only says what would be sent."""

    targets: tuple[Target, ...] = ()
    on: tuple[Kind, ...] = tuple(Kind)
    repeat_s: float = 4 * 3600.0
    resolved: bool = True
    limit: int = 10
    timeout_s: float = 10.0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong: what it is about (a job's id, or nothing where there is only one), and in
    words."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a run saw of one kind.

    `headline` says it in a few words, `more` what else there is to know, `todo` the commands that help.
    `whole`: what is not among the conditions is over; else there is more than could be looked at.
    """

    kind: Kind
    conditions: tuple[Condition, ...]
    headline: str = ""
    more: str = ""
    todo: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. Both texts are safe to show and to send: see `alerts_text.clean`."""

    kind: Kind
    source: str
    severity: Severity
    title: str
    text: str


@dataclass(slots=True)
class Entry:
    """What was told of one condition, in seconds of the clock: when first, when last, and when last seen."""

    words: str
    first: float
    told: float
    seen: float


@dataclass(frozen=True, slots=True)
class News:
    """What of a look is to be told: what is new, what lasts and is told again, and what is over."""

    fresh: tuple[Condition, ...] = ()
    again: tuple[Condition, ...] = ()
    over: tuple[Entry, ...] = ()


@dataclass(slots=True)
class Book:
    """What was told of one source, by kind and key."""

    entries: dict[Kind, dict[str, Entry]] = field(default_factory=dict)

    def note(self, look: Look, now: float, repeat_s: float) -> News:
        """Write down what was seen; return what of it is to be told."""
        known = self.entries.setdefault(look.kind, {})
        fresh, again = [], []
        for condition in look.conditions:
            entry = known.get(condition.key)
            if entry is None:
                known[condition.key] = Entry(condition.words, now, now, now)
                fresh.append(condition)
                continue
            entry.words, entry.seen = condition.words, now
            if now - entry.told >= repeat_s:
                entry.told = now
                again.append(condition)
        over = self._forget(look, known, now, repeat_s)
        return News(tuple(fresh), tuple(again), tuple(over))

    def _forget(self, look: Look, known: dict[str, Entry], now: float, repeat_s: float) -> list[Entry]:
        """Where not everything could be looked at, what is missing may still be wrong: it is forgotten after
        a while, and nobody is told that it is over."""
        there = {condition.key for condition in look.conditions}
        gone = [key for key in known if key not in there]
        if look.whole:
            return [known.pop(key) for key in gone]
        for key in gone:
            if now - known[key].seen >= repeat_s:
                del known[key]
        return []

    def as_json(self) -> dict[str, Any]:
        """Return the book as JSON values."""
        return {
            kind.value: {key: [e.words, e.first, e.told, e.seen] for key, e in entries.items()}
            for kind, entries in self.entries.items()
        }

    @classmethod
    def from_json(cls, data: Any) -> Book:
        """Return the book of `as_json`. Raises ValueError, TypeError, KeyError or AttributeError for anything
        else."""
        return cls(
            {
                Kind(kind): {str(key): Entry(str(w), float(f), float(t), float(s))
                             for key, (w, f, t, s) in entries.items()}
                for kind, entries in data.items()
            }
        )  # fmt: skip


def mask_target(url: str) -> str:
    """Return a target's URL as far as it may be shown, which is its scheme."""
    scheme, found, _ = url.partition("://")
    return f"{scheme}://***" if found and scheme.replace("+", "").replace("-", "").isalnum() else "***"


def listed(words: Iterable[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    lines = list(words)
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"... and {more:,} more"] if more > 0 else lines
