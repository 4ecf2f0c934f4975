"""What the contract asks of a system under test: its rows, its workers, and consoles on it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from unstick.recovery.engine import Result, apply
from unstick.recovery.hooks import Hook
from unstick.recovery.model import Job, JobId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

System = Literal["artitec", "extraction"]
Snapshot = Mapping[str, Sequence[object]]
"""Table -> its rows, in an order of their own: equal snapshots mean that nothing changed."""

STUCK = Query(stuck_only=True)
MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True)
class Row:
    """The few columns that both systems have, as the worker sees them."""

    status: str
    error: str | None
    started: object
    updated: object
    finished: object


class World(Protocol):
    """A system in an empty database. Its side of things uses nothing of ours.

    `artitec`: recover fails the job, children go with a deleted job; the journal is in a local file.
    `extraction`: recover puts the job back and appends to its error text; the journal is in the database.
    """

    @property
    def system(self) -> System:
        """Which of the two systems it is."""
        ...

    @property
    def locks_everything(self) -> bool:
        """Whether a locked row locks the whole database."""
        ...

    async def console(
        self,
        *,
        name: str = "here",
        read_only: bool = False,
        thresholds: Mapping[str, float | None] | None = None,
        max_retries: int | None = -1,
        hooks: Mapping[str, Hook] | None = None,
    ) -> Backend:
        """Open a console on it: a backend, closed with the world."""
        ...

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
        """Add a job; ages are seconds, None is NULL."""
        ...

    async def add_log(self, job: JobId, message: str) -> None:
        """Add a line to the job's event log, which is a child of the job."""
        ...

    async def add_change(self, job: JobId, name: str, status: str) -> None:
        """Add a variant to the job (artitec only)."""
        ...

    async def add_match(self, job: JobId) -> None:
        """Add a row that refers to the job and stays when it is deleted (artitec only)."""
        ...

    async def forbid(self, job: JobId) -> None:
        """From now on the database refuses every change of this job's status."""
        ...

    async def cut(self) -> None:
        """The consoles' connections to the database are cut."""
        ...

    async def hang(self, job: JobId) -> None:
        """A worker took the job two hours ago, showed life one hour ago, and died."""
        ...

    async def heartbeat(self, job: JobId) -> None:
        """The worker shows life."""
        ...

    async def finish(self, job: JobId, *, own: bool = False) -> None:
        """The worker finishes the job; with `own` only while it is still running."""
        ...

    async def fail(self, job: JobId) -> None:
        """The worker gives the job up."""
        ...

    async def reclaim(self, job: JobId) -> None:
        """Another worker takes the job, which stays running."""
        ...

    async def delete(self, job: JobId) -> None:
        """Somebody deletes the job and its children."""
        ...

    def lock(self, job: JobId) -> AbstractAsyncContextManager[None]:
        """Another connection holds the job's row."""
        ...

    async def row(self, job: JobId) -> Row | None:
        """Read the row, or None."""
        ...

    async def snapshot(self) -> Snapshot:
        """Read every row of every table of the system."""
        ...


def recovered(world: World) -> str:
    """The native status that recover gives."""
    return {"artitec": "failed", "extraction": "pending"}[world.system]


async def add_stuck(world: World, *names: str) -> list[JobId]:
    """Add jobs that hang, one after the other, the first one for the longest time."""
    longest = 2 * HOUR + len(names) * MINUTE
    return [
        await world.add(
            name,
            "running",
            created_ago=4 * HOUR,
            started_ago=longest - index * MINUTE,
            updated_ago=longest - HOUR - index * MINUTE,
        )
        for index, name in enumerate(names)
    ]


def kind_of(job: Job) -> str | None:
    """The kind that the job was added with; a profile may show more in front of it."""
    return job.kind and job.kind.rpartition("/")[2]


async def add_alive(world: World, name: str) -> JobId:
    """Add a job that runs as it should."""
    return await world.add(name, "running", started_ago=MINUTE, updated_ago=10.0)


async def row_of(world: World, job: JobId) -> Row:
    """Read a row that must be there."""
    row = await world.row(job)
    assert row is not None, f"{job} is gone"
    return row


async def status_of(world: World, job: JobId) -> str:
    """Read the native status of a row that must be there."""
    return (await row_of(world, job)).status


async def plan_recover(backend: Backend, **options: object) -> Plan:
    """Plan the recovery of everything that is stuck."""
    return await backend.plan("recover", STUCK, Options(**options))  # type: ignore[arg-type]


async def recover_all(backend: Backend) -> Result:
    """Recover everything that is stuck."""
    return await apply(backend, await plan_recover(backend))


def planned(plan: Plan) -> set[JobId]:
    """The jobs that a plan changes; their order is the backend's own."""
    assert len({row.job for row in plan.rows}) == len(plan.rows)
    return {row.job for row in plan.rows}


def outcomes(result: Result) -> dict[JobId, str]:
    """What became of each job."""
    return {row.job: row.outcome.value for row in result.rows}
