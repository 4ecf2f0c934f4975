"""The profile format: how one job system's tables map onto jobs, variants, rules and actions.

Everything here is data, checked by pydantic; `docs/profiles.md` explains it by example. Durations are text
(`30m`, `90s`, `never`; a plain number is minutes) and become seconds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from unstick.recovery.model import State
from unstick.recovery.toml_file import Mistake

from .action import Action, Effects, Follows, Guard, Insert, Notify, Related, ReportItem
from .base import ColumnPart, ColumnRef, JsonPath, Key, Match, Seconds, Sql, Strict, Time, TimeRef
from .clock import Clock
from .migration import Migration

__all__ = [
    "Action",
    "ColumnPart",
    "Effects",
    "Follows",
    "Guard",
    "Insert",
    "Key",
    "Match",
    "Notify",
    "Profile",
    "Related",
    "ReportItem",
    "Seconds",
    "Sql",
    "Strict",
    "Time",
    "TimeRef",
]


class Owner(Strict):
    """A liveness table: the row's worker is dead when it has no row there, or a beat older than
    `older_than`."""

    table: str
    match: Match
    """Column of the liveness table -> column of the job table."""
    beat: TimeRef
    older_than: Seconds = 60.0
    null_is_dead: bool = True
    """Whether a row without a worker (NULL in a matched column) counts as one whose worker is dead."""


class Children(Strict):
    """A condition on the job's variants or children, by their native statuses."""

    of: str = "variants"
    """`variants`, or the name of a child that has a status column."""
    every: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    at_least: int | Literal["total"] = 0
    """`total`: as many as `columns.progress_total` says, and one in any case."""
    at_most: int | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> Children:
        counted = self.at_least or self.at_most is not None
        if not (self.every or self.any or self.none or counted):
            raise ValueError("say which children: every, any, none (lists of statuses), at_least or at_most")
        return self


class Rule(Strict):
    """A stuck rule. All that is given must hold."""

    name: str
    reason: str = "stuck"
    why: str = ""
    refuse: str = ""
    """The sentence of an action that doesn't take rows which this rule found: why, and what to do instead."""
    statuses: tuple[str, ...] = ()
    age_of: tuple[str, ...] = ()
    """Names from `times` (or `child.column`): the age of the latest of them counts."""
    fallback: tuple[str, ...] = ()
    """Used in order where every column of `age_of` is NULL. All NULL: no life sign at all, which is stuck."""
    older_than: Seconds = None
    enabled: bool = True
    """False: off until a threshold is set under the rule's own name."""
    owner: Owner | None = None
    children: Children | None = None
    behind: Literal["parent", "sibling"] | None = None
    """For variants: its step comes before its job's step, or before a sibling's."""
    parent_statuses: tuple[str, ...] = ()
    """For variants: the native statuses that the job must have. Lets the database begin with those jobs."""
    when: Sql | None = None
    """More SQL that must hold; the row's table is `j`."""

    @model_validator(mode="after")
    def _has_a_condition(self) -> Rule:
        if not (self.age_of or self.owner or self.children or self.behind or self.when):
            raise ValueError("a rule needs a condition: age_of, owner, children, behind or when")
        if self.age_of and "older_than" not in self.model_fields_set:
            raise Mistake('a rule with age_of needs older_than (for example "30m", or "never")', "age_of")
        if self.fallback and not self.age_of:
            raise Mistake("fallback stands in for age_of, which is missing", "fallback")
        return self


class Child(Strict):
    """A table whose rows belong to a job: a cascade target, an event log, a source of life signs."""

    name: str
    table: str
    table_schema: str = Field("", alias="schema")
    key: Key
    match: dict[str, str] = {}
    """Column of the child table -> column of the job table, or of the child named by `via`."""
    match_sql: Sql | None = None
    """Instead of `match`: SQL over `c` that gives the job's key as text."""
    via: str = ""
    """Another child that stands between this one and the job."""
    status: str | None = None
    """Its status column, for rules about children."""
    clock: Clock | None = None
    """The clock of its time columns, where it isn't the profile's."""
    only: Sql | None = None
    """SQL that must hold for child rows (`c`), for tables shared by several kinds of parents."""
    optional: bool = False
    """The table may be absent."""

    @model_validator(mode="after")
    def _belongs_to_a_job(self) -> Child:
        if bool(self.match) == (self.match_sql is not None):
            raise Mistake("say how a row belongs to its job: match (columns), or match_sql", "match")
        return self


class Log(Strict):
    """The event log: which child holds it and its columns."""

    child: str
    at: TimeRef
    message: str
    level: str | None = None
    stage: str | None = None


class Columns(Strict):
    """Which column plays which part; all optional."""

    kind: str | None = None
    step: str | None = None
    progress: ColumnRef | None = None
    """How much is done: a fraction, or a number of `progress_total`."""
    progress_total: ColumnRef | None = None
    error: str | None = None
    retries: str | None = None
    priority: str | None = None
    name: str | None = None


