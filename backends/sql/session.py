"""Runs synchronous SQL functions against one held connection, whatever the driver.

asyncpg runs natively on the event loop (SQLAlchemy's greenlet bridge); pymysql and sqlite3 run on a daemon
thread of our own, because Textual and asyncio wait for executor threads at quit, and a hanging driver must
not hold them up.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

from unstick.recovery.errors import CommitUnknown, ReadOnlySource, Unreachable
from unstick.recovery.source import Source

from .errors import is_lost, translate

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


class Session(Protocol):
    """One connection; calls run one after the other."""

    async def run(self, work: Work[T]) -> T:
        """Run the function with the connection, opening it when needed. Raises our errors only."""
        ...

    async def close(self) -> None:
        """Let go of the connection without waiting for a statement that hangs."""
        ...


class ThreadSession:
    """A synchronous driver on a daemon thread of its own."""

    def __init__(self, source: Source, engine: Callable[[], sa.Engine], *, write: bool) -> None:
        self._source = source
        self._make_engine = engine
        self._write = write
        self._thread: _Thread | None = None

    async def run(self, work: Work[T]) -> T:
        """Run the function on the thread. When the caller is cancelled the result is dropped, not the
        statement."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        thread = self._thread = self._thread or _Thread(self._source, self._make_engine, write=self._write)

        def settle(result: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def job() -> None:
            result: T | None = None
            failure: BaseException | None = None
            try:
                result = thread.attempt(work)
            except BaseException as error:
                failure = error
            try:
                loop.call_soon_threadsafe(settle, result, failure)
            except RuntimeError:
                return  # the loop was closed while the statement ran: nobody waits for it any more

        thread.jobs.put(job)
        return await future

    async def close(self) -> None:
        """Ask the thread to close its connection when it is free, and don't wait for it."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.leaving = True
            thread.jobs.put(None)


class _Thread:
    """A thread with the connection that only it uses. One that hangs is left behind with its connection."""

    def __init__(self, source: Source, make_engine: Callable[[], sa.Engine], *, write: bool) -> None:
        self._source, self._make_engine, self._write = source, make_engine, write
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self.leaving = False
        self.jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name=f"unstick-{source.name}", daemon=True).start()

    def _serve(self) -> None:
        while (job := self.jobs.get()) is not None:
            job()
        self._drop()

    def attempt(self, work: Work[T]) -> T:
        """Run the function. A read on a connection that turns out to have been lost while idle is made once
        more on a new one."""
        used = self._connection is not None and not self._write
        try:
            try:
                return self._once(work)
            except Exception as error:
                if self.leaving or not (used and self._connection is None and is_lost(error)):
                    raise
            return self._once(work)
        except BaseException as error:
            ours = translate(error, self._source)
            if ours is error:
                raise
            raise ours from error

    def _once(self, work: Work[T]) -> T:
        try:
            if self._connection is None:
                self._engine = self._engine or self._make_engine()
                self._connection = self._engine.connect()
            return work(self._connection)
        except BaseException as error:
            self._forget(error)
            raise

    def _forget(self, error: BaseException) -> None:
        cause = error.__cause__ if isinstance(error, CommitUnknown) else error
        if isinstance(error, CommitUnknown | Unreachable) or (cause is not None and is_lost(cause)):
            self._drop()
            return
        if self._connection is not None:
            try:
                roll_back(self._connection)
            except Exception:
                self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        engine, self._engine = self._engine, None
        for thing in (connection, engine):
            try:
                if isinstance(thing, sa.Connection):
                    thing.invalidate()
                    thing.close()
                elif thing is not None:
                    thing.dispose()
            except sa.exc.SQLAlchemyError:
                continue  # a connection that is gone can't be closed any better


def roll_back(connection: sa.Connection) -> None:
    """End the connection's transaction, also one that could not be committed: SQLite keeps it open with all
    its locks, but SQLAlchemy sends no rollback for it."""
    transaction = connection.get_transaction()
    if transaction is None:
        return
    if not transaction.is_active:
        connection.connection.rollback()
    transaction.close()


def make_session(source: Source, *, write: bool) -> Session:
    """Return a session for the source's database; nothing is connected yet. Raises ReadOnlySource: whatever
    else goes wrong, a read-only source gets no connection that can write."""
    from . import connect

    if write and source.read_only:
        raise ReadOnlySource(f"{source.name} is read-only; open it with --write to change rows")

    url = connect.parse(source)
    if url.get_backend_name() == "postgresql":
        from .asyncpg import AsyncSession

        return AsyncSession(source, url, write=write)
    return ThreadSession(source, lambda: connect.engine(source, url, write=write), write=write)
