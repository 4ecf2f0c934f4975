"""What a console shows of a job system: jobs, variants, attempts, verdicts. Immutable; all times are aware
UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

JobId = NewType("JobId", str)
"""A job's key as text. Composite keys are joined by `,`; with several job tables `table:` stands in front."""

VariantId = NewType("VariantId", str)
"""A variant's key as text, unique within its job table."""

Scalar = str | int | float | bool | None
Image = Mapping[str, Scalar]
"""Column name -> value as the backend's lossless text or number; equal images mean equal rows."""

NO_FIELDS: Mapping[str, Scalar] = {}


class State(StrEnum):
    """What a native status means, always shown beside the native status."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A stuck rule that applies to a job or variant, with the evidence.

    `rule` is the rule's name in the profile, `reason` the word for the retry history (`stuck`, `lagging`),
    `why` a short text for the table, `evidence` label/value pairs for the job screen.
    `age_s` and `threshold_s` are seconds; None where the rule has no clock or no life sign exists.
    """

    rule: str
    reason: str
    why: str
    age_s: float | None = None
    threshold_s: float | None = None
    clock: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a job table.

    `running_s` is seconds since the start, `idle_s` seconds since the last life sign, both by the database's
    clock; None where the row doesn't tell. `retries` counts attempts made (column or retry history).
    `fields` holds every mapped and extra column for the detail screen, in profile order.
    """

    id: JobId
    table: str
    state: State
    status: str | None
    kind: str | None = None
    step: str | None = None
    step_index: int | None = None
    step_count: int | None = None
    progress: float | None = None
    error: str | None = None
    retries: int = 0
    max_retries: int | None = None
    created: datetime | None = None
    started: datetime | None = None
    updated: datetime | None = None
    finished: datetime | None = None
    running_s: float | None = None
    idle_s: float | None = None
    priority: int | None = None
    variants_done: int | None = None
    variants_total: int | None = None
    verdict: Verdict | None = None
    fields: Mapping[str, Scalar] = field(default_factory=lambda: NO_FIELDS)

    @property
    def needs_person(self) -> bool:
        """Whether the retry limit is reached, so that no sweep touches it any more."""
        return self.max_retries is not None and self.retries >= self.max_retries


@dataclass(frozen=True, slots=True)
class Variant:
    """A sub-unit of a job: a variant, a task of an interval, a change, a progress step. Seconds as in
    `Job`."""

    id: VariantId
    job: JobId
    state: State
    status: str | None
    name: str | None = None
    step: str | None = None
    step_index: int | None = None
    step_count: int | None = None
    error: str | None = None
    retries: int = 0
    max_retries: int | None = None
    created: datetime | None = None
    started: datetime | None = None
    updated: datetime | None = None
    finished: datetime | None = None
    running_s: float | None = None
    idle_s: float | None = None
    verdict: Verdict | None = None
    fields: Mapping[str, Scalar] = field(default_factory=lambda: NO_FIELDS)

    @property
    def target(self) -> Target:
        """The variant as something to act on."""
        return Target(self.job, self.id)

    @property
    def needs_person(self) -> bool:
        """Whether the retry limit is reached, so that no sweep touches it any more."""
        return self.max_retries is not None and self.retries >= self.max_retries


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One variant of a job, as something to act on; people write JOB/VARIANT."""

    job: JobId
    variant: VariantId

    def __str__(self) -> str:
        return f"{self.job}/{self.variant}"

    @classmethod
    def parse(cls, text: str) -> Target | None:
        """Return what JOB/VARIANT means; None for text that isn't that."""
        job, slash, variant = text.rpartition("/")
        return cls(JobId(job), VariantId(variant)) if slash and job and variant else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the retry history. `result` is an outcome's name; `from_status`/`to_status` are native."""

    job: JobId
    at: datetime
    action: str
    reason: str
    result: str
    from_status: str | None = None
    to_status: str | None = None
    variant: VariantId | None = None
    who: str | None = None
    operation: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's event log, as the system itself wrote it."""

    at: datetime | None
    level: str | None
    message: str
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs there are. `estimated` names the native statuses whose number is an estimate (`~`),
    `about` the states that have such a status.

    `stuck` counts jobs, those that are only stuck because of their variants too; `stuck_variants` variants.
    `newest` says that only so many of the jobs were counted, since a large table lacks the index for it.
    """

    by_state: Mapping[State, int]
    by_status: Mapping[str, int]
    stuck: int
    now: datetime
    estimated: frozenset[str] = frozenset()
    stuck_variants: int = 0
    newest: int | None = None
    about: frozenset[State] = frozenset()

    @property
    def total(self) -> int:
        """All jobs of all states."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the live table, in order. `next` continues after the last row; None at the end. `newest`
    says that only so many rows were looked through, since no index answers the question."""

    rows: tuple[Job, ...]
    now: datetime
    next: str | None = None
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class VariantPage:
    """One page of the variants of all jobs, in order. `next` as in `Page`."""

    rows: tuple[Variant, ...]
    now: datetime
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A sequential queue: which job holds it, how many wait, and who is next."""

    holder: JobId | None
    holder_since: datetime | None
    holder_stuck: bool
    waiting: int
    next: JobId | None


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """An action that the profile offers.

    `verb` says what really happens ("set failed (worker is not stopped)"), `only_stuck` whether it
    wants a verdict, `from_statuses` the native statuses allowed (empty: any but `not_statuses`).
    `for_jobs` and `for_variants` say what it can be done to; `below` is the same action on variants where
    both are possible, since it may do something else there.
    """

    name: str
    verb: str
    only_stuck: bool = False
    from_statuses: tuple[str, ...] = ()
    not_statuses: tuple[str, ...] = ()
    destructive: bool = False
    for_jobs: bool = True
    for_variants: bool = False
    below: ActionInfo | None = None

    def on(self, *, variants: bool) -> ActionInfo:
        """Return what the action is to jobs, or to variants."""
        return self.below if variants and self.below is not None else self


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a sweep looks here: whether at all, every how many seconds, and in words who says so."""

    enabled: bool = True
    every_s: float = 300.0
    enabled_by: str = "built in"
    every_by: str = "built in"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can do, and how.

    `journal` is `database` or `local`. `refusal` maps an action to the sentence why it is not possible now
    (read-only source, missing privilege); an action that is possible is not in it. `not_migrated` are columns
    as `table.column` that the profile's migration would add: what needs them is left out.
    """

    engine: str
    version: str
    database: str
    profile: str
    journal: str
    read_only: bool = False
    skip_locked: bool = True
    notify: bool = False
    fenced: bool = True
    actions: tuple[ActionInfo, ...] = ()
    refusal: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[str, ...] = ()
    kinds_name: str = "kind"
    variants_name: str | None = None
    steps: tuple[str, ...] = ()
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    max_retries: int | None = 3
    schedule: Schedule = Schedule()
    problems: tuple[str, ...] = ()
    not_migrated: tuple[str, ...] = ()

    def why_read_only(self, otherwise: str) -> str | None:
        """Return the sentence why nothing can be written: the source's own reason, or the one given."""
        return next(iter(self.refusal.values()), otherwise) if self.read_only else None
