"""`unstick migrate`: the journal's tables, and what a profile's migration adds to the job system's own.

One thing after the other, each with its record in a transaction of its own, so that no table is locked longer
than for its own change, and what was interrupted is finished by running it again. PostgreSQL builds indexes
CONCURRENTLY, outside of a transaction: the application writes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, DropTable

from unstick.backends.profile import load
from unstick.backends.profile.model import Profile
from unstick.recovery.errors import ReadOnlySource, SchemaMismatch, UsageError
from unstick.recovery.operator import describe_operator
from unstick.recovery.source import Source

from . import migration_record as record
from . import pooler
from .engines import engine_of
from .install import NOTE, install_journal
from .layout import Layout, build_layout
from .migration_errors import InUse, explained, is_twice
from .migration_plan import Draft, Standing, Work, additions, removals, values
from .recognise import recognise
from .session import make_session, roll_back

BUILD_S = 3600.0
"""Seconds that one statement may take: building an index on a big table is no query that hangs."""
PATIENCE = 15
"""How many lock time-outs an index build on PostgreSQL may wait: it keeps nobody else waiting."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What is (or was) to be done, in order; lines that begin with `--` are remarks.

    `profile` is None where no job system is recognised. `left_out` are the names of what was not done
    although it belongs to it, each with a sentence. `steps` are the names of the steps that the profile
    offers, each with its title.
    """

    profile: str | None
    sql: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str], ...] = ()


async def migrate(
    source: Source, *, rollback: bool = False, apply: bool = False, drop: Collection[str] = ()
) -> Migrated:
    """Return the SQL that is missing (or that takes everything away again), and run it when `apply` is set.

    `drop` names columns (`table.column`) and indexes that a roll-back takes away although they hold values or
    were there before. Running it twice changes nothing. Raises ReadOnlySource when it would write to a
    read-only source, UsageError for a name in `drop` that the migration doesn't have.
    """
    if apply and source.read_only:
        raise ReadOnlySource(f"{source.name} is read-only; open it with --write to migrate it")
    if drop and not rollback:
        raise UsageError("--drop belongs to --rollback")
    own = [] if rollback else await install_journal(source, apply=apply)
    patient = (
        replace(source, statement_timeout_s=max(BUILD_S, source.statement_timeout_s)) if apply else source
    )
    session = make_session(patient, write=apply)
    try:
        found = await session.run(
            lambda connection: _migrate(connection, source, rollback=rollback, apply=apply, drop=drop)
        )
    finally:
        await session.close()
    if rollback:
        own = await install_journal(source, rollback=True, apply=apply)
        return replace(found, sql=(*found.sql, *own))
    return replace(found, sql=(*own, *found.sql))


def _migrate(
    connection: sa.Connection, source: Source, *, rollback: bool, apply: bool, drop: Collection[str]
) -> Migrated:
    engine = engine_of(connection)
    try:
        profile = (
            load.find(source.profile) if source.profile else recognise(connection, engine, source).profile
        )
    except SchemaMismatch:
        return Migrated(None, (f"{NOTE}no job system is recognised: these are the journal's tables only",))
    steps = tuple((step.name, step.title) for step in profile.migration.steps)
    if profile.migration.empty and not drop:
        return Migrated(profile.name, (), steps=steps)
    standing = Standing(connection, build_layout(connection, profile, engine, source))
    draft = removals(standing, drop) if rollback else additions(standing)
    run = _Run(connection, source, profile, rollback=rollback)
    shown = run.shown(draft)
    roll_back(connection)
    if apply:
        run.carry_out(draft, standing.layout)
    return Migrated(profile.name, tuple(shown), draft.left_out, steps)


class _Run:
    """Carries a draft out, or shows how it would."""

    def __init__(
        self, connection: sa.Connection, source: Source, profile: Profile, *, rollback: bool
    ) -> None:
        self._connection, self._source, self._profile = connection, source, profile.name
        self._rollback, self._who = rollback, describe_operator()
        self._lent = pooler.stands_between(connection)

    def shown(self, draft: Draft) -> list[str]:
        """The statements as text, with remarks."""
        made: list[str | sa.Executable] = []
        for work in draft.works:
            before, after = self._books(work)
            made += [*before, *work.ddl, *after]
        first, last = self._table(draft)
        texts = [self._text(statement) for statement in (*first, *made, *last)]
        notes = draft.notes if made or self._rollback else ()
        return [*(f"{NOTE}{note}" for note in notes), *texts]

    def _text(self, statement: str | sa.Executable) -> str:
        dialect = self._connection.dialect
        if not isinstance(statement, str):
            compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
            statement = str(compiled)
        # These drivers want every percent sign twice.
        doubled = dialect.paramstyle in ("format", "pyformat")
        return (statement.replace("%%", "%") if doubled else statement).strip()

    def _table(self, draft: Draft) -> tuple[list[str], list[str]]:
        """What makes the record's table first, and drops it last."""
        dialect = self._connection.dialect
        if not self._rollback:
            there = record.exists(self._connection)
            wanted = draft.works and not there
            return ([str(CreateTable(record.RECORD).compile(dialect=dialect))] if wanted else []), []
        gone = frozenset(work.added for work in draft.works)
        unused = record.only_these(self._connection, self._profile, gone)
        return [], ([str(DropTable(record.RECORD).compile(dialect=dialect))] if unused else [])

    def _books(self, work: Work) -> tuple[list[sa.Executable], list[sa.Executable]]:
        """What is written to the record before and after."""
        if self._rollback:
            return [], ([record.delete(self._profile, work.added)] if work.recorded else [])
        return ([] if work.recorded else [record.insert(self._profile, work.added, self._who)]), []

    def carry_out(self, draft: Draft, layout: Layout) -> None:
        """Do one thing after the other; what was done stays done when a later one fails."""
        first, last = self._table(draft)
        roll_back(self._connection)
        self._wait_shortly()
        with explained(self._connection, self._source, "the record of what is added"), self._transaction():
            self._execute(first)
        for work in draft.works:
            with explained(self._connection, self._source, str(work.added), work.added.place):
                self._one(work, layout)
        with explained(self._connection, self._source, "the record of what is added"), self._transaction():
            self._execute(last)

    def _one(self, work: Work, layout: Layout) -> None:
        before, after = self._books(work)
        # Whether a record would stay although what it is about was refused: not where both are undone
        # together, and not where it is somebody else's, who was faster.
        ours = False
        try:
            if work.alone:
                with self._transaction():
                    self._execute(before)
                ours = bool(before)
                with self._apart():
                    self._execute(work.ddl)
                with self._transaction():
                    self._execute(after)
                return
            with self._transaction():
                self._execute(before)
                ours = bool(before) and self._connection.dialect.name not in ("postgresql", "sqlite")
                with self._unused(work, layout):
                    self._execute(work.ddl)
                self._execute(after)
        except sa.exc.DBAPIError as error:
            roll_back(self._connection)
            if ours:
                self._forget(work, clear=work.alone and not is_twice(error))
            raise

    def _forget(self, work: Work, *, clear: bool) -> None:
        """Take our record back of what was refused, with the rest of an index that could not be finished;
        where that can't go now, it is recorded and built anew another time."""
        with suppress(sa.exc.SQLAlchemyError):
            if clear:
                self._clear(work)
            with self._transaction():
                self._execute([record.delete(self._profile, work.added)])

    def _clear(self, work: Work) -> None:
        invalid = sa.text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        unfinished = self._connection.execute(invalid, {"name": work.relation}).scalar()
        roll_back(self._connection)
        if unfinished:
            with self._apart():
                self._execute([f"DROP INDEX CONCURRENTLY {work.relation}"])

    @contextmanager
    def _unused(self, work: Work, layout: Layout) -> Iterator[None]:
        """Hold the table while it is asked once more whether the column holds values, and dropped."""
        column = work.unless_used
        if column is None:
            yield
            return
        place = layout.place(column.table, column.table_schema)
        lock, unlock = self._locking(layout.quoted(place))
        self._execute(lock)
        try:
            if values(self._connection, place, column)[1]:
                raise InUse(work.added)
            yield
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                self._execute(unlock)

    def _locking(self, table: str) -> tuple[list[str], list[str]]:
        if self._connection.dialect.name == "postgresql":
            return [f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"], []
        if self._connection.dialect.name == "sqlite":
            return [], []
        return [f"LOCK TABLES {table} WRITE, {record.RECORD.name} WRITE"], ["UNLOCK TABLES"]

    def _wait_shortly(self) -> None:
        """Wait no longer for a table than for a row: whoever comes behind us would wait as well."""
        if self._connection.dialect.name not in ("postgresql", "sqlite"):
            seconds = max(1, round(self._source.lock_timeout_s))
            self._connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {seconds}")
            roll_back(self._connection)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection.begin():
            yield

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """A stretch without a transaction, with more patience: a build that waits blocks nobody."""
        self._connection.execution_options(isolation_level="AUTOCOMMIT")
        milliseconds = int(self._source.lock_timeout_s * 1000)
        if self._lent:
            # A setting outside of a transaction would stay behind on a connection of the application's.
            try:
                yield
            finally:
                roll_back(self._connection)
                self._connection.execution_options(isolation_level="READ COMMITTED")
            return
        try:
            self._connection.exec_driver_sql(f"SET lock_timeout = {milliseconds * PATIENCE}")
            yield
        finally:
            with suppress(sa.exc.SQLAlchemyError):
                self._connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")
            roll_back(self._connection)
            self._connection.execution_options(isolation_level="READ COMMITTED")

    def _execute(self, statements: Collection[str | sa.Executable]) -> None:
        for statement in statements:
            if not isinstance(statement, str):
                self._connection.execute(statement)
            elif (
                self._lent and self._connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
            ):
                pooler.execute_apart(self._connection, statement)
            else:
                self._connection.exec_driver_sql(statement)
