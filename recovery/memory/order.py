"""Sort orders and keyset cursors over jobs in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import total_ordering
from typing import TypeVar

from ..errors import UsageError
from ..model import Job, Variant
from ..query import SORTS, Query

R = TypeVar("R", Job, Variant)
Key = tuple[int, float | str, str]
"""Group (stuck first, NULL last), value, id: a total order that doesn't move while time passes."""


def ordered(items: Iterable[R], query: Query, known: tuple[str, ...] = SORTS) -> list[R]:
    """Return the jobs, or the variants, in the query's order, which must be one of those `known`."""
    if query.sort not in known:
        raise UsageError(f"{query.sort!r} is not a sort order; choose one of {', '.join(known)}")
    return sorted(items, key=lambda row: _Place(_key(row, query), query), reverse=query.backwards)


def following(jobs: list[R], cursor: str, query: Query) -> list[R]:
    """Return those of the ordered jobs that stand behind the cursor."""
    group, value, job = json.loads(cursor)["key"]
    turn = -1 if query.backwards else 1
    return [row for row in jobs if turn * _compare(_key(row, query), (group, value, job), query) > 0]


def cursor_at(job: Job | Variant, query: Query, now: datetime) -> str:
    """Return the cursor that continues after this job; ages stay those of the first page."""
    return json.dumps({"now": now.isoformat(), "key": _key(job, query)})


def cursor_now(cursor: str) -> datetime:
    """Return the instant of the first page."""
    try:
        return datetime.fromisoformat(json.loads(cursor)["now"])
    except (ValueError, KeyError, TypeError):
        raise UsageError("this is not a cursor that an earlier page gave; start again") from None


@total_ordering
class _Place:
    """Where a job stands in a query's order."""

    def __init__(self, key: Key, query: Query) -> None:
        self._key, self._query = key, query

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __lt__(self, other: _Place) -> bool:
        return _compare(self._key, other._key, self._query) < 0


def _compare(a: Key, b: Key, query: Query) -> int:
    turn = -1 if query.descending else 1
    if a[0] != b[0]:
        grouped = turn if query.sort == "stuck" else 1
        return grouped * (1 if a[0] > b[0] else -1)
    if a[1] != b[1]:
        return turn * (1 if _after(a[1], b[1]) else -1)
    return (a[2] > b[2]) - (a[2] < b[2])


def _after(a: float | str, b: float | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return str(a) > str(b)
    return a > b


def _key(job: Job | Variant, query: Query) -> Key:
    if query.sort == "stuck":
        if job.verdict is not None and isinstance(job, Variant):
            return 0, job.updated.timestamp() if job.updated else -1e12, job.id
        if job.verdict is not None:
            return 0, -(job.verdict.age_s if job.verdict.age_s is not None else 1e12), job.id
        return 1, -(job.created.timestamp() if job.created else 0.0), job.id
    value = _value(job, query.sort)
    return (1, 0.0, job.id) if value is None else (0, value, job.id)


def _value(job: Job | Variant, sort: str) -> float | str | None:
    value = {
        "id": job.id,
        "kind": getattr(job, "kind", None),
        "job": getattr(job, "job", None),
        "step": _step(job),
        "state": job.state.value,
        "created": job.created,
        "started": job.started,
        "updated": job.updated,
        "idle": job.idle_s,
        "running": job.running_s,
        "retries": job.retries,
        "priority": getattr(job, "priority", None),
    }[sort]
    return value.timestamp() if isinstance(value, datetime) else value


def _step(item: Job | Variant) -> int | str | None:
    """Where the step is in the declared order; its name where none is declared."""
    return item.step_index if item.step_count else item.step
