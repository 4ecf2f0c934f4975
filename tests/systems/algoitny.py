"""A database of algoitny's with the seeded rows in it, what tests ask of it, and the names of its jobs."""

import json
from typing import Any

from tests.systems.databases import dialect_of
from tests.systems.seat import Seat
from unstick.backends.demo import seed
from unstick.backends.demo.seed_algoitny import CONTENT_TYPES, EXTRACTION, GENERATION, task_id
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

ROWS = seed.rows("algoitny")
STUCK = Query(stuck_only=True)
TABLES = {"extraction": EXTRACTION, "generation": GENERATION}
EVERY = (EXTRACTION, GENERATION, "problems", "job_progress_history", "test_cases")


class Here(Seat):
    """A database full of the seeded rows, and consoles on it."""

    system = "algoitny"
    profile = "algoitny"

    async def job(self, name: str) -> dict[str, Any] | None:
        table, _, number = name.partition(":")
        found = await self.rows(f"SELECT * FROM {TABLES[table]} WHERE id = :id", id=int(number))
        return found[0] if found else None

    async def metadata(self, name: str) -> Any:
        """The metadata of the job's problem."""
        job = await self.job(name)
        assert job is not None
        where = "WHERE platform = :platform AND problem_id = :problem"
        values = {"platform": job["platform"], "problem": job["problem_id"]}
        [row] = await self.rows(f"SELECT metadata FROM problems {where}", **values)
        found = row["metadata"]
        return found if dialect_of(self.url) == "postgresql" else json.loads(found)

    async def set_metadata(self, name: str, value: Any) -> None:
        job = await self.job(name)
        assert job is not None
        values = {"platform": job["platform"], "problem": job["problem_id"], "value": json.dumps(value)}
        given = "CAST(:value AS jsonb)" if dialect_of(self.url) == "postgresql" else ":value"
        where = "platform = :platform AND problem_id = :problem"
        await self.run(f"UPDATE problems SET metadata = {given} WHERE {where}", **values)

    async def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        return {table: await self.rows(f"SELECT * FROM {table} ORDER BY id") for table in EVERY}

    async def recent(self, name: str) -> bool:
        """Whether the job's updated_at is the database's UTC now, more or less."""
        now = {
            "postgresql": "now() AT TIME ZONE 'UTC' - interval '1 minute'",
            "mysql": "UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE",
            "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-60 seconds')",
        }[dialect_of(self.url)]
        table, _, number = name.partition(":")
        text = f"SELECT 1 FROM {TABLES[table]} WHERE id = :id AND updated_at > {now}"
        return bool(await self.rows(text, id=int(number)))


def name_of(table: str, life: str, number: int = 0) -> str:
    task = task_id(TABLES[table], life, number)
    [row] = [row for row in ROWS if row.table == TABLES[table] and row.values["celery_task_id"] == task]
    return f"{table}:{row.values['id']}"


def step(name: str, age: float, *, of: str | None = None) -> seed.SeedRow:
    """A progress row of a job, or of another table's job with the same number."""
    table, _, number = name.partition(":")
    content_type = CONTENT_TYPES[TABLES[of or table]]
    values = {"content_type_id": content_type, "object_id": int(number), "step": "Saving", "message": "..."}
    return seed.SeedRow("job_progress_history", values | {"status": "in_progress"}, {"created_at": age})


def number_of(name: str) -> int:
    return int(name.partition(":")[2])


async def plan(backend: Backend, action: str, *names: str, **options: Any) -> Plan:
    selection = [JobId(name) for name in names] if names else STUCK
    return await backend.plan(action, selection, Options(**options))


async def act(backend: Backend, action: str, *names: str, **options: Any) -> Result:
    return await apply(backend, await plan(backend, action, *names, **options))


async def stuck(backend: Backend) -> set[str]:
    return {str(job.id) for job in (await backend.page(STUCK)).rows}
