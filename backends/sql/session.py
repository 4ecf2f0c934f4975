"""Runs synchronous SQL functions against one held connection, whatever the driver.

asyncpg runs natively on the event loop (SQLAlchemy's greenlet bridge); pymysql and sqlite3 run on a daemon
thread of our own, because Textual and asyncio wait for executor threads at quit, and a hanging driver must
not hold them up.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import sqlalchemy as sa

from unstick.recovery.errors import CommitUnknown, ReadOnlySource, Unreachable
from unstick.recovery.source import Source

from . import cancelling
from .errors import is_lost, translate

AGAIN_S = 0.05
"""Seconds between two tries to end a statement."""

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


class Asked:
    """How many statements were asked of a database."""

    def __init__(self) -> None:
        self.number = 0

    def by(self, engine: sa.Engine) -> sa.Engine:
        """Count those of the engine too; returns it."""
        sa.event.listen(engine, "before_cursor_execute", self._note)
        return engine

    def _note(self, *_: object) -> None:
        self.number += 1


class Session(Protocol):
    """One connection; calls run one after the other."""

    asked: Asked

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
        self.asked = Asked()
        self._make_engine = lambda: self.asked.by(engine())
        self._write = write
        self._thread: _Thread | None = None

    async def run(self, work: Work[T]) -> T:
        """Run the function on the thread. When the caller of a read is cancelled the statement is ended in
        the server, and its connection is not used again; a write is left to end in good order."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def carry_out(thread: _Thread) -> None:
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

        call = _Call(carry_out)
        self._give([call])
        try:
            return await future
        except asyncio.CancelledError:
            self._abandon(call)
            raise

    def _give(self, calls: Sequence[_Call]) -> None:
        if calls and self._thread is None:
            self._thread = _Thread(self._source, self._make_engine, write=self._write)
        for call in calls:
            assert self._thread is not None
            call.given_to = self._thread
            self._thread.calls.put(call)

    def _abandon(self, call: _Call) -> None:
        """Nobody waits for the call any more; those behind it go to a thread that is free."""
        thread = call.given_to
        if thread is None or self._write:
            return
        waiting = thread.give_up(call)
        if waiting is not None and self._thread is thread:
            self._thread = None
            self._give(waiting)

    async def close(self) -> None:
        """Ask the thread to close its connection, end what it reads, and don't wait for it."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.leave()


@dataclass(slots=True, eq=False)
class _Call:
    """A function for the thread. `dropped` before it began: nobody waits for it."""

    carry_out: Callable[[_Thread], None]
    given_to: _Thread | None = None
    dropped: bool = False


class _Thread:
    """A thread with the connection that only it uses. One that hangs is left behind with its connection."""

    def __init__(self, source: Source, make_engine: Callable[[], sa.Engine], *, write: bool) -> None:
        self._source, self._make_engine, self._write = source, make_engine, write
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        self._lock = threading.Lock()
        self._running: _Call | None = None
        self._ended = threading.Event()
        self.leaving = False
        self.calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name=f"unstick-{source.name}", daemon=True).start()

    def _serve(self) -> None:
        while (call := self.calls.get()) is not None:
            with self._lock:
                self._running = None if call.dropped else call
            if self._running is not None:
                call.carry_out(self)
            with self._lock:
                self._running = None
        self._drop()
        self._ended.set()

    @property
    def busy(self) -> bool:
        """Whether it is about a call right now."""
        return self._running is not None

    def give_up(self, call: _Call) -> list[_Call] | None:
        """End the call. Returns the calls behind it where the thread was about it and is left behind; None
        where it had not begun, or has ended."""
        with self._lock:
            if self._running is not call:
                call.dropped = True
                return None
            waiting = []
            while not self.calls.empty():
                waiting.append(self.calls.get())
        self.leave()
        return [each for each in waiting if each is not None]

    def leave(self) -> None:
        """Take nothing more, and let go of the connection; a read that runs is ended in the server."""
        self.leaving = True
        self.calls.put(None)
        if self.busy and not self._write:
            threading.Thread(target=self._end, name=f"unstick-end-{self._source.name}", daemon=True).start()

    def _end(self) -> None:
        """End what runs, again and again until it has: it may be between two statements, or connecting."""
        while not self._ended.wait(AGAIN_S):
            if (driver := cancelling.driver_of(self._connection)) is None:
                continue
            if cancelling.end(driver, self._make_engine):
                return

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
            if self.leaving and not self._write:
                raise ConnectionResetError("nobody waits for the answer any more")
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
