"""One system in a fresh database, with consoles on it and workers that act on threads of their own."""

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

import pytest

from tests.contract.sides import Side, SqliteSide, connect
from tests.contract.sql_world import SqlWorld
from tests.contract.tables import Engine
from tests.contract.world import System, recovered
from tests.harness.waiting import eventually
from unstick.backends import create_backend, install_journal
from unstick.recovery.model import JobId
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

T = TypeVar("T")
Keeping = Literal["database", "local"]
PATIENCE = 20.0


def on(*databases: str) -> pytest.MarkDecorator:
    """Run a test on these databases only: the others have no such thing."""
    return pytest.mark.parametrize("proof", databases, indirect=True)


WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock'",
    # Not innodb_trx: who asks that more often than every 0.1 s is told what he was told before.
    "mysql": "SELECT CAST(variable_value AS INT) FROM information_schema.global_status "
    "WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'",
}


class Worker:
    """Somebody else at the same database: his statements may wait without holding up the test."""

    def __init__(self, system: System, engine: Engine, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.engine = engine
        self.side: Side = self.do(self._connect(url))
        self.world = SqlWorld(system, engine, url, self.side, self.side)

    async def _connect(self, url: str) -> Side:
        side = await connect(url)
        if isinstance(side, SqliteSide):
            # He is refused at once instead of waiting where nobody can see it.
            await side.run("PRAGMA busy_timeout = 0")
        return side

    def start(self, move: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin something that may have to wait."""
        return asyncio.run_coroutine_threadsafe(move, self._loop)

    def do(self, move: Coroutine[Any, Any, T]) -> T:
        """Do something now."""
        return self.start(move).result(PATIENCE)

    def run(self, sql: str, *values: object) -> Sequence[Sequence[object]]:
        """Run a statement now."""
        return self.do(self.side.run(sql, *values))

    def sees_waiting(self) -> bool:
        """Whether a statement of anybody waits for a lock."""
        return self.run(WAITING[self.engine])[0][0] != 0

    def close(self) -> None:
        """Let go of the connection."""
        self.do(self.side.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@dataclass
class Proof:
    """A system's tables, empty, and where its journal is kept."""

    world: SqlWorld
    system: System
    engine: Engine
    url: str
    keeping: Keeping
    backends: list[Backend] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)

    @classmethod
    async def create(cls, system: System, engine: Engine, url: str, keeping: Keeping) -> Self:
        """Make the tables, and the journal's where it is kept in the database."""
        world = await SqlWorld.create(system, engine, url)
        source = Source("proof", url, profile=system)
        await install_journal(source, rollback=keeping == "local", apply=True)
        return cls(world, system, engine, url, keeping)

    def source(self, **options: Any) -> Source:
        """The source as an operator would have it."""
        return Source("proof", **{"url": self.url, "profile": self.system, "lock_timeout_s": 1.0, **options})

    async def console(self, **options: Any) -> Backend:
        """Open a console."""
        backend = create_backend(self.source(**options))
        self.backends.append(backend)
        await backend.open()
        assert backend.capabilities.journal == self.keeping
        return backend

    def worker(self) -> Worker:
        """Let somebody else connect."""
        worker = Worker(self.system, self.engine, self.url)
        self.workers.append(worker)
        return worker

    async def close(self) -> None:
        """Close everything."""
        for backend in self.backends:
            await backend.close()
        for worker in self.workers:
            worker.close()
        await self.world.close()

    async def statuses(self, jobs: Sequence[JobId]) -> list[str | None]:
        """The native status of each job, None for one that is gone."""
        names = self.world._tables
        rows = await self.world._side.run(f"SELECT {names.key}, status FROM {names.jobs}")
        found = {str(key): str(status) for key, status in rows}
        return [found.get(job) for job in jobs]


def held_up(worker: Worker, observer: Worker, move: Coroutine[Any, Any, None]) -> "Future[None]":
    """Begin a move that has to wait for a lock, or is refused where nobody waits; return when it does."""
    started = worker.start(move)
    eventually(
        lambda: started.done() if worker.engine == "sqlite" else observer.sees_waiting(),
        what="the worker waits or is refused",
    )
    assert worker.engine == "sqlite" or not started.done()
    return started


async def check_books(proof: Proof, backend: Backend, jobs: Sequence[JobId], *operations: str) -> None:
    """Every recovered job has one attempt and one journal row as applied; every other has none of either."""
    attempts = Counter(attempt.job for attempt in await backend.attempts(limit=100_000))
    found = [await backend.operation(operation) for operation in operations]
    journalled = Counter(row.job for each in found for row in each.rows if row.outcome == "applied")
    for job, status in zip(jobs, await proof.statuses(jobs), strict=True):
        expected = int(status == recovered(proof.world))
        assert (status, attempts[job], journalled[job]) == (status, expected, expected)
    assert all(each.unresolved == 0 for each in found)
