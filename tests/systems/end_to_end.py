"""One system on its own server with real workers: killed, found, planned, recovered, finished after all."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.harness.waiting import eventually_async
from tests.systems.databases import create_tables, in_database
from unstick.backends import create_backend
from unstick.backends.demo import seed, waiting
from unstick.backends.demo.workers import Workers
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import Job, JobId, State
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend, Selection
from unstick.recovery.query import Query
from unstick.recovery.source import Source

QUICK = 0.05
"""Seconds between two rounds of a worker: a job takes a second or so."""

PATIENCE = 80.0
"""Seconds until something counts as not happening; processes of several tests share the machine."""

LOOKS = 4
"""How often a standing worker's jobs are looked at: the server may still be at what it sent last."""

TRIES = 5


@dataclass
class Scene:
    """A system's database, its workers, and the console's side of it."""

    system: str
    workers: Workers
    next_workers: Workers
    backend: Backend

    async def jobs(self, *states: State) -> list[Job]:
        """The jobs in these states, all of them."""
        page = await self.backend.page(Query(limit=500))
        return [job for job in page.rows if not states or job.state in states]

    async def until(self, condition: Callable[[Sequence[Job]], object], what: str) -> list[Job]:
        """Wait until the condition holds for all jobs together, and return them."""

        async def holds() -> object:
            return condition(await self.jobs())

        await eventually_async(holds, what=what, timeout=PATIENCE)
        return await self.jobs()

    async def kill_in_the_middle(self, *, working: Callable[[Job], object] | None = None) -> list[Job]:
        """Kill the worker while it works; what it leaves running, which nobody moves any more."""
        for _ in range(TRIES):
            await self._catch(working or (lambda job: True))
            self.workers.kill(self.system)
            assert self.workers.pid(self.system) is None
            if left := await self.jobs(State.RUNNING):
                return left
            # What it had sent last ended the job after all; the next worker leaves that alone.
            self.workers.start(self.system)
        raise AssertionError(f"{TRIES} workers were killed and none left anything behind")

    async def _catch(self, wanted: Callable[[Job], object]) -> None:
        """Stop the worker while a job is where it is wanted."""
        pid = self.workers.pid(self.system)
        assert pid is not None
        await self.until(lambda jobs: any(job.state is not State.PENDING for job in jobs), "work has begun")

        async def caught() -> bool:
            # Looked at while it stands still: on a slow machine it would be past the place by the kill.
            os.kill(pid, signal.SIGSTOP)
            for _ in range(LOOKS):
                if not any(job.state is State.RUNNING and wanted(job) for job in await self.jobs()):
                    os.kill(pid, signal.SIGCONT)
                    return False
            return True

        await eventually_async(caught, what="a job runs", timeout=PATIENCE)

    async def until_stuck(self, jobs: Sequence[Job]) -> None:
        """Wait until every one of these has its verdict."""
        ids = {job.id for job in jobs}

        async def stuck() -> bool:
            return ids <= {job for job, _, _ in await self.backend.verdicts()}

        await eventually_async(stuck, what=f"{ids} are stuck", timeout=PATIENCE)

    async def plan(self, action: str, selection: Selection | None = None) -> Plan:
        """Plan an action on what is named, else on all that is stuck; show that nothing has changed by it."""
        before = await self.jobs()
        chosen = Query(stuck_only=True) if selection is None else selection
        plan = await self.backend.plan(action, chosen, Options(operator="test"))
        # The next worker may be at other jobs by now.
        planned = {row.job for row in plan.rows}
        after = {job.id: job.status for job in await self.jobs() if job.id in planned}
        assert after == {job.id: job.status for job in before if job.id in planned}
        return plan

    async def carry_out(self, plan: Plan) -> Result:
        """Apply a plan of which every row has to be changed."""
        result = await apply(self.backend, plan)
        assert [row.outcome for row in result.rows] == [Outcome.APPLIED] * len(plan.rows), result.rows
        return result

    async def work_again(self) -> None:
        """Start a worker that knows nothing of what the killed one did, and adds no jobs."""
        self.next_workers.start(self.system)

    async def until_ready(self) -> None:
        """Wait until the worker misses nothing that happens from now on."""

        async def ready() -> bool:
            return self.next_workers.is_ready(self.system)

        await eventually_async(ready, what="the worker has begun", timeout=PATIENCE)

    async def until_done(self, ids: Sequence[JobId], *, recovering: bool = False) -> None:
        """Wait until these jobs have ended well; ``recovering`` does meanwhile what a sweep would do."""

        async def done() -> bool:
            if recovering:
                plan = await self.backend.plan("recover", Query(stuck_only=True), Options())
                if plan.rows:
                    await apply(self.backend, plan)
            return all([(await self.backend.job(each)).state is State.DONE for each in ids])

        await eventually_async(done, what=f"{ids} are done", timeout=PATIENCE)


@asynccontextmanager
async def scene(
    url: str,
    system: str,
    *,
    thresholds: Mapping[str, float | None],
    rows: Sequence[seed.SeedRow] | None = None,
    interval: float = QUICK,
    feed: int = 0,
) -> AsyncIterator[Scene]:
    """A database of the system in which everything waits, and a worker at it."""
    await create_tables(url, system)
    inserted = waiting.rows(system) if rows is None else rows
    await in_database(url, lambda connection: seed.insert(connection, system, inserted))
    backend = create_backend(Source(system, url, thresholds=thresholds))
    await backend.open()
    assert backend.capabilities.profile == system
    after = Workers({system: url}, interval=interval, feed=0, failing=0, adopt=False)
    try:
        with Workers({system: url}, interval=interval, feed=feed, failing=0) as workers:
            yield Scene(system, workers, after, backend)
    finally:
        after.stop()
        await backend.close()
