"""artitec: what a recovery does not do, on MariaDB and on SQLite."""

import pytest

from tests.contract.sql_world import SqlWorld
from tests.contract.tables import Engine
from tests.contract.world import HOUR
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.query import Query


@pytest.mark.parametrize(("engine", "fixture"), [("mysql", "mariadb_url"), ("sqlite", "sqlite_url")])
async def test_a_recovery_stops_no_thread_and_says_so_and_starts_no_job(
    engine: Engine, fixture: str, request: pytest.FixtureRequest
) -> None:
    world = await SqlWorld.create("artitec", engine, request.getfixturevalue(fixture))
    try:
        holder = await world.add("holder", "running", started_ago=HOUR)
        waiting = [await world.add(name, "pending") for name in ("first", "second")]
        backend = await world.console()
        plan = await backend.plan("recover", Query(), Options())
        assert any("thread is not stopped" in warning for warning in plan.warnings)
        assert (await apply(backend, plan)).counts.applied == 1
        queue = await backend.queue()
        assert queue is not None
        assert (queue.holder, queue.waiting) == (None, len(waiting))
        assert (await backend.job(holder)).status == "failed"
    finally:
        await world.close()
