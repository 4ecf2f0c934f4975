"""The port over dicts: plans, applies and undoes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self

from ..errors import CommitUnknown, PlanError, ReadOnlySource
from ..hooks import Hooks
from ..hooks_applying import planned
from ..outcome import Outcome, RowOutcome
from ..plan import Options, Plan, PlanRow, seal
from ..port import Selection
from ..query import Query
from . import journal
from .applying import apply_row
from .example import fill
from .planning import Planner, as_sql
from .reading import NO_HOOKS, Reader
from .system import ARTITEC, MemorySystem


class MemoryBackend(Reader):
    """A source in memory: the whole port. `worker` moves the jobs as the system's own workers do.

    `clock` gives now; without one it stands still at `START` until `advance` is called. `on_apply`, when set,
    is called with the rows of each chunk before it is applied: the place to move the world in between.
    """

    def __init__(
        self,
        system: MemorySystem = ARTITEC,
        *,
        source: str = "memory",
        clock: Callable[[], datetime] | None = None,
        read_only: bool = False,
        notify: bool = True,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        super().__init__(system, source=source, clock=clock, read_only=read_only, notify=notify, hooks=hooks)
        self._lose: list[bool] = []
        self.on_apply: Callable[[Sequence[PlanRow]], None] | None = None

    @classmethod
    def example(
        cls,
        jobs: int = 200,
        stuck: int = 5,
        seed: int = 0,
        *,
        system: MemorySystem = ARTITEC,
        source: str = "memory",
        clock: Callable[[], datetime] | None = None,
        read_only: bool = False,
        hooks: Hooks = NO_HOOKS,
    ) -> Self:
        """Return a source with so many jobs, so many of them stuck, the same ones for the same seed."""
        backend = cls(system, source=source, clock=clock, read_only=read_only, hooks=hooks)
        fill(backend.worker, system, jobs, stuck, seed)
        return backend

    def second(
        self,
        *,
        source: str | None = None,
        read_only: bool = False,
        system: MemorySystem | None = None,
        hooks: Hooks | None = None,
    ) -> MemoryBackend:
        """Return a second console on the same rows and journal, perhaps with other limits or hooks."""
        other = MemoryBackend(
            system or self._system,
            source=source or self._source,
            clock=self._now,
            read_only=read_only,
            hooks=self._hooks if hooks is None else hooks,
        )
        other._database, other._store, other.worker = self._database, self._store, self.worker
        return other

    def lose_commit(self, *, applied: bool) -> None:
        """Raise CommitUnknown from the next chunk, having changed its rows or not."""
        self._lose.append(applied)

    async def plan(self, action: str, selection: Selection, options: Options) -> Plan:
        """Read the rows once and freeze them."""
        await self._answer()
        known = self._system.action(action) or self._system.action(action, variant=True)
        if known is None:
            names = ", ".join(info.name for info in self._system.infos)
            raise PlanError(f"{self._system.name} has no action {action!r}; it has {names}")
        thresholds = selection.thresholds if isinstance(selection, Query) else {}
        options = replace(options, thresholds={**thresholds, **options.thresholds})
        planner = Planner(self._store, self._view(options.thresholds), self._system, action, options)
        rows, left = planner.split(planner.chosen(selection, self._now()))
        plan = self._frozen(action, self._verb(action, rows) or known.info.verb, options)
        return seal(replace(plan, rows=rows, left_out=left, sql=as_sql(known)))

    def _verb(self, action: str, rows: Sequence[PlanRow]) -> str:
        """Return what really happens to these rows: the action may do this to jobs and that to variants."""
        does = [self._system.action(action, variant=row.variant is not None) for row in rows]
        numbers = Counter(each.info.verb for each in does if each is not None)
        if len(numbers) < 2:
            return next(iter(numbers), "")
        return "; ".join(f"{number} × {verb}" for verb, number in numbers.items())

    async def plan_undo(self, operation: str, options: Options) -> Plan:
        """Return the plan that puts back what an operation changed. Raises NotFound."""
        await self._answer()
        rows, left = journal.undo_rows(self._store, journal.find(self._store, operation))
        plan = self._frozen("undo", f"put back {operation}", options, undoes=operation)
        return seal(replace(plan, rows=rows, left_out=left))

    def _frozen(self, action: str, verb: str, options: Options, *, undoes: str | None = None) -> Plan:
        here = self.capabilities
        return Plan(
            source=self._source,
            database=here.database,
            profile=here.profile,
            action=action,
            verb=verb,
            made_at=self._now(),
            options=options,
            rows=(),
            hook=planned(self._hooks, action, [{"id": ""}]),
            undoes=undoes,
        )

    async def begin(self, plan: Plan) -> str:
        """Journal the intention; the same plan again continues its operation."""
        await self._answer()
        self._writable()
        return journal.begin(self._store, plan)

    async def apply_chunk(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...]:
        """Change the rows that still match, with retry history and journal."""
        await self._answer()
        self._writable()
        if self.on_apply is not None:
            self.on_apply(rows)
            await self._answer()
        lost = self._lose.pop(0) if self._lose else None
        outcomes = () if lost is False else self._apply(plan, rows, operation)
        if lost is not None:
            raise CommitUnknown(f"the connection to {self._source} was lost while committing")
        return outcomes

    def _apply(self, plan: Plan, rows: Sequence[PlanRow], operation: str) -> tuple[RowOutcome, ...]:
        entry = journal.find(self._store, operation)
        view, outcomes = self._view(plan.options.thresholds), []
        for row in rows:
            outcome = journal.earlier(entry, row)
            if outcome is None:
                outcome, changes = apply_row(self._store, view, self._system, plan, row)
                journal.record(self._store, entry, row, outcome, changes)
            outcomes.append(outcome)
        self._store.changed()
        return tuple(outcomes)

    async def recall(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...] | None:
        """Tell from the journal what became of a chunk."""
        await self._answer()
        known = journal.find(self._store, operation).rows
        if not all(row.ref in known for row in rows):
            return None
        return tuple(
            RowOutcome(row.job, Outcome(known[row.ref].outcome), known[row.ref].detail, row.variant)
            for row in rows
        )

    async def record_hooks(self, operation: str, outcomes: Mapping[int, str]) -> None:
        """Journal what became of hooks."""
        await self._answer()
        journal.record_hooks(journal.find(self._store, operation), outcomes)

    async def finish(self, operation: str) -> None:
        """Journal that every chunk was handled."""
        await self._answer()
        entry = journal.find(self._store, operation)
        entry.finished_at = entry.finished_at or self._now()

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Become, or stay, the one sweeper of these rows."""
        await self._answer()
        leader = self._store.leader
        if leader is not None and leader[0] is not self:
            return leader[1]
        self._store.leader = (self, who)
        return None

    async def close(self) -> None:
        """Nothing is held but the place of the one sweeper."""
        await self.resign()

    async def resign(self) -> None:
        """Give the place up."""
        if self._store.leader is not None and self._store.leader[0] is self:
            self._store.leader = None

    def _writable(self) -> None:
        if self._read_only:
            raise ReadOnlySource(f"{self._source} is read-only; open it with --write to change rows")
