"""A database of feedlyai's, what tests ask of it, and the names and places of its rows."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.systems.databases import create_tables, dialect_of
from tests.systems.seat import Seat
from unstick.backends.demo import seed
from unstick.backends.demo.seed_feedlyai import STEPS, job_id, variant_id
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId, Target, Variant, VariantId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

ROWS = seed.rows("feedlyai")
ORDER = {"img_gen": 0} | {step: number for number, step in enumerate(STEPS, start=1)}
STUCK = Query(stuck_only=True)
MINUTE = 60.0
HOUR = 60 * MINUTE


class Here(Seat):
    """A database and the consoles on it."""

    system = "feedlyai"
    profile = "feedlyai"

    async def job(self, name: str) -> dict[str, Any]:
        [row] = await self.rows(f"SELECT * FROM jobs WHERE job_id = {self.key('name')}", name=name)
        return row

    async def variant(self, name: str) -> dict[str, Any]:
        where = f"job_variants_id = {self.key('name')}"
        [row] = await self.rows(f"SELECT * FROM jobs_variants WHERE {where}", name=name)
        return row

    async def at(self, name: str) -> tuple[str, str, int | None]:
        """Status, step and retry count of a variant."""
        row = await self.variant(name)
        return row["status"], row["current_step"], row["retry_count"]

    async def job_at(self, name: str) -> tuple[str, str, int | None]:
        """Status, step and retry count of a job."""
        row = await self.job(name)
        return row["status"], row["current_step"], row["retry_count"]

    def key(self, name: str) -> str:
        """A bound key as the database compares it."""
        return f"CAST(:{name} AS uuid)" if self.is_postgresql else f":{name}"

    @property
    def is_postgresql(self) -> bool:
        return dialect_of(self.url) == "postgresql"

    @property
    def has_trigger(self) -> bool:
        """Whether its schema sets a job by its variants."""
        return dialect_of(self.url) != "mysql"

    @property
    def now(self) -> str:
        """The database's now as the columns hold it."""
        return {
            "postgresql": "now()",
            "mysql": "NOW(6)",
            "sqlite": "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')",
        }[dialect_of(self.url)]

    async def age(self, name: str, seconds: float) -> None:
        """Let a variant have been silent for so long."""
        past = {
            "postgresql": f"now() - interval '{seconds} seconds'",
            "mysql": f"NOW(6) - INTERVAL {int(seconds * 1_000_000)} MICROSECOND",
            "sqlite": f"strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '-{seconds} seconds')",
        }[dialect_of(self.url)]
        where = f"job_variants_id = {self.key('name')}"
        # As the status is left alone, the job is what its variants made of it before.
        await self.run(f"UPDATE jobs_variants SET updated_at = {past} WHERE {where}", name=name)

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        return {
            table: await self.rows(f"SELECT * FROM {table} ORDER BY pk")
            for table in dict.fromkeys(row.table for row in ROWS)
        }


async def seeded(url: str) -> Here:
    """A database with the demo's rows in it."""
    here = await empty(url)
    await here.add(*ROWS)
    return here


async def empty(url: str) -> Here:
    """A database with tables and no rows."""
    await create_tables(url, "feedlyai")
    return Here(url)


def name_of(*parts: object) -> str:
    """A key for a row of a test."""
    return str(uuid5(NAMESPACE_URL, ":".join(map(str, parts))))


def job_row(name: str, status: str, step: str | None, age: float = 1.0, **more: Any) -> seed.SeedRow:
    values = {"job_id": name, "status": status, "current_step": step, "retry_count": 0}
    return seed.SeedRow("jobs", values | more, {"created_at": age + MINUTE, "updated_at": age})


def variant_row(
    job: str, number: int, status: str, step: str | None, age: float | None = 1.0, **more: Any
) -> seed.SeedRow:
    values = {
        "job_variants_id": name_of(job, number),
        "job_id": job,
        "creation_order": number + 1,
        "status": status,
        "current_step": step,
        "retry_count": 0,
    }
    created = (age or 0.0) + MINUTE
    return seed.SeedRow("jobs_variants", values | more, {"created_at": created, "updated_at": age})


async def plan(backend: Backend, action: str, *names: str, **options: Any) -> Plan:
    """Plan an action of these jobs or JOB/VARIANTs, or of everything that is stuck."""
    return await backend.plan(action, [_target(name) for name in names] or STUCK, Options(**options))


def _target(name: str) -> JobId | Target:
    job, slash, variant = name.partition("/")
    return Target(JobId(job), VariantId(variant)) if slash else JobId(job)


async def act(backend: Backend, action: str, *names: str, **options: Any) -> Result:
    """Plan and apply, and see that every planned row has an outcome."""
    made = await plan(backend, action, *names, **options)
    result = await apply(backend, made)
    assert result.counts.total == len(made.rows)
    return result


async def stuck_jobs(backend: Backend, **thresholds: float | None) -> set[str]:
    """The stuck jobs; page, count and list must agree about them."""
    found = {str(job.id) for job in (await backend.page(Query(stuck_only=True, thresholds=thresholds))).rows}
    assert (await backend.counts(thresholds)).stuck == len(found)
    shown = (await backend.page(Query(limit=500, thresholds=thresholds))).rows
    assert {str(job.id) for job in shown if job.verdict} == found
    return found


async def verdicts(backend: Backend, job: str) -> dict[str, str]:
    """The rules by the stuck variants of a job."""
    found: tuple[Variant, ...] = await backend.variants(JobId(job))
    return {str(variant.id): variant.verdict.rule for variant in found if variant.verdict}


def of(life: str, index: int = 0) -> str:
    """A seeded variant as JOB/VARIANT."""
    return f"{job_id(life)}/{variant_id(life, 0, index)}"
