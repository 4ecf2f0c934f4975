"""Plans over a memory store: which rows, what they'd become, and what is left out with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ..errors import PlanError
from ..filters import matches_all
from ..model import Image, Job, JobId, Scalar, Target, Variant, Verdict
from ..plan import LeftOut, Options, PlanRow
from ..port import Selection
from ..query import SORTS, Query, Term
from .order import ordered
from .store import JOBS, VARIANTS, Ref, Row, Store, encode, number, row_of
from .system import MemoryAction, MemorySystem
from .view import View

R = TypeVar("R", Job, Variant)
NOW = "{now}"
TOKEN = ("status", "started_at", "updated_at", "completed_at")


def select(items: Iterable[R], query: Query, now: datetime, known: tuple[str, ...] = SORTS) -> list[R]:
    """Return the jobs, or the variants, that a query asks for, in its order."""
    terms = (*query.terms, Term("text", "=", query.text)) if query.text else query.terms
    kept = [
        item for item in items if (item.verdict or not query.stuck_only) and matches_all(item, terms, now)
    ]
    return ordered(kept, query, known)


def token(store: Store, view: View, ref: Ref) -> Image:
    """Return what an apply compares: status, times and attempts."""
    row = row_of(store, ref)
    seen = encode({name: row.get(name) for name in TOKEN})
    retries = view.retries(ref[0], row) if ref[1] is None else number(row, "retry_count") or 0
    return {**seen, "retries": retries}


def drift(seen: Image, current: Image) -> str:
    """Return in words what moved since the plan."""
    moved = [name for name in seen if seen[name] != current.get(name)]
    return "; ".join(f"{name} was {seen[name]}, is {current.get(name)}" for name in moved)


def changed(row: Row, action: MemoryAction) -> Mapping[str, Scalar]:
    """Return the columns that the action gives other values, with `{now}` for the clock."""
    after: dict[str, Scalar] = {"status": action.to_status}
    if action.counts:
        after["retry_count"] = (number(row, "retry_count") or 0) + 1
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

    def __init__(self, store: Store, view: View, system: MemorySystem, action: str, options: Options) -> None:
        self._store, self._view, self._system, self._options = store, view, system, options
        self._name = action
        self._for = {variant: system.action(action, variant=variant) for variant in (False, True)}
        self._left: list[LeftOut] = []

    def chosen(self, selection: Selection, now: datetime) -> list[Ref]:
        """Return the rows asked for. A job comes with its stuck variants where the action is for stuck ones,
        and a query means stuck rows only where the action does."""
        if isinstance(selection, Query):
            found = select(self._view.jobs(), replace(selection, stuck_only=False), now)
            stuck = selection.stuck_only
            return self._jobs_first(
                ref for job in found for ref in self._of_job(job.id, stuck=stuck, asked=False)
            )
        refs: list[Ref] = []
        for one in dict.fromkeys(selection):
            target = one if isinstance(one, Target) else _as_target(self._store, one)
            if target is not None:
                refs.append((target.job, target.variant))
            elif not isinstance(one, Target):
                refs += self._of_job(one, stuck=False, asked=True)
        return self._jobs_first(refs)

    def _jobs_first(self, refs: Iterable[Ref]) -> list[Ref]:
        return sorted(dict.fromkeys(refs), key=lambda ref: ref[1] is not None)

    def _of_job(self, job: JobId, *, stuck: bool, asked: bool) -> list[Ref]:
        """The job itself and those of its variants that the action is about too."""
        action, below = self._for[False], self._for[True]
        variants: list[Ref] = []
        if below is not None and below.info.only_stuck:
            variants = [(job, each.id) for each in self._view.variants(job) if each.verdict]
        row = self._store.jobs.get(job)
        own = row is not None and self._view.verdict(row) is not None
        if action is None:
            if asked and not variants:
                self._left.append(LeftOut(job, f"{JOBS} has no action {self._name}"))
            return variants
        wanted = own or not (action.info.only_stuck or stuck)
        if asked:
            wanted = own or not (action.info.only_stuck and variants)
        return [(job, None), *variants] if wanted else variants

    def split(self, refs: Sequence[Ref]) -> tuple[tuple[PlanRow, ...], tuple[LeftOut, ...]]:
        """Return the plan's rows and what is left out."""
        rows, left = [], list(self._left)
        for ref in refs:
            reason = self._refusal(ref)
            if reason is None:
                rows.append(self._row(ref))
            else:
                left.append(LeftOut(ref[0], reason, ref[1]))
        limit = self._options.max_rows
        if limit is not None and len(rows) > limit:
            raise PlanError(
                f"the plan has {len(rows)} rows, more than the {limit} allowed; raise --max or filter"
            )
        return tuple(rows), tuple(left)

    def _action(self, ref: Ref) -> MemoryAction:
        action = self._for[ref[1] is not None]
        assert action is not None
        return action

    def _seen(self, ref: Ref) -> Job | Variant:
        row = row_of(self._store, ref)
        return self._view.job(ref[0], row) if ref[1] is None else self._view.variant(ref[1], row)

    def _verdict(self, ref: Ref) -> Verdict | None:
        row = row_of(self._store, ref)
        return self._view.verdict(row) if ref[1] is None else self._view.verdict_of_variant(row)

    def _refusal(self, ref: Ref) -> str | None:
        if self._for[ref[1] is not None] is None:
            return f"{self._system.variants_name or JOBS} has no action {self._name} for one variant"
        if not row_of(self._store, ref):
            return "there is no such variant" if ref[1] is not None else "there is no such job (any more)"
        action, seen = self._action(ref), self._seen(ref)
        if refused := action.refuses(seen.status):
            return refused
        if action.info.only_stuck and self._verdict(ref) is None:
            return f"not stuck: {seen.status}"
        if action.limited and seen.needs_person and not self._options.over_limit:
            return f"needs a person: {seen.retries} of {seen.max_retries} attempts made"
        return None

    def _row(self, ref: Ref) -> PlanRow:
        job, variant = ref
        action, row = self._action(ref), row_of(self._store, ref)
        deletes = action.to_status is None
        children = self._store.children(job) if variant is None else []
        after = None if deletes else changed(row, action)
        image = encode(row)
        verdict = self._verdict(ref)
        return PlanRow(
            job=job,
            table=JOBS if variant is None else VARIANTS,
            key={"id": job if variant is None else variant},
            token=token(self._store, self._view, ref),
            before=image if after is None else {name: image.get(name) for name in after},
            after=after or {},
            variant=variant,
            rule=verdict.rule if verdict else None,
            reason=verdict.reason if verdict and action.info.only_stuck else "manual",
            why=verdict.why if verdict else "",
            evidence=verdict.evidence if verdict else (),
            related=tuple(f"delete {table} {key}" for table, key, _ in children) if deletes else (),
            kinds=self._view.kinds(self._store.jobs.get(job, {})),
        )


def _as_target(store: Store, text: str) -> Target | None:
    """Return what JOB/VARIANT means; None for the id of a job, and for text that isn't that."""
    return None if text in store.jobs else Target.parse(text)


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
