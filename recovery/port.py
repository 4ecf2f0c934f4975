"""The port: all that the engine, the console and the command line know of a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from .health import Health
from .hooks import Hooks
from .model import (
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
from .outcome import Operation, OperationRow, RowOutcome
from .plan import Options, Plan, PlanRow
from .query import Query
from .stats import Statistics

Selection = Sequence[JobId | Target] | Query
"""What an action is asked of: ids captured from the screen, or a query. An action on stuck rows takes a job
with those of its variants that are stuck; a `Target` is one variant alone."""


class Backend(Protocol):
    """One source. Immutable values in and out; every method may raise a BackendError or QueryTimeout.

    Times and ages come from the database's clock. Calls may overlap: a backend orders them itself.
    """

    @property
    def source(self) -> str:
        """The source's name."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this source can do; known after `open`."""
        ...

    @property
    def statements(self) -> int | None:
        """How many statements were asked of the database so far; None where there are none to count."""
        ...

    @property
    def hooks(self) -> Hooks:
        """What is called after which action; empty where none is configured."""
        ...

    async def open(self) -> None:
        """Connect, recognise versions and columns. May be called again after a lost connection."""
        ...

    async def close(self) -> None:
        """Let go of every connection; never waits longer than a second for a hanging driver."""
        ...

    async def clock(self) -> datetime:
        """Return the database's now (aware UTC)."""
        ...

    async def counts(
        self, thresholds: Mapping[str, float | None] | None = None, newest: int | None = None
    ) -> Counts:
        """Count jobs by state and native status, and the stuck ones. Of a large table without an index for
        it only the `newest` ones, where that is a number."""
        ...

    async def page(self, query: Query, after: str | None = None) -> Page:
        """Return one page of jobs in the query's order, from the start or after an earlier page's `next`."""
        ...

    async def job(self, job: JobId, thresholds: Mapping[str, float | None] | None = None) -> Job:
        """Return one job with all its fields. Raises NotFound."""
        ...

    async def variants(self, job: JobId) -> tuple[Variant, ...]:
        """Return the job's variants in their order; empty where the system has none."""
        ...

    async def variant_page(self, query: Query, after: str | None = None) -> VariantPage:
        """Return one page of the variants of all jobs, or of `query.of`, in one of `VARIANT_SORTS`; else as
        `page`. What it says is stuck is what a recovery of everything stuck plans."""
        ...

    async def variant(self, target: Target, thresholds: Mapping[str, float | None] | None = None) -> Variant:
        """Return one variant with all its fields. Raises NotFound."""
        ...

    async def events(self, job: JobId, limit: int = 200) -> tuple[Event, ...]:
        """Return the newest lines of the job's own event log, oldest first."""
        ...

    async def attempts(self, job: JobId | Target | None = None, limit: int = 200) -> tuple[Attempt, ...]:
        """Return the retry history of one job with its variants, of one variant, or of all, newest first."""
        ...

    async def queue(self) -> Queue | None:
        """Return the sequential queue's state, or None where the system runs jobs in parallel."""
        ...

    async def statistics(self, window: timedelta) -> Statistics:
        """Return retry statistics of the jobs and variants created within the window."""
        ...

    async def verdicts(
        self, thresholds: Mapping[str, float | None] | None = None, limit: int = 1000
    ) -> tuple[tuple[JobId, VariantId | None, Verdict], ...]:
        """Return what is stuck, the longest silent first: jobs, then variants."""
        ...

    async def plan(self, action: str, selection: Selection, options: Options) -> Plan:
        """Read the rows once and freeze them. Changes nothing. Raises PlanError when the action is
        impossible."""
        ...

    async def plan_undo(self, operation: str, options: Options) -> Plan:
        """Return the plan that puts back what an operation changed. Raises NotFound."""
        ...

    async def begin(self, plan: Plan) -> str:
        """Journal the intention and return the operation's id. The same plan again continues its
        operation."""
        ...

    async def apply_chunk(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...]:
        """Change the rows that still match, in one transaction, with retry history and journal.

        Returns one outcome per row, in order. Raises CommitUnknown when the connection was lost while
        committing
        (see `recall`), another BackendError when nothing was changed.
        """
        ...

    async def recall(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...] | None:
        """Tell from the journal what became of a chunk whose commit is unknown; None: nothing was changed."""
        ...

    async def finish(self, operation: str) -> None:
        """Journal that every chunk of the operation was handled."""
        ...

    async def record_hooks(self, operation: str, outcomes: Mapping[int, str]) -> None:
        """Journal what became of hooks: number of the row in the plan -> outcome. To do it twice is to do it
        once."""
        ...

    async def operations(self, limit: int = 100, since: datetime | None = None) -> tuple[Operation, ...]:
        """Return the journal, newest first, without rows."""
        ...

    async def operation(self, operation: str) -> Operation:
        """Return one operation with its rows. Raises NotFound."""
        ...

    async def timeline(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Operation | None = None,
        limit: int = 100,
    ) -> tuple[Operation, ...]:
        """Return operations that began in the window, `until` itself left out, oldest first, without rows:
        the first so many, or those that come after an earlier page's last one."""
        ...

    async def operation_rows(
        self, operation: str, after: int | None = None, limit: int = 500
    ) -> tuple[OperationRow, ...]:
        """Return rows of an operation in the plan's order, given its whole id: the first so many, or those
        after the row of that `number`; none where there is no such operation."""
        ...

    async def health(self) -> Health:
        """Look at connections and indexes. Asks the catalogue, so it is for when somebody wants to know, not
        for every refresh; a backend that has nothing to tell returns `Health()`."""
        ...

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Become, or stay, the one sweeper of this database and profile: None when that is what we are, else
        who is, in words. `hold_s` is the time in seconds after which it will be asked again: the place of a
        leader that is gone falls free within a few times that. Writes nothing."""
        ...

    async def resign(self) -> None:
        """Give the place up, if it is ours. Never raises."""
        ...

    def watch(self) -> AsyncIterator[None]:
        """Tick when the database says that something changed (NOTIFY); a backend without it never ticks."""
        ...
