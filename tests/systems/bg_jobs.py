"""A database of bg_jobs with the seeded rows in it, what tests ask of it, and the names of its jobs."""

import json
from typing import Any

import sqlalchemy as sa

from tests.systems.databases import in_database
from unstick.backends import create_backend
from unstick.backends.demo import seed
from unstick.backends.demo.seed_bg_jobs import job_id
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

ROWS = seed.rows("bg_jobs")
STUCK = Query(stuck_only=True)
HANGING = {
    *(job_id("stuck", number) for number in range(3)),
    *(
        job_id(life)
        for life in ("all_finished", "no_tasks", "odd_time", "disabled", "recovering", "at_limit")
    ),
}
"""What is running, and silent for more than five minutes."""


class Here:
    """A database full of the seeded rows, and consoles on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open: list[Backend] = []

    async def console(self, **settings: Any) -> Backend:
        backend = create_backend(Source("here", self.url, **settings))
        self._open.append(backend)
        await backend.open()
        return backend

    async def close(self) -> None:
        for backend in self._open:
            await backend.close()

    async def run(self, text: str, **values: Any) -> None:
        await in_database(self.url, lambda connection: connection.execute(sa.text(text), values))

    async def rows(self, text: str) -> list[dict[str, Any]]:
        def work(connection: sa.Connection) -> list[dict[str, Any]]:
            return [dict(row._mapping) for row in connection.execute(sa.text(text))]

        return await in_database(self.url, work)

    async def job(self, name: str) -> dict[str, Any]:
        [found] = [row for row in await self.rows("SELECT * FROM jobs") if str(row["id"]) == name]
        return found

    async def progress(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await self.job(name))["interval_progress"])
        return found

    async def queued(self, name: str) -> list[dict[str, Any]]:
        """The queue's rows about a job, oldest first, with their arguments read."""
        found = [
            row | {"args": row["args"] if isinstance(row["args"], dict) else json.loads(row["args"])}
            for row in await self.rows("SELECT * FROM river_job ORDER BY id")
        ]
        return [row for row in found if row["args"]["job_id"] == name]

    async def recoveries(self, name: str) -> list[dict[str, Any]]:
        return [row for row in await self.queued(name) if row["kind"] == "task_recovery"]


async def plan(backend: Backend, action: str, *names: str, **options: Any) -> Plan:
    selection = [JobId(name) for name in names] if names else STUCK
    return await backend.plan(action, selection, Options(**options))


async def act(backend: Backend, action: str, *names: str, **options: Any) -> Result:
    return await apply(backend, await plan(backend, action, *names, **options))


async def undo(backend: Backend, result: Result) -> Result:
    return await apply(backend, await backend.plan_undo(result.operation, Options()))


async def rules(backend: Backend) -> dict[str, str]:
    """Job -> the rule that found it."""
    found = await backend.page(STUCK)
    return {str(job.id): job.verdict.rule for job in found.rows if job.verdict is not None}