class JsonVariants(Strict):
    """Variants kept inside a JSON column of the job: an object or array at `path`, one entry each."""

    column: str
    name: str = "tasks"
    path: JsonPath = ()
    id: str = "id"
    status: str = "status"
    error: str | None = None
    times: dict[Literal["created", "started", "updated", "finished"], str] = {}
    states: dict[State, tuple[str, ...]] = {}
    """What the statuses mean; the job's own `states` where this is left out."""
    actions: dict[str, Action] = {}
    """What can be done to one of them; all of it is written into the job's row."""


class Entity(Strict):
    """What jobs and variants share: a table with a key, a status, times, rules and actions."""

    table: str
    table_schema: str = Field("", alias="schema")
    key: Key
    status: str | None = None
    status_sql: Sql | None = None
    state_sql: Sql | None = None
    """A CASE expression that gives one of the six states; the row's table is `j`."""
    joins: Sql | None = None
    """Joins that `status_sql`, `state_sql` and `when` may use, written after `FROM <table> AS j`."""
    only: Sql | None = None
    """SQL over `j` that rows must meet to count as jobs (or variants) at all."""
    states: dict[State, tuple[str, ...]] = {}
    columns: Columns = Columns()
    times: dict[str, TimeRef] = {}
    """`created`, `started`, `updated`, `finished`, and more for rules."""
    token: tuple[str, ...] = ()
    """More columns to watch between plan and apply, such as the worker's id."""
    attempts_sql: Sql | None = None
    """SQL over `j` for the attempts that the system itself has on record; these or those in the retry
    history count, whichever are more."""
    attempts_since: Literal["created", "started", "updated", "finished"] | None = None
    """A time since which the retry history counts, for jobs that begin anew again and again."""
    steps: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    actions: dict[str, Action] = {}

    @model_validator(mode="after")
    def _has_a_state(self) -> Entity:
        if self.status is None and self.status_sql is None and self.state_sql is None:
            raise ValueError("say where the state is: status (a column), status_sql or state_sql")
        if self.status is not None and self.status_sql is not None:
            raise Mistake("say only one of status and status_sql", "status_sql")
        return self


class Variants(Entity):
    """The job's sub-units in a table of their own."""

    name: str = "variants"
    match: Match
    """Column of the variants table -> column of the job table."""
    order: tuple[str, ...] = ()


class JobTable(Entity):
    """One job table. With several in a profile, `name` tells them apart on screen and in ids."""

    name: str = ""
    children: tuple[Child, ...] = ()
    variants: Variants | None = None
    variants_json: JsonVariants | None = None
    log: Log | None = None


class QueueRule(Strict):
    """A queue that runs one job at a time, and its order (SQL over `j`, most urgent first)."""

    order: tuple[str, ...]


class Announced(Strict):
    """How PostgreSQL announces changes; the console listens on these channels while it is open."""

    channels: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(min_length=1)]


class EnvName(Strict):
    """An environment variable of the system, and the unit of its number."""

    name: str
    unit: Literal["seconds", "minutes", "boolean", "count"] = "count"


class SweepRule(Strict):
    """How often the system's own documents look for stuck jobs."""

    every: Annotated[Seconds, Field(gt=0)] = None


def _lower_name(value: str) -> str:
    if not value or not all(letter.isalnum() or letter in "_-" for letter in value):
        raise ValueError("a name has letters, digits, - and _ only")
    return value


class Profile(Strict):
    """One job system."""

    name: Annotated[str, AfterValidator(_lower_name)]
    title: str = ""
    description: str = ""
    format: Literal[1] = 1
    fenced: bool = True
    """Whether a late worker is harmless after a recovery; False puts a warning into every plan."""
    fence_warning: str = "a worker that is still alive may overwrite the row later: make sure that it is dead"
    clock: Clock = Clock.ZONED
    max_retries: int | None = 3
    parameters: dict[str, Sql] = {}
    """Placeholders such as `{schema}` with their defaults, settable per source."""
    recognise: dict[str, tuple[str, ...]] = {}
    """Table -> columns that must be there for `unstick URL` to choose this profile."""
    env: dict[str, EnvName] = {}
    """Setting (`threshold.<rule>`, `sweep.enabled`, `sweep.interval`, `max_retries`) -> environment
    variable."""
    optional: dict[str, tuple[str, ...]] = {}
    """Tables that SQL texts name as `{table NAME}` and that may be absent -> their columns that are used."""
    queue: QueueRule | None = None
    notify: Announced | None = None
    sweep: SweepRule = SweepRule()
    migration: Migration = Migration()
    jobs: tuple[JobTable, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Profile:
        from .checks import check

        check(self)
        return self
