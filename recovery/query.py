"""What to show: filter terms, sort order, thresholds. Parsed by `filters`, read by every backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .model import State

Op = Literal["=", "!=", "<", "<=", ">", ">="]

SORTS = ("stuck", "id", "kind", "state", "created", "started", "updated", "idle", "running", "retries", "priority")
"""Every sort order. `stuck` is stuck rows first, the longest silent first, then the newest created first."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a filter.

    `field` is one of text, id, state, status, kind, step, error, table, retries, age, idle, running, priority,
    stuck. Ages are seconds. `text` searches id, kind, step and error text, case-insensitively.
    """

    field: str
    op: Op
    value: str | float | State | bool
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A live table's question. All terms must hold.

    `thresholds` overrides the source's rule thresholds: rule name (or `*` for every rule with a clock) ->
    seconds, or None for "never". `limit` is rows per page.
    """

    terms: tuple[Term, ...] = ()
    text: str = ""
    stuck_only: bool = False
    sort: str = "stuck"
    descending: bool = False
    limit: int = 200
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
