"""The Backend port over a SQL database.

What only plans, writes and statistics need is imported when they are asked for: the first rows come sooner.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from unstick.backends.profile.model import JobTable
from unstick.recovery.errors import (
    BackendError,
    NotFound,
    PlanError,
    QueryTimeout,
    ReadOnlySource,
    SchemaMismatch,
    Unreachable,
)
from unstick.recovery.model import (
    Attempt,
    Capabilities,
    Counts,
    Event,
    Job,
    JobId,
    Page,
    Queue,
    Target,
    VariantId,
    Verdict,
)
from unstick.recovery.outcome import RowOutcome
from unstick.recovery.plan import Options, Plan, PlanRow, seal
from unstick.recovery.port import Selection
from unstick.recovery.query import Query
from unstick.recovery.source import Source
from unstick.recovery.stats import Statistics

from . import journal_access, journal_reading, planner, reader, thresholds
from .counting import Counting
from .entity import EntitySql
from .hooking import Hooking
from .indexes import Inspecting
from .journal import Entry, Journal
from .journal_timeline import Recounting
from .leading import Leading
from .listening import Listener
from .opening import Opened, open_source, refusal
from .reader import Asked
from .rights import Rights
from .server import UNKNOWN
from .session import Session, make_session
from .tally import Tally
from .variant_reading import VariantReading

if TYPE_CHECKING:
    from .writer import Numbers

T = TypeVar("T")
Overrides = Mapping[str, float | None] | None


class SqlBackend(Hooking, Inspecting, Leading, Recounting, Rights, VariantReading):
    """One source on PostgreSQL, MySQL/MariaDB or SQLite. Reads and writes use a connection each."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._reading: Session = make_session(source, write=False)
        self._writing: Session | None = None
        self._opened: Opened | None = None
        self._tally = Tally()
        self._listener = Listener(source, self._channels, self._reading)
        self._numbers: tuple[str, Numbers] = ("", {})
        self._written: tuple[str, list[Entry]] = ("", [])

    @property
    def source(self) -> str:
        """The source's name."""
        return self._source.name

    @property
    def capabilities(self) -> Capabilities:
        """What this source can do; known after `open`."""
        return self._listener.told(self._is_open.capabilities)

    @property
    def statements(self) -> int | None:
        """How many statements the reading connection was asked so far."""
        return self._reading.asked.number

    @property
    def _is_open(self) -> Opened:
        if self._opened is None:
            raise Unreachable(f"{self.source} is not open")
        return self._opened

    async def open(self) -> None:
        """Connect, recognise the profile where none is given, check tables and columns, find the journal."""
        if self._opened is None or self._opened.server.unwritable:
            # A replica may have become the primary meanwhile.
            await self._open_again()
        else:
            await self.clock()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._listener.close()
        await self.resign()
        await self._reading.close()
        if self._writing is not None:
            await self._writing.close()

    async def examine(self, work: Callable[[sa.Connection], T]) -> T:
        """Ask something on the reading connection, also of a database without any job system."""
        return await self._reading.run(work)

    async def _read(self, work: Callable[[sa.Connection], T]) -> T:
        if self._opened is None:
            await self.open()
        try:
            return await self._reading.run(work)
        except SchemaMismatch:
            # Somebody has migrated the tables meanwhile, or rolled it back.
            await self._open_again()
            return await self._reading.run(work)

    async def _write(self, work: Callable[[sa.Connection], T]) -> T:
        self._check_writable()
        if self._writing is None:
            self._writing = make_session(self._source, write=True)
        return await self._writing.run(work)

    def _check_writable(self) -> None:
        if why := self._refusal:
            raise ReadOnlySource(why)

    @property
    def _refusal(self) -> str | None:
        """Why nothing can be written, as far as is known."""
        return refusal(self._source, self._opened.server if self._opened else UNKNOWN)

    def _asked(self, overrides: Overrides, retries: Mapping[str, int] | None = None) -> Asked:
        opened = self._is_open
        effective = thresholds.effective(opened.layout.profile, self._source, overrides)
        return Asked(effective, retries or {}, opened.capabilities.max_retries)

    @property
    def _journal(self) -> Journal:
        return self._is_open.journal

    async def clock(self) -> datetime:
        """Return the database's now."""
        return await self._read(lambda connection: reader.clock(connection, self._is_open.tables[0]))

    async def counts(self, thresholds: Overrides = None, newest: int | None = None) -> Counts:
        """Count jobs by state and native status, and the stuck ones."""

        def work(connection: sa.Connection) -> Counts:
            asked = self._asked(thresholds)
            return self._tally.counts(connection, self._is_open.tables, asked, newest)

        return await self._read(work)

    async def page(self, query: Query, after: str | None = None) -> Page:
        """Return one page of jobs."""

        def work(connection: sa.Connection) -> Page:
            asked = self._asked(query.thresholds, self._counting.jobs(connection, query))
            asked = replace(asked, made=self._counting.beside())
            found = reader.page(connection, self._is_open.tables, planner.whole(query), after, asked)
            return replace(found, rows=self._counting.into(connection, found.rows, asked.made))

        return await self._read(work)

    @property
    def _counting(self) -> Counting:
        return Counting(self._is_open)

    async def job(self, job: JobId, thresholds: Overrides = None) -> Job:
        """Return one job with all its columns. Raises NotFound."""

        def work(connection: sa.Connection) -> Job:
            entity = self._entity(connection, job)
            found = reader.job(connection, entity, job, self._asked(thresholds))
            return self._counting.into(connection, [found])[0]

        return await self._read(work)

    def _entity(self, connection: sa.Connection, job: JobId) -> EntitySql:
        """Return the job table of an id; without its `table:` the first table that has the key."""
        tables = self._is_open.tables
        prefix, colon, _ = job.partition(":")
        for entity in tables:
            if len(tables) == 1 or (colon and entity.name == prefix):
                return entity
        for entity in tables:
            statement = entity.select(sa.literal(1))
            try:
                where = entity.key_in([entity.key_of(job)])
            except NotFound:
                continue
            if connection.execute(statement.where(where)).first() is not None:
                return entity
        raise NotFound(f"{self.source} has no job {job}")

    async def events(self, job: JobId, limit: int = 200) -> tuple[Event, ...]:
        """Return the newest lines of the job's event log, oldest first."""
        from . import details

        def work(connection: sa.Connection) -> tuple[Event, ...]:
            entity = self._entity(connection, job)
            log = entity.spec.log if isinstance(entity.spec, JobTable) else None
            return details.events(connection, entity, log, job, limit) if log else ()

        return await self._read(work)

    async def attempts(self, job: JobId | Target | None = None, limit: int = 200) -> tuple[Attempt, ...]:
        """Return the retry history, newest first."""
        return await self._read(
            lambda connection: journal_reading.attempts(self._journal, connection, job, limit)
        )

    async def queue(self) -> Queue | None:
        """Return the sequential queue's state, where the system has one."""
        rule = self._is_open.layout.profile.queue if self._opened else None
        if rule is None:
            return None
        return await self._read(
            lambda connection: reader.queue(
                connection, self._is_open.tables[0], self._asked(None), rule.order
            )
        )

    async def statistics(self, window: timedelta) -> Statistics:
        """Return retry statistics over the jobs created within the window."""
        from . import figures

        def work(connection: sa.Connection) -> Statistics:
            made = self._counting.jobs(connection)
            return figures.statistics(connection, self._is_open.tables, made, self._journal, window)

        return await self._read(work)

    async def verdicts(
        self, thresholds: Overrides = None, limit: int = 1000
    ) -> tuple[tuple[JobId, VariantId | None, Verdict], ...]:
        """Return what is stuck, the longest silent first: jobs, then variants."""
        query = Query(stuck_only=True, limit=limit, thresholds=thresholds or {})
        jobs, variants = await self.page(query), await self.variant_page(query)
        found = [(job.id, None, job.verdict) for job in jobs.rows if job.verdict is not None]
        below = [(each.job, each.id, each.verdict) for each in variants.rows if each.verdict is not None]
        return (*found, *below)[:limit]

    async def plan(self, action: str, selection: Selection, options: Options) -> Plan:
        """Read the rows once and freeze them."""
        from . import planning

        await self.open()
        known = {info.name for info in self.capabilities.actions}
        if action not in known:
            names = ", ".join(sorted(known)) or "none"
            raise PlanError(f"{self.source} has no action {action}; the profile offers: {names}")

        asked_for = selection.thresholds if isinstance(selection, Query) else {}
        overrides = {**asked_for, **options.thresholds}

        def work(connection: sa.Connection) -> Plan:
            asked = self._asked(overrides, self._counting.jobs(connection))
            asked = replace(asked, variant_retries=self._counting.variants(connection))
            return planning.make(connection, self._is_open, action, selection, options, asked)

        return await self._read(work)

    async def plan_undo(self, operation: str, options: Options) -> Plan:
        """Return the plan that puts back what an operation changed."""
        from . import planning, undo

        await self._settle()

        def work(connection: sa.Connection) -> Plan:
            done = journal_reading.operation(self._journal, connection, operation)
            rows, left = undo.plan_rows(connection, self._is_open.by_name, done.rows)
            return seal(planning.undo_plan(connection, self._is_open, done, rows, left, options))

        return await self._read(work)

    async def _settle(self) -> None:
        """Find out what became of chunks that a crash left open in the local journal."""
        from . import settle

        await self._read(lambda connection: None)
        journal, tables = self._journal, self._is_open.by_name
        if journal.local is None or not settle.waiting(journal):
            return
        if self._refusal:
            await self._read(lambda connection: settle.settle(connection, tables, journal, locking=False))
            return
        # A row that can't be locked now is settled another time.
        with suppress(BackendError, QueryTimeout):
            await self._write(lambda connection: settle.settle(connection, tables, journal, locking=True))

    async def begin(self, plan: Plan) -> str:
        """Return the operation's id, which is the plan's: the same plan again continues its operation."""
        from . import install

        await self.open()
        self._check_writable()
        await self._check_privileges(plan)
        if await self._read(lambda connection: journal_access.moved(connection, self._journal)):
            await self._open_again()
        if self._journal.local is not None:
            await self._settle()
            return plan.id
        # MySQL has to be asked by attempts to write; SQLite's one lock is not to be waited for here.
        ask = self._write if self.capabilities.engine == "mysql" else self._read
        await ask(lambda connection: journal_access.check_writable(connection, self._journal))
        if self._journal.behind:
            # What can't be carried over now is carried over another time; until then it is counted.
            with suppress(BackendError, QueryTimeout):
                await self._write(lambda connection: install.carry_over(connection, self._source))
                await self._open_again()
        return plan.id

    async def _open_again(self) -> None:
        self._opened = await self._reading.run(lambda connection: open_source(connection, self._source))
        self._tally = Tally()

    def _numbered(self, plan: Plan) -> Numbers:
        if self._numbers[0] != plan.id:
            self._numbers = (plan.id, {row.ref: number for number, row in enumerate(plan.rows)})
        return self._numbers[1]

    async def apply_chunk(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...]:
        """Change the rows that still match, in one transaction with history and journal."""
        from .writer import Writer

        opened = self._is_open
        writer = Writer(opened.writable, opened.journal, skip_locked=opened.capabilities.skip_locked)
        numbers = self._numbered(plan)
        self._written = (plan.id, writer.written)
        return await self._write(lambda connection: writer.apply(connection, plan, rows, numbers))

    async def recall(
        self, plan: Plan, rows: Sequence[PlanRow], operation: str
    ) -> tuple[RowOutcome, ...] | None:
        """Tell from the journal what became of a chunk whose commit is unknown."""
        from . import recalling

        await self._settle()
        numbers = {row.ref: self._numbered(plan)[row.ref] for row in rows}
        written = self._written[1] if self._written[0] == plan.id else None

        def work(connection: sa.Connection) -> tuple[RowOutcome, ...] | None:
            known = self._journal.known(connection, plan, list(numbers.values()))
            return recalling.outcomes(rows, numbers, known, written)

        return await self._read(work)

    async def finish(self, operation: str) -> None:
        """Journal that every chunk was handled."""

        def work(connection: sa.Connection) -> None:
            now = reader.clock(connection, self._is_open.tables[0])
            self._journal.finish(connection, operation, now)
            if connection.in_transaction():
                connection.commit()

        await (self._read(work) if self._journal.local is not None else self._write(work))

    def watch(self) -> AsyncIterator[None]:
        """Tick when the database announces a change; where the profile names no channels, never."""
        return self._listener.watch()

    async def _channels(self) -> tuple[str, ...]:
        if self._opened is None:
            await self.open()
        return self._is_open.channels
