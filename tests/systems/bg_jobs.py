"""A database of bg_jobs with the seeded rows in it, what tests ask of it, and the names of its jobs."""

import json
from typing import Any

from tests.systems.seat import Seat
from unstick.backends.demo import seed
from unstick.backends.demo.seed_bg_jobs import job_id
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

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


class Here(Seat):
    """A database full of the seeded rows, and consoles on it."""

    system = "bg_jobs"
    profile = None

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


async def rules(backend: Backend) -> dict[str, str]:
    """Job -> the rule that found it."""
    found = await backend.page(STUCK)
    return {str(job.id): job.verdict.rule for job in found.rows if job.verdict is not None}
