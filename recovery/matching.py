"""Whether a filter term holds for a job in memory; what backends on SQL must agree with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from unstick.recovery.model import Job, Variant
from unstick.recovery.query import Op, Term

NAMES = ("id", "job", "status", "kind", "step", "table")
"""Fields compared as a whole, with `*` as a wildcard."""
COUNTS = ("retries", "priority")
AGES = ("age", "idle", "running")
"""Fields in seconds: since created, since the last life sign, since started."""


def matches(job: Job | Variant, term: Term, now: datetime | None = None) -> bool:
    """Return whether the term holds for the job or variant; `now` (aware UTC) is the database's clock, which
    `age` needs.

    A job that doesn't tell (no start, no error) doesn't match, and matches the inverted term.
    """
    return _holds(job, term, now) != term.negated


def matches_all(job: Job | Variant, terms: Iterable[Term], now: datetime | None = None) -> bool:
    """Return whether every term holds for the job or variant."""
    return all(matches(job, term, now) for term in terms)


def _holds(job: Job | Variant, term: Term, now: datetime | None) -> bool:
    if term.field == "text":
        needle = str(term.value).casefold()
        return any(needle in part.casefold() for part in _searched(job) if part)
    if term.field == "stuck":
        return (job.verdict is not None) == bool(term.value)
    if term.field in COUNTS or term.field in AGES:
        return _compare(_number(job, term.field, now), term.op, float(cast(float, term.value)))
    texts = [text.casefold() for text in _texts(job, term.field)]
    patterns = [str(value).casefold() for value in term.values]
    if term.field == "error":
        patterns = [f"*{pattern}*" for pattern in patterns]
    return any(like(text, pattern) for pattern in patterns for text in texts)


def _searched(job: Job | Variant) -> tuple[str | None, ...]:
    if isinstance(job, Variant):
        return (job.id, job.job, job.name, job.step, job.error)
    return (job.id, job.kind, job.step, job.error)


def _texts(job: Job | Variant, name: str) -> tuple[str, ...]:
    special = _texts_of_variant(job, name) if isinstance(job, Variant) else _texts_of_job(job, name)
    if special is not None:
        return special
    value = {"state": job.state.value, "status": job.status, "step": job.step, "error": job.error}[name]
    return () if value is None else (value,)


def _texts_of_job(job: Job, name: str) -> tuple[str, ...] | None:
    if name in ("id", "job"):
        return (job.id, job.id.removeprefix(f"{job.table}:"))
    if name == "kind":
        return () if job.kind is None else (job.kind, *job.kind.split("/"))
    return (job.table,) if name == "table" else None


def _texts_of_variant(variant: Variant, name: str) -> tuple[str, ...] | None:
    table, colon, bare = variant.job.partition(":")
    if name == "id":
        return (variant.id, f"{variant.job}/{variant.id}", f"{bare}/{variant.id}")
    if name == "job":
        return (variant.job, bare) if colon else (variant.job,)
    if name == "kind":
        return () if variant.name is None else (variant.name, *variant.name.split(" "))
    return ((table,) if colon else ()) if name == "table" else None


def _number(job: Job | Variant, name: str, now: datetime | None) -> float | None:
    if name == "age":
        return (now - job.created).total_seconds() if now and job.created else None
    value: float | None = {
        "retries": job.retries,
        "priority": None if isinstance(job, Variant) else job.priority,
        "idle": job.idle_s,
        "running": job.running_s,
    }[name]
    return value


def like(text: str, pattern: str) -> bool:
    """Match `*` by looking for the pieces in turn: never slow, whatever the pattern."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in rest:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _compare(value: float | None, op: Op, limit: float) -> bool:
    if value is None:
        return False
    return {
        "=": value == limit,
        "!=": value != limit,
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
    }[op]
