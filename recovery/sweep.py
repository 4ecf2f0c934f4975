"""The sweep's decisions: what a run would recover, what stops it, and which thresholds it goes by.

Pure functions of a plan and of counts: no clock, no timer, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .model import Capabilities, Counts, JobId, State, Target, VariantId
from .plan import LeftOut, Plan, PlanRow
from .source import CAP as CAP
from .source import Source
from .thresholds import ALL, split

FAILED_RUNS = 3
"""Failed runs in a row after which the brake stops the sweep."""
FEW = 10
"""Stuck jobs below which the brake never counts shares: where one job runs at a time, all of them hang when
it does, and a mistake about a handful is small."""
IN_A_ROW = "runs in a row failed"
"""How a brake says that it holds until the sweep is armed again."""
AT_LIMIT = "needs a person"
"""How the reason begins for which a row at its retry limit is left out."""
FROM_PROFILE = "profile, or the system's own environment variable"
FROM_SOURCE = "set for this source"
SWITCHED_OFF = "switched off in the profile"
FROM_ENVIRONMENT = "the system's own environment variable"

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Mode(StrEnum):
    """What a sweep may do: nothing, plan and report only, or recover."""

    OFF = "off"
    SHADOW = "shadow"
    ARMED = "armed"


class Decision(StrEnum):
    """What comes of one run. `follow`: another sweeper leads here; `failed`: it could not be carried out."""

    REST = "rest"
    CLEAR = "clear"
    BRAKED = "braked"
    REPORT = "report"
    RECOVER = "recover"
    FOLLOW = "follow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are left out for the same reason: how many, the words of the first one, and whether the
    others' words differ from these in names and numbers."""

    number: int
    reason: str
    alike: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do now. `rows` are within the cap, `waiting` is how many are left to later runs.

    `at_limit` counts rows that only a person can help; they are in `left_out` too, which groups all rows that
    are not to be recovered, the largest group first. `brake` says what stops the run; None: nothing does.
    """

    found: int
    rows: tuple[PlanRow, ...]
    waiting: int
    at_limit: int
    left_out: tuple[Group, ...]
    brake: str | None

    @property
    def targets(self) -> tuple[JobId | Target, ...]:
        """What is planned again to recover `rows`, and nothing beside them."""
        jobs = {row.job for row in self.rows if row.variant is None}
        chosen: dict[JobId | Target, None] = {}
        for row in self.rows:
            alone = row.variant is not None and row.job not in jobs
            chosen[Target(row.job, row.variant) if alone and row.variant is not None else row.job] = None
        return tuple(chosen)


def forecast(
    plan: Plan, counts: Counts, *, cap: int = CAP, failed_runs: int = 0, shares: bool = True
) -> Forecast:
    """Return what a run would do with the plan of everything that is stuck. Without `shares` only failed runs
    stop it."""
    rows = within(plan.rows, cap)
    return Forecast(
        found=plan.found,
        rows=rows,
        waiting=len(plan.rows) - len(rows),
        at_limit=sum(left.reason.startswith(AT_LIMIT) for left in plan.left_out),
        left_out=grouped(plan.left_out),
        brake=brake(counts, failed_runs) if shares or failed_runs >= FAILED_RUNS else None,
    )


def decide(mode: Mode, seen: Forecast, *, read_only: bool = False) -> Decision:
    """Return what a run does. A source that may not be written is only reported on."""
    if mode is Mode.OFF:
        return Decision.REST
    if not seen.rows:
        return Decision.CLEAR
    if seen.brake is not None:
        return Decision.BRAKED
    return Decision.REPORT if mode is Mode.SHADOW or read_only else Decision.RECOVER


def brake(counts: Counts, failed_runs: int = 0) -> str | None:
    """Return in a sentence why a sweep is to stop until a person has looked; None: it may go on.

    More than half of the running jobs hanging at once is more often a broken clock or a worker that shows no
    life signs than so many dead workers.
    """
    if failed_runs >= FAILED_RUNS:
        return f"{failed_runs} {IN_A_ROW}"
    running = counts.by_state.get(State.RUNNING, 0)
    if counts.stuck < FEW or counts.stuck * 2 <= running:
        return None
    if counts.stuck > running:
        return f"{counts.stuck:,} jobs look stuck while {running:,} are running"
    return f"{counts.stuck:,} of {running:,} running jobs look stuck at once"


def within(rows: Iterable[PlanRow], cap: int = CAP) -> tuple[PlanRow, ...]:
    """Return the first rows, at most `cap`, in their order. A job and its variants are taken together, unless
    they alone are more than the cap: then variants go first."""
    together: dict[JobId, list[PlanRow]] = {}
    ordered = list(rows)
    for row in ordered:
        together.setdefault(row.job, []).append(row)
    taken: set[tuple[JobId, VariantId | None]] = set()
    for of_job in together.values():
        if len(taken) + len(of_job) > cap:
            if not taken:
                taken.update([row.ref for row in of_job if row.variant is not None][:cap])
            break
        taken.update(row.ref for row in of_job)
    return tuple(row for row in ordered if row.ref in taken)


def grouped(left_out: Iterable[LeftOut]) -> tuple[Group, ...]:
    """Return the reasons with their numbers, the most frequent first. Reasons that differ in nothing but
    names of rows and numbers are one."""
    groups: dict[str, list[str]] = {}
    for left in left_out:
        groups.setdefault(_kind(left), []).append(left.reason)
    found = [Group(len(each), each[0], len(set(each)) == 1) for each in groups.values()]
    return tuple(sorted(found, key=lambda group: -group.number))


def _kind(left: LeftOut) -> str:
    reason = left.reason
    for name in sorted({str(left.job), str(left.variant or "")}, key=len, reverse=True):
        # A short id would also be found within words.
        if name and not name.isalpha():
            reason = reason.replace(name, "#")
        elif name:
            reason = re.sub(rf"\b{re.escape(name)}\b", "#", reason)
    return _NUMBER.sub("#", reason)


@dataclass(frozen=True, slots=True)
class Rule:
    """A stuck rule's threshold in seconds (None: never), and in words who says so."""

    name: str
    threshold_s: float | None
    origin: str


def rules(source: Source, able: Capabilities) -> tuple[Rule, ...]:
    """Return the thresholds in use, as far as source and capabilities tell where they come from."""
    return tuple(
        Rule(name, threshold, _origin(source, name, threshold)) for name, threshold in able.thresholds.items()
    )


def _origin(source: Source, name: str, threshold: float | None) -> str:
    """The system's own environment variables go before the source's settings, and these before the profile;
    `*` leaves alone what is switched off."""
    given = {split(each): seconds for each, seconds in source.thresholds.items()}
    own = split(name)
    key = next((key for key in (own, (ALL, own[1])) if key in given), None)
    if key is None:
        return FROM_PROFILE
    if given[key] == threshold:
        return FROM_SOURCE if key == own else f"{FROM_SOURCE}, for all rules"
    return SWITCHED_OFF if threshold is None else FROM_ENVIRONMENT


def limit_origin(source: Source) -> str:
    """Return in words who says what the retry limit is."""
    own = source.max_retries is None or source.max_retries >= 0
    return FROM_SOURCE if own else FROM_PROFILE
