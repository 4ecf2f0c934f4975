"""All that was guessed of a table, before it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unstick.recovery.model import State

from .ages import threshold
from .choosing import Candidate
from .clocks import Moments, moments
from .seen import Link, Sample, Seen
from .states import Statuses, by_times, by_word

_TIMES = ("created", "started", "updated", "finished")
_SHOWN: tuple[str, ...] = ("kind", "step", "error", "retries", "priority")
_TIME_PARTS = ("heartbeat", *_TIMES, "failed_at")


@dataclass(frozen=True, slots=True)
class Guess:
    """`times` and `columns` are by role. `minutes` is None where no rule could be told, then `no_rule` says
    why; `others` are tables that look like jobs as well."""

    seen: Seen
    sample: Sample
    parts: Mapping[str, str]
    statuses: Statuses
    times: Mapping[str, Moments]
    columns: Mapping[str, str]
    links: Sequence[Link] = ()
    others: Sequence[str] = ()
    minutes: int | None = None
    because: str = ""
    no_rule: str = ""
    beats: bool = False
    look: Sequence[str] = field(default_factory=tuple)

    @property
    def running(self) -> tuple[str, ...]:
        """The native statuses of jobs that are worked on."""
        return self.statuses.of(State.RUNNING)

    def nullable(self, role: str) -> str | None:
        """Return the role's column, where it may be NULL."""
        name = self.parts.get(role)
        return name if name is not None and self.seen.info.columns[name].nullable else None


def guess(
    chosen: Candidate,
    seen: Seen,
    sample: Sample,
    links: Sequence[Link],
    others: Sequence[str],
    *,
    sqlite: bool,
) -> Guess:
    """Return what the table's columns and rows tell."""
    parts = dict(chosen.parts)
    found = {
        role: told
        for role in _TIME_PARTS
        if role in parts
        and (told := moments(seen.info.columns[parts[role]], sample, sqlite=sqlite)) is not None
    }
    statuses, look = _statuses(parts, seen, sample)
    beats = "heartbeat" in found
    if beats:
        found["updated"], parts["updated"] = found["heartbeat"], parts["heartbeat"]
    times = {role: found[role] for role in _TIMES if role in found}
    running = _running(parts, statuses, sample)
    minutes, because, no_rule = None, "", ""
    if not statuses.of(State.RUNNING):
        no_rule = "no status could be told to mean that a job is being worked on"
    elif "updated" not in times and "started" not in times:
        no_rule = "no column tells when a running job was started or last heard of"
    else:
        minutes, because = threshold(times, running, sample.now, beats=beats)
    columns: dict[str, str] = {role: parts[role] for role in _SHOWN if role in parts}
    return Guess(
        seen, sample, parts, statuses, times, columns, links, others, minutes, because, no_rule, beats, look
    )


def _statuses(parts: dict[str, str], seen: Seen, sample: Sample) -> tuple[Statuses, tuple[str, ...]]:
    look: tuple[str, ...] = ()
    if "status" in parts:
        told = by_word(parts["status"], seen, sample)
        if told is not None:
            return told, look
        look = (f"{parts['status']} has too many different values for a status",)
    told = by_times(parts)
    if told is not None:
        parts.pop("status", None)
        return told, look
    return Statuses({}), look


def _running(parts: Mapping[str, str], statuses: Statuses, sample: Sample) -> list[bool]:
    running = statuses.of(State.RUNNING)
    if statuses.sql is None and "status" not in parts:
        return [False] * len(sample.rows)
    if statuses.sql is None:
        return [str(row.get(parts["status"])) in running for row in sample.rows]
    ended = [parts[role] for role in ("failed_at", "finished") if role in parts]
    return [
        row.get(parts["started"]) is not None and all(row.get(name) is None for name in ended)
        for row in sample.rows
    ]
