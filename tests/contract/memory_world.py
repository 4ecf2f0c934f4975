"""The two systems in memory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from tests.contract.world import HOUR, Row, Snapshot, System
from unstick.backends.hooks import http
from unstick.recovery.hooks import Hook, Hooks
from unstick.recovery.memory import ARTITEC, EXTRACTION, MemoryBackend
from unstick.recovery.model import JobId
from unstick.recovery.port import Backend

SYSTEMS = {"artitec": ARTITEC, "extraction": EXTRACTION}


class MemoryWorld:
    """A memory backend, moved by its own worker."""

    locks_everything = False

    def __init__(self, system: System) -> None:
        self._system = system
        self.memory = MemoryBackend(SYSTEMS[system], source="here")
        self._worker = self.memory.worker

    @property
    def system(self) -> System:
        return self._system

    async def console(
        self,
        *,
        name: str = "here",
        read_only: bool = False,
        thresholds: Mapping[str, float | None] | None = None,
        max_retries: int | None = -1,
        hooks: Mapping[str, Hook] | None = None,
    ) -> Backend:
        known = SYSTEMS[self._system]
        limit = known.max_retries if max_retries == -1 else max_retries
        changed = replace(known, thresholds=thresholds or {}, max_retries=limit)
        backend = self.memory.second(
            source=name, read_only=read_only, system=changed, hooks=Hooks(hooks or {}, http)
        )
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
        return self._worker.add(
            name,
            status,
            created_ago=created_ago,
            started_ago=started_ago,
            updated_ago=updated_ago,
            error=error,
            kind=kind,
        )

    async def add_log(self, job: JobId, message: str) -> None:
        self._worker.add_event(job, message)

    async def add_change(self, job: JobId, name: str, status: str) -> None:
        self._worker.add_variant(job, name, {"applied": "completed"}.get(status, status))

    async def add_match(self, job: JobId) -> None:
        """Nothing refers to a job in memory."""

    async def forbid(self, job: JobId) -> None:
        self._worker.break_row(job, "refused by the database")

    async def cut(self) -> None:
        """There is no connection."""

    async def hang(self, job: JobId) -> None:
        now = await self.memory.clock()
        self._worker.claim(job)
        self._worker.set(job, started_at=now - timedelta(hours=2), updated_at=now - timedelta(hours=1))

    async def heartbeat(self, job: JobId) -> None:
        self._worker.heartbeat(job)

    async def finish(self, job: JobId, *, own: bool = False) -> None:
        row = self._worker.row(job)
        if not own or (row is not None and row["status"] == "running"):
            self._worker.finish(job)

    async def fail(self, job: JobId) -> None:
        self._worker.fail(job)

    async def reclaim(self, job: JobId) -> None:
        self._worker.claim(job)

    async def delete(self, job: JobId) -> None:
        self._worker.remove(job)

    @asynccontextmanager
    async def lock(self, job: JobId) -> AsyncIterator[None]:
        self._worker.lock(job)
        yield
        self._worker.unlock(job)

    async def row(self, job: JobId) -> Row | None:
        row = self._worker.row(job)
        if row is None:
            return None
        error = row["error"]
        return Row(
            status=str(row["status"]),
            error=None if error is None else str(error),
            started=row["started_at"],
            updated=row["updated_at"],
            finished=row["completed_at"],
        )

    async def snapshot(self) -> Snapshot:
        return self._worker.snapshot()
