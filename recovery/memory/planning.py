"""Plans over a memory store: which rows, what they'd become, and what is left out with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ..errors import PlanError
from ..filters import matches_all
from ..model import Image, Job, JobId, Scalar, Target
from ..plan import LeftOut, Options, PlanRow
from ..port import Selection
from ..query import Query, Term
from .order import ordered
from .store import JOBS, Row, Store, encode
from .system import MemoryAction
from .view import View

NOW = "{now}"
TOKEN = ("status", "started_at", "updated_at", "completed_at")


def select(jobs: Iterable[Job], query: Query, now: datetime) -> list[Job]:
    """Return the jobs that a query asks for, in its order."""
    terms = (*query.terms, Term("text", "=", query.text)) if query.text else query.terms
    kept = [job for job in jobs if (job.verdict or not query.stuck_only) and matches_all(job, terms, now)]
    return ordered(kept, query)


def token(store: Store, view: View, key: str) -> Image:
    """Return what an apply compares: status, times and attempts."""
    row = store.jobs[key]
    return {**encode({name: row.get(name) for name in TOKEN}), "retries": view.retries(key, row)}


def drift(seen: Image, current: Image) -> str:
    """Return in words what moved since the plan."""
    moved = [name for name in seen if seen[name] != current.get(name)]
    return "; ".join(f"{name} was {seen[name]}, is {current.get(name)}" for name in moved)


def changed(row: Row, action: MemoryAction) -> Mapping[str, Scalar]:
    """Return the columns that the action gives other values, with `{now}` for the clock."""
    after: dict[str, Scalar] = {"status": action.to_status}
    after |= dict.fromkeys(action.stamp, NOW)
    after |= dict.fromkeys(action.clear)
    if action.error is not None:
        after["error"] = _error(str(row.get("error") or ""), action)
    before = encode(row)
    return {name: value for name, value in after.items() if before.get(name) != value}


def _error(old: str, action: MemoryAction) -> str:
    new = action.error or ""
    if not action.append or not old:
        return new
    return old if old.endswith(new) else f"{old}\n\n{new}"


class Planner:
    """Splits a selection into rows to change and rows left out."""

    def __init__(self, store: Store, view: View, action: MemoryAction, options: Options) -> None:
        self._store, self._view, self._action, self._options = store, view, action, options

    def chosen(self, selection: Selection, now: datetime) -> list[JobId | Target]:
        """Return the ids asked for; a query for an action on stuck jobs only means the stuck ones."""
        if not isinstance(selection, Query):
            return list(dict.fromkeys(selection))
        found = select(self._view.jobs(), selection, now)
        return [job.id for job in found if job.verdict or not self._action.info.only_stuck]

    def split(self, ids: Sequence[JobId | Target]) -> tuple[tuple[PlanRow, ...], tuple[LeftOut, ...]]:
        """Return the plan's rows and what is left out."""
        rows, left = [], []
        for job in ids:
            if isinstance(job, Target):
                why = f"{self._action.info.name} is for whole jobs here, not for one variant"
                left.append(LeftOut(job.job, why, job.variant))
                continue
            reason = self._refusal(job)
            if reason is None:
                rows.append(self._row(job))
            else:
                left.append(LeftOut(job, reason))
        limit = self._options.max_rows
        if limit is not None and len(rows) > limit:
            raise PlanError(
                f"the plan has {len(rows)} rows, more than the {limit} allowed; raise --max or filter"
            )
        return tuple(rows), tuple(left)

    def _refusal(self, job: JobId) -> str | None:
        row = self._store.jobs.get(job)
        if row is None:
            return "there is no such job (any more)"
        seen = self._view.job(job, row)
        if refused := self._action.refuses(seen.status):
            return refused
        if self._action.info.only_stuck and seen.verdict is None:
            return f"not stuck: {seen.status}"
        if self._action.limited and seen.needs_person and not self._options.over_limit:
            return f"needs a person: {seen.retries} of {seen.max_retries} attempts made"
        return None

    def _row(self, job: JobId) -> PlanRow:
        row, children = self._store.jobs[job], self._store.children(job)
        seen = self._view.job(job, row)
        deletes = self._action.to_status is None
        after = None if deletes else changed(row, self._action)
        image = encode(row)
        verdict = seen.verdict
        return PlanRow(
            job=job,
            table=JOBS,
            key={"id": job},
            token=token(self._store, self._view, job),
            before=image if after is None else {name: image.get(name) for name in after},
            after=after or {},
            rule=verdict.rule if verdict else None,
            reason=verdict.reason if verdict and self._action.info.only_stuck else "manual",
            why=verdict.why if verdict else "",
            evidence=verdict.evidence if verdict else (),
            related=tuple(f"delete {table} {key}" for table, key, _ in children) if deletes else (),
        )


def as_sql(action: MemoryAction) -> tuple[str, ...]:
    """Return what a database would be told; there is none, but screens show it."""
    guard = "WHERE id = :id AND status = :seen_status AND updated_at = :seen_updated_at"
    if action.to_status is None:
        return ("DELETE FROM variants WHERE job = :id", f"DELETE FROM jobs {guard}")  # noqa: S608
    columns = ["status = :status", *(f"{name} = CURRENT_TIMESTAMP" for name in action.stamp)]
    columns += [f"{name} = NULL" for name in action.clear]
    if action.error is not None:
        columns.append("error = :error")
    return (f"UPDATE jobs SET {', '.join(columns)} {guard}",)  # noqa: S608
