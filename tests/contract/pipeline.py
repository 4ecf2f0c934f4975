"""A pipeline of steps, in memory and on the databases: jobs, and pieces that lag behind them or break."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.contract.world import HOUR, MINUTE
from tests.profiles.place import Place
from unstick.recovery.memory import PIPELINE, MemoryBackend
from unstick.recovery.model import JobId, VariantId
from unstick.recovery.port import Backend

PROFILE = """
    name = "pipelines"
    clock = "utc"
    [[jobs]]
    table = "orders"
    key = ["id"]
    status = "status"
    states = { running = ["busy"], done = ["done"], failed = ["failed"] }
    columns = { kind = "kind", step = "step" }
    steps = ["draw", "cut", "paint"]
    times = { created = "made", updated = "beat" }
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "1h"
    [jobs.actions.recover]
    verb = "set failed"
    only_stuck = true
    set = { status = "failed", beat = { now = true } }
    [jobs.actions.delete]
    verb = "delete"
    delete = true
    not_statuses = ["busy"]
    [jobs.variants]
    name = "pieces"
    table = "pieces"
    key = ["id"]
    match = { order_id = "id" }
    status = "status"
    states = { running = ["busy"], done = ["ok"], failed = ["bad"] }
    columns = { name = "name", step = "step", retries = "tries", error = "trouble" }
    times = { created = "made", updated = "beat" }
    [[jobs.variants.rules]]
    name = "broken"
    reason = "failed"
    statuses = ["bad"]
    parent_statuses = ["busy", "failed"]
    when = "1 = 1"
    [[jobs.variants.rules]]
    name = "lagging"
    reason = "lagging"
    statuses = ["ok"]
    parent_statuses = ["busy", "failed"]
    behind = "parent"
    [jobs.variants.actions.recover]
    verb = "count one more and go on"
    only_stuck = true
    set = { status = "ok", tries = { increment = 1 }, beat = { now = true } }
    [jobs.variants.actions.retry]
    verb = "do the piece again"
    statuses = ["bad", "ok"]
    set = { status = "busy", tries = { increment = 1 }, beat = { now = true } }
"""


class Pipeline(Protocol):
    """The system under test, moved by hand."""

    async def console(self, *, thresholds: Mapping[str, float | None] | None = None) -> Backend:
        """Open a console on it."""
        ...

    async def order(self, job: int, status: str = "busy", step: str = "paint", silent: float = 1.0) -> JobId:
        """Add a job, silent for so many seconds."""
        ...

    async def piece(
        self,
        piece: int,
        job: JobId,
        status: str = "ok",
        step: str = "paint",
        *,
        tries: int = 0,
        silent: float = MINUTE,
        made: float = HOUR,
        trouble: str | None = None,
    ) -> VariantId:
        """Add a piece to a job; `silent` and `made` are seconds ago."""
        ...

    async def set_order(self, job: JobId, status: str) -> None:
        """The job's status changes."""
        ...


class MemoryPipeline:
    """The same in memory."""

    def __init__(self) -> None:
        self.memory = MemoryBackend(PIPELINE, source="here")

    async def console(self, *, thresholds: Mapping[str, float | None] | None = None) -> Backend:
        from dataclasses import replace

        return self.memory.second(system=replace(PIPELINE, thresholds=thresholds or {}))

    async def order(self, job: int, status: str = "busy", step: str = "paint", silent: float = 1.0) -> JobId:
        return self.memory.worker.add(
            str(job), status, created_ago=HOUR * 5, updated_ago=silent, kind="poster", step=step
        )

    async def piece(
        self,
        piece: int,
        job: JobId,
        status: str = "ok",
        step: str = "paint",
        *,
        tries: int = 0,
        silent: float = MINUTE,
        made: float = HOUR,
        trouble: str | None = None,
    ) -> VariantId:
        now = await self.memory.clock()
        self.memory.advance(-made)
        added = self.memory.worker.add_variant(
            job, f"part-{piece}", status, id=str(piece), step=step, retry_count=tries, error=trouble
        )
        self.memory.advance(made - silent)
        self.memory.worker.set_variant(added, updated_at=await self.memory.clock())
        self.memory.advance(silent)
        assert await self.memory.clock() == now
        return added

    async def set_order(self, job: JobId, status: str) -> None:
        self.memory.worker.set(job, status=status)


class SqlPipeline:
    """The same in a database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.place = Place(url, folder)

    async def create(self) -> None:
        """Make the tables."""
        time = self.place.pick("timestamp", "datetime(6)", "text")
        await self.place.run(
            "CREATE TABLE orders (id integer PRIMARY KEY, kind varchar(9), status varchar(9), "
            f"step varchar(9), made {time}, beat {time})",
            "CREATE TABLE pieces (id integer PRIMARY KEY, order_id integer, name varchar(19), "
            f"status varchar(9), step varchar(9), tries integer, trouble text, made {time}, beat {time})",
        )

    async def console(self, *, thresholds: Mapping[str, float | None] | None = None) -> Backend:
        return await self.place.console(PROFILE, thresholds=thresholds or {})

    async def order(self, job: int, status: str = "busy", step: str = "paint", silent: float = 1.0) -> JobId:
        made, beat = self.place.ago(5 * HOUR), self.place.ago(silent)
        await self.place.run(
            f"INSERT INTO orders VALUES ({job}, 'poster', '{status}', '{step}', {made}, {beat})"
        )
        return JobId(str(job))

    async def piece(
        self,
        piece: int,
        job: JobId,
        status: str = "ok",
        step: str = "paint",
        *,
        tries: int = 0,
        silent: float = MINUTE,
        made: float = HOUR,
        trouble: str | None = None,
    ) -> VariantId:
        told = "NULL" if trouble is None else f"'{trouble}'"
        await self.place.run(
            f"INSERT INTO pieces VALUES ({piece}, {job}, 'part-{piece}', '{status}', '{step}', {tries}, "
            f"{told}, {self.place.ago(made)}, {self.place.ago(silent)})"
        )
        return VariantId(str(piece))

    async def set_order(self, job: JobId, status: str) -> None:
        await self.place.run(f"UPDATE orders SET status = '{status}' WHERE id = {job}")
