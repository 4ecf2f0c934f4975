"""The reading half of the port over dicts, and the switches that make a source slow or unreachable."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..errors import NotFound, Unreachable
from ..health import Health
from ..hooks import Hooks
from ..model import (
    Attempt,
    Capabilities,
    Counts,
    Event,
    Job,
    JobId,
    Page,
    Queue,
    Target,
    Variant,
    VariantId,
    VariantPage,
    Verdict,
)
from ..outcome import Operation, OperationRow
from ..query import VARIANT_SORTS, Query
from ..stats import Statistics
from . import journal, order
from .figures import figures, queue
from .planning import select
from .store import JOBS, START, VARIANTS, FixedClock, Store, row_of
from .system import MemorySystem, in_use
from .view import View
from .worker import Worker

Thresholds = Mapping[str, float | None] | None
NO_HOOKS = Hooks()


class Reader:
    """Reads a memory store as a console would; see `MemoryBackend`."""

    def __init__(
        self,
        system: MemorySystem,
        *,
        source: str,
        clock: Callable[[], datetime] | None,
        read_only: bool,
        notify: bool,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        self._fixed = FixedClock()
        self._given = clock
        self._system, self._store = system, Store(self._now)
        self.worker = Worker(self._store, system)
        self._source, self._read_only, self._notify = source, read_only, notify
        self._hooks = replace(hooks, statuses=dict.fromkeys((JOBS, VARIANTS), "status"))
        self._database = f"memory/{source}"
        self._down = False
        self._free = asyncio.Event()
        self._free.set()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass on the clock of this source, whatever clock it was given."""
        self._fixed.advance(seconds)
        self._store.changed()

    def _now(self) -> datetime:
        if self._given is None:
            return self._fixed()
        return self._given().astimezone(UTC) + (self._fixed() - START)

    def go_down(self) -> None:
        """Make every call raise Unreachable, until `come_back`."""
        self._down = True

    def come_back(self) -> None:
        """Answer again."""
        self._down = False

    def hold(self) -> None:
        """Make every call wait, as a slow database would, until `release`."""
        self._free.clear()

    def release(self) -> None:
        """Let the waiting calls go on."""
        self._free.set()

    async def _answer(self) -> None:
        await self._free.wait()
        if self._down:
            raise Unreachable(f"{self._source} does not answer; it is tried again")

    def _view(self, thresholds: Thresholds = None, now: datetime | None = None) -> View:
        return View(self._store, self._system, thresholds or {}, now or self._now())

    @property
    def source(self) -> str:
        """The source's name."""
        return self._source

    @property
    def statements(self) -> int | None:
        """None: nothing is asked of a database."""
        return None

    @property
    def hooks(self) -> Hooks:
        """What is called after which action."""
        return self._hooks

    @property
    def capabilities(self) -> Capabilities:
        """Everything is possible, except in a read-only source."""
        system = self._system
        infos = system.infos
        refusal = "this source is read-only; open it with --write to change rows"
        return Capabilities(
            engine="memory",
            version="1",
            database=self._database,
            profile=system.name,
            journal="database",
            read_only=self._read_only,
            notify=self._notify,
            actions=infos,
            refusal={info.name: refusal for info in infos} if self._read_only else {},
            statuses=tuple(system.statuses),
            kinds_name=system.kinds_name,
            variants_name=system.variants_name,
            steps=system.steps,
            thresholds=in_use(system, {}),
            max_retries=system.max_retries,
        )

    async def open(self) -> None:
        """Connect; raises Unreachable while it is down."""
        await self._answer()

    async def clock(self) -> datetime:
        """Return now."""
        await self._answer()
        return self._now()

    async def counts(self, thresholds: Thresholds = None, newest: int | None = None) -> Counts:
        """Count jobs by state and native status, and the stuck ones."""
        await self._answer()
        view = self._view(thresholds)
        jobs = view.jobs()
        return Counts(
            by_state=Counter(job.state for job in jobs),
            by_status=Counter(job.status or "" for job in jobs),
            stuck=sum(1 for job in jobs if job.verdict),
            now=self._now(),
            stuck_variants=sum(1 for variant in view.every_variant() if variant.verdict),
        )

    async def page(self, query: Query, after: str | None = None) -> Page:
        """Return one page of jobs."""
        await self._answer()
        now = order.cursor_now(after) if after else self._now()
        rows = select(self._view(query.thresholds, now).jobs(), query, now)
        if after:
            rows = order.following(rows, after, query)
        page, rest = rows[: query.limit], rows[query.limit :]
        return Page(tuple(page), self._now(), order.cursor_at(page[-1], query, now) if rest else None)

    async def job(self, job: JobId, thresholds: Thresholds = None) -> Job:
        """Return one job. Raises NotFound."""
        await self._answer()
        self._there_is(job)
        return self._view(thresholds).job(job, self._store.jobs[job])

    async def variants(self, job: JobId) -> tuple[Variant, ...]:
        """Return the job's variants."""
        await self._answer()
        return self._view().variants(job)

    def _there_is(self, job: JobId) -> None:
        if job not in self._store.jobs:
            raise NotFound(f"there is no job {job} in {self._source}")

    async def variant_page(self, query: Query, after: str | None = None) -> VariantPage:
        """Return one page of the variants of all jobs, or of one."""
        await self._answer()
        now = order.cursor_now(after) if after else self._now()
        view = self._view(query.thresholds, now)
        if query.of is not None:
            self._there_is(query.of)
        found = view.every_variant() if query.of is None else view.variants(query.of)
        rows = select(found, query, now, VARIANT_SORTS)
        if after:
            rows = order.following(rows, after, query)
        page, rest = rows[: query.limit], rows[query.limit :]
        return VariantPage(tuple(page), self._now(), order.cursor_at(page[-1], query, now) if rest else None)

    async def variant(self, target: Target, thresholds: Thresholds = None) -> Variant:
        """Return one variant. Raises NotFound."""
        await self._answer()
        self._there_is(target.job)
        row = row_of(self._store, (target.job, target.variant))
        if not row:
            raise NotFound(f"there is no variant {target.variant} of job {target.job} in {self._source}")
        return self._view(thresholds).variant(target.variant, row)

    async def events(self, job: JobId, limit: int = 200) -> tuple[Event, ...]:
        """Return the newest lines of the job's event log, oldest first."""
        await self._answer()
        return tuple(self._view().events(job)[-limit:] if limit else ())

    async def attempts(self, job: JobId | Target | None = None, limit: int = 200) -> tuple[Attempt, ...]:
        """Return the retry history, newest first."""
        await self._answer()
        found = [
            each
            for each in reversed(self._store.attempts)
            if job in (None, each.job) or (each.variant and job == Target(each.job, each.variant))
        ]
        return tuple(found[:limit])

    async def queue(self) -> Queue | None:
        """Return the queue of a sequential system."""
        await self._answer()
        return queue(self._view().jobs()) if self._system.sequential else None

    async def statistics(self, window: timedelta) -> Statistics:
        """Return retry statistics over the jobs created within the window."""
        await self._answer()
        view = self._view()
        return figures(view.jobs(), view.every_variant(), self._store.attempts, self._now(), window)

    async def verdicts(
        self, thresholds: Thresholds = None, limit: int = 1000
    ) -> tuple[tuple[JobId, VariantId | None, Verdict], ...]:
        """Return what is stuck, the longest silent first."""
        await self._answer()
        view = self._view(thresholds)
        jobs = [(job.id, None, job.verdict) for job in order.ordered(view.jobs(), Query()) if job.verdict]
        variants = order.ordered(view.every_variant(), Query())
        below = [(each.job, each.id, each.verdict) for each in variants if each.verdict]
        return (*jobs, *below)[:limit]

    async def operations(self, limit: int = 100, since: datetime | None = None) -> tuple[Operation, ...]:
        """Return the journal, newest first, without rows."""
        await self._answer()
        entries = [e for e in self._store.journal.values() if since is None or e.started_at >= since]
        return tuple(journal.operation(entry, with_rows=False) for entry in entries[::-1][:limit])

    async def operation(self, operation: str) -> Operation:
        """Return one operation with its rows. Raises NotFound."""
        await self._answer()
        return journal.operation(journal.find(self._store, operation), with_rows=True)

    async def timeline(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Operation | None = None,
        limit: int = 100,
    ) -> tuple[Operation, ...]:
        """Return operations that began in the window, oldest first, without rows."""
        await self._answer()
        return journal.timeline(self._store, since, until, after, limit)

    async def operation_rows(
        self, operation: str, after: int | None = None, limit: int = 500
    ) -> tuple[OperationRow, ...]:
        """Return rows of an operation in the plan's order."""
        await self._answer()
        entry = self._store.journal.get(operation)
        rows = sorted(entry.rows.values(), key=lambda row: row.number) if entry else []
        return tuple(row for row in rows if after is None or row.number > after)[:limit]

    async def health(self) -> Health:
        """Memory has neither connections nor indexes."""
        await self._answer()
        return Health()

    async def watch(self) -> AsyncIterator[None]:
        """Tick whenever anything was changed."""
        changed = asyncio.Event()
        self._store.watchers.add(changed)
        try:
            while True:
                await changed.wait()
                changed.clear()
                if self._notify:
                    yield
        finally:
            self._store.watchers.discard(changed)
