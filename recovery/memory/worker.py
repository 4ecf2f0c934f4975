"""The moves of a system's own workers, and of its misfortunes, as direct changes of the tables in memory."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..errors import NotFound
from ..model import JobId, State, VariantId
from .store import EVENTS, VARIANTS, Row, Store, Value
from .system import MemorySystem


class Worker:
    """Moves the world behind the back of whoever looks at it."""

    def __init__(self, store: Store, system: MemorySystem) -> None:
        self._store, self._system = store, system

    def add(
        self,
        job: str,
        status: str = "pending",
        *,
        created_ago: float = 3600.0,
        started_ago: float | None = None,
        updated_ago: float | None = None,
        finished_ago: float | None = None,
        **columns: Value,
    ) -> JobId:
        """Add a job; ages are seconds before now, None is NULL. `columns` are any other columns."""
        row: Row = {
            "id": job,
            "kind": None,
            "status": status,
            "error": None,
            "priority": 0,
            "created_at": self._ago(created_ago),
            "started_at": self._ago(started_ago),
            "updated_at": self._ago(updated_ago),
            "completed_at": self._ago(finished_ago),
        }
        self._store.jobs[job] = row | columns
        self._store.changed()
        return JobId(job)

    def add_variant(self, job: JobId, name: str, status: str = "pending", **columns: Value) -> VariantId:
        """Add a variant to a job; an `id` among the columns is its key."""
        table = self._store.tables[VARIANTS]
        key = str(columns.get("id", f"{job}/{name}"))
        now = self._store.clock()
        row: Row = {"id": key, "job": job, "name": name, "status": status, "position": len(table)}
        table[key] = row | {"created_at": now, "updated_at": now} | columns
        self._store.changed()
        return VariantId(key)

    def add_event(self, job: JobId, message: str, *, level: str = "INFO", stage: str | None = None) -> None:
        """Add a line to a job's own event log."""
        table = self._store.tables[EVENTS]
        position = max((int(str(row["position"])) for row in table.values()), default=0) + 1
        table[f"{job}#{position}"] = {
            "id": f"{job}#{position}",
            "job": job,
            "position": position,
            "at": self._store.clock(),
            "level": level,
            "message": message,
            "stage": stage,
        }
        self._store.changed()

    def set(self, job: JobId, **columns: Value) -> None:
        """Change any columns of a job."""
        if job not in self._store.jobs:
            raise NotFound(f"there is no job {job}")
        self._store.jobs[job].update(columns)
        self._store.changed()

    def set_variant(self, variant: VariantId, **columns: Value) -> None:
        """Change any columns of a variant."""
        table = self._store.tables[VARIANTS]
        if variant not in table:
            raise NotFound(f"there is no variant {variant}")
        table[variant].update(columns)
        self._store.changed()

    def claim(self, job: JobId) -> None:
        """A worker takes the job: also a second one, of a job that the first one let go."""
        now = self._store.clock()
        self.set(job, status=self._system.status(State.RUNNING), started_at=now, updated_at=now)

    def heartbeat(self, job: JobId) -> None:
        """The worker shows that it lives."""
        self.set(job, updated_at=self._store.clock())

    def finish(self, job: JobId) -> None:
        """The worker finishes the job."""
        now = self._store.clock()
        self.set(job, status=self._system.status(State.DONE), updated_at=now, completed_at=now)

    def fail(self, job: JobId, error: str = "the worker failed") -> None:
        """The worker gives the job up."""
        now = self._store.clock()
        self.set(job, status=self._system.status(State.FAILED), updated_at=now, completed_at=now, error=error)

    def remove(self, job: JobId) -> None:
        """Somebody deletes the job and its children."""
        self._store.remove(job)
        self._store.changed()

    def lock(self, job: JobId) -> None:
        """Another connection holds the job's row; an apply finds it busy."""
        self._store.locked.add(job)

    def unlock(self, job: JobId) -> None:
        """The other connection lets go of the row."""
        self._store.locked.discard(job)

    def break_row(self, job: JobId, message: str) -> None:
        """Make every change of this row fail with the message, as a constraint would."""
        self._store.broken[job] = message

    def mend_row(self, job: JobId) -> None:
        """Let the row be changed again."""
        self._store.broken.pop(job, None)

    def row(self, job: JobId) -> Row | None:
        """Return a copy of the raw row, or None."""
        row = self._store.jobs.get(job)
        return None if row is None else dict(row)

    def snapshot(self) -> dict[str, list[Row]]:
        """Return a copy of every row of every table."""
        return {
            name: [dict(row) for _, row in sorted(table.items())]
            for name, table in self._store.tables.items()
        }

    def _ago(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self._store.clock() - timedelta(seconds=seconds)
