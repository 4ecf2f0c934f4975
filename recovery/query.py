"""What to show: filter terms, sort order, thresholds. Parsed by `filters`, read by every backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from unstick.recovery.model import JobId, State

Op = Literal["=", "!=", "<", "<=", ">", ">="]

SORTS = (
    *("stuck", "id", "kind", "state", "created", "started", "updated"),
    *("idle", "running", "retries", "priority"),
)
"""Every sort order. `stuck` is stuck rows first, the longest silent first, then the newest created first."""

VARIANT_SORTS = (
    *("stuck", "job", "id", "step", "state", "created", "started", "updated"),
    *("idle", "running", "retries"),
)
"""Every sort order of a list of variants. `step` is the declared order of the steps, unknown ones last."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a filter.

    `field` is one of text, id, job, state, status, kind, step, error, table, retries, age, idle, running,
    priority, stuck. Ages are seconds. A tuple means any of (only fields compared as text; `op` is then `=`).
    `text` searches id, kind, step and error text as a plain substring; `error` is a substring too, the other
    names are compared as a whole; `*` in a named field matches any text. An `id` may lack its `table:`.
    Of a variant `id` is its own or JOB/VARIANT, `job` its job's, `kind` its name; `text` searches both ids.
    Case never matters. A NULL never matches, so `negated` holds for it: NOT COALESCE(condition, FALSE).
    """

    field: str
    op: Op
    value: str | float | State | bool | tuple[str, ...]
    negated: bool = False

    @property
    def values(self) -> tuple[str | float | bool, ...]:
        """The value, or all of those that were joined by a comma."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


TEXT_IN = "id, kind, step and error"
"""Where a `text` term looks, in words; the kind of a variant is its name."""


@dataclass(frozen=True, slots=True)
class Query:
    """A live table's question. All terms must hold.

    `thresholds` overrides the source's rule thresholds: rule name (or `*` for every rule with a clock) ->
    seconds, or None for "never". `limit` is rows per page. `of` narrows a list of variants to one job's.
    `backwards` reads the same order from its end: the last row comes first. Of a large table a question that
    no index answers is asked of the `newest` rows only, where that is a number.
    """

    terms: tuple[Term, ...] = ()
    text: str = ""
    stuck_only: bool = False
    sort: str = "stuck"
    descending: bool = False
    limit: int = 200
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    of: JobId | None = None
    backwards: bool = False
    newest: int | None = None

    @property
    def looks_in(self) -> str:
        """Where its plain words are looked for, in words; empty without any."""
        return TEXT_IN if self.text or any(term.field == "text" for term in self.terms) else ""
