"""The two systems on PostgreSQL, MariaDB and SQLite, with worker moves in SQL of their own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Self

from tests.contract.sides import Side, connect, cut_others, holding
from tests.contract.tables import Engine, tables
from tests.contract.world import HOUR, Row, Snapshot, System
from unstick.backends import create_backend, install_journal
from unstick.backends.demo.ddl import statements
from unstick.recovery.hooks import Hook
from unstick.recovery.model import JobId
from unstick.recovery.port import Backend
from unstick.recovery.source import Source


class SqlWorld:
    """A system's tables in a fresh database."""

    def __init__(self, system: System, engine: Engine, url: str, side: Side, other: Side) -> None:
        self._system, self._engine, self._url = system, engine, url
        self._side, self._other = side, other
        self._tables = tables(system, engine)
        self._source = Source("here", url, profile=system, lock_timeout_s=0.2)
        self._open: list[Backend] = []
        self._logs = 0

    @classmethod
    async def create(cls, system: System, engine: Engine, url: str) -> Self:
        """Make the tables."""
        world = cls(system, engine, url, await connect(url), await connect(url))
        for statement in (*statements(system, engine), *world._tables.first):
            await world._side.run(statement)
        if system == "extraction":
            await install_journal(world._source, apply=True)
        return world

    async def close(self) -> None:
        """Close every console and connection."""
        for backend in self._open:
            await backend.close()
        await self._side.close()
        await self._other.close()

    @property
    def system(self) -> System:
        return self._system

    @property
    def locks_everything(self) -> bool:
        return self._engine == "sqlite"

    async def console(
        self,
        *,
        name: str = "here",
        read_only: bool = False,
        thresholds: Mapping[str, float | None] | None = None,
        max_retries: int | None = -1,
        hooks: Mapping[str, Hook] | None = None,
    ) -> Backend:
        backend = create_backend(
            replace(
                self._source,
                name=name,
                read_only=read_only,
                thresholds=thresholds or {},
                max_retries=max_retries,
                hooks=hooks or {},
            )
        )
        self._open.append(backend)
        await backend.open()
        return backend

    async def add(
        self,
        name: str,
        status: str = "pending",
        *,
        created_ago: float = HOUR,
        started_ago: float | None = None,
        updated_ago: float = HOUR,
        error: str | None = None,
        kind: str = "update",
    ) -> JobId:
        job, at = self._tables.make_id(name), self._tables.make_time
        row = {
            self._tables.key: job,
            self._tables.kind: kind,
            "status": status,
            "error_message": error,
            "created_at": at(created_ago),
            "started_at": None if started_ago is None else at(started_ago),
            "updated_at": at(updated_ago),
            "completed_at": None,
            **self._tables.fixed,
        }
        await self._insert(self._tables.jobs, row)
        return JobId(job)

    async def add_log(self, job: JobId, message: str) -> None:
        self._logs += 1
        # Each line has a second of its own: some of these clocks count no less, and some keys are random.
        at = self._tables.make_time(HOUR - self._logs)
        row = {
            self._tables.log_key: job,
            self._tables.log_at: at,
            "message": message,
            **self._tables.log_fixed,
        }
        await self._insert(self._tables.logs, row)

    async def add_change(self, job: JobId, name: str, status: str) -> None:
        row = {"job_id": job, "entity_type": "builder", "field_name": name, "status": status}
        await self._insert("collection_changes", row | {"change_type": "modified"})

    async def add_match(self, job: JobId) -> None:
        row = {"job_id": job, "discovered_entity_type": "builder", "discovered_name": "Foxglove"}
        await self._insert("entity_matches", row)

    async def forbid(self, job: JobId) -> None:
        await self._side.run(self._tables.forbid(job))

    async def cut(self) -> None:
        await cut_others(self._side)

    async def hang(self, job: JobId) -> None:
        at = self._tables.make_time
        await self._update(job, status="running", started_at=at(2 * HOUR), updated_at=at(HOUR))

    async def heartbeat(self, job: JobId) -> None:
        await self._update(job, updated_at=self._tables.make_time(0))

    async def finish(self, job: JobId, *, own: bool = False) -> None:
        now = self._tables.make_time(0)
        guard = " AND status = 'running'" if own else ""
        await self._update(job, guard, status="completed", updated_at=now, completed_at=now)

    async def fail(self, job: JobId) -> None:
        now = self._tables.make_time(0)
        await self._update(
            job, status="failed", updated_at=now, completed_at=now, error_message="the worker failed"
        )

    async def reclaim(self, job: JobId) -> None:
        now = self._tables.make_time(0)
        await self._update(job, status="running", started_at=now, updated_at=now)

    async def delete(self, job: JobId) -> None:
        await self._side.run(f"DELETE FROM {self._tables.jobs} WHERE {self._tables.key} = ?", job)

    @asynccontextmanager
    async def lock(self, job: JobId) -> AsyncIterator[None]:
        select = f"SELECT status FROM {self._tables.jobs} WHERE {self._tables.key} = ?"
        if self._engine != "sqlite":
            select += " FOR UPDATE"
        async with holding(self._other, select, job):
            yield

    async def row(self, job: JobId) -> Row | None:
        columns = "status, error_message, started_at, updated_at, completed_at"
        rows = await self._side.run(
            f"SELECT {columns} FROM {self._tables.jobs} WHERE {self._tables.key} = ?", job
        )
        if not rows:
            return None
        status, error, started, updated, finished = rows[0]
        return Row(str(status), None if error is None else str(error), started, updated, finished)

    async def snapshot(self) -> Snapshot:
        return {
            table: await self._side.run(f"SELECT * FROM {table} ORDER BY id") for table in self._tables.every
        }

    async def _insert(self, table: str, row: Mapping[str, object]) -> None:
        marks = ", ".join("?" * len(row))
        await self._side.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    async def _update(self, job: JobId, guard: str = "", **columns: object) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        await self._side.run(
            f"UPDATE {self._tables.jobs} SET {assignments} WHERE {self._tables.key} = ?{guard}",
            *columns.values(),
            job,
        )
