"""Everything works through a real PgBouncer that lends its connections for one transaction each."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.contract.sql_world import SqlWorld
from tests.contract.world import add_stuck, outcomes, plan_recover
from tests.harness.pgbouncer import PgBouncer
from tests.harness.postgres import PostgresServer
from tests.harness.waiting import eventually_async
from tests.systems.databases import create_tables
from unstick.backends import create_backend, migrate
from unstick.backends.sql.asyncpg import connect
from unstick.backends.sql.session import make_session
from unstick.recovery.engine import apply
from unstick.recovery.errors import Denied, QueryTimeout
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

OURS = "statement_timeout,lock_timeout,default_transaction_read_only,default_transaction_isolation"
LEFT_BEHIND = (
    "SELECT (SELECT count(*) FROM pg_prepared_statements), pg_backend_pid(), "
    "current_setting('statement_timeout'), current_setting('lock_timeout'), "
    "current_setting('default_transaction_read_only')"
)


@pytest.fixture(params=["refuses our settings", "drops our settings"])
def pgbouncer(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    """As it comes, and as people set it up who got tired of its refusals."""
    drops = {"ignore_startup_parameters": OURS} if request.param.startswith("drops") else {}
    with PgBouncer(postgres_server, settings=drops) as running:
        yield running


@pytest.fixture
async def world(postgres_url: str) -> AsyncIterator[SqlWorld]:
    """The system's tables, and its workers, who are connected to the server itself."""
    made = await SqlWorld.create("artitec", "postgresql", postgres_url)
    yield made
    await made.close()


@pytest.fixture
def source(pgbouncer: PgBouncer, world: SqlWorld) -> Source:
    return replace(world._source, url=pgbouncer.url(world._url.rpartition("/")[2]))


async def test_pages_plans_applies_and_undoes(source: Source, world: SqlWorld) -> None:
    jobs = await add_stuck(world, *(f"job {number}" for number in range(20)))
    consoles = [create_backend(source) for _ in range(3)]
    for console in consoles:
        await console.open()
    pages = await asyncio.gather(*(one.page(Query(limit=7)) for one in consoles for _ in range(5)))
    assert {len(page.rows) for page in pages} == {7}
    plan = await plan_recover(consoles[0])
    results = await asyncio.gather(*(apply(console, plan, chunk=3) for console in consoles))
    done = [outcomes(result) for result in results]
    assert {job for each in done for job, what in each.items() if what == "applied"} == {*jobs}
    undone = await apply(consoles[1], await consoles[1].plan_undo(results[0].operation, Options()))
    assert undone.counts.applied == len(jobs)
    assert (await consoles[2].counts()).stuck == len(jobs)
    for console in consoles:
        await console.close()


async def test_nothing_is_left_behind_on_the_connections_that_others_use_next(
    source: Source, world: SqlWorld
) -> None:
    await add_stuck(world, "a", "b")
    console = create_backend(source)
    await console.open()
    result = await apply(console, await plan_recover(console))
    assert result.counts.applied == 2
    await console.close()
    fresh = await world._side.run(LEFT_BEHIND)
    limited = replace(source, statement_timeout_s=1)
    sessions = [await connect(limited, write=False) for _ in range(2)]
    seen = set()
    for _ in range(4):
        # Two transactions at once have two connections of the server.
        async with sessions[0].transaction(), sessions[1].transaction():
            for session in sessions:
                [row] = await session.fetch(LEFT_BEHIND)
                seen.add(row[1])
                assert (row[0], *row[2:]) == (0, *fresh[0][2:])
    for session in sessions:
        await session.close()
    assert len(seen) > 1


async def test_reads_are_read_only_and_limited_in_time(source: Source) -> None:
    session = make_session(replace(source, statement_timeout_s=0.2), write=False)
    with pytest.raises(Denied, match="read-only transaction"):
        await session.run(lambda connection: connection.exec_driver_sql("CREATE TABLE ours (id int)"))
    with pytest.raises(QueryTimeout):
        await session.run(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(30)").all())
    now = await session.run(lambda connection: connection.exec_driver_sql("SELECT 1").scalar_one())
    assert now == 1
    await session.close()


async def test_migrates_with_indexes_that_are_built_concurrently(
    pgbouncer: PgBouncer, postgres_url: str
) -> None:
    await create_tables(postgres_url, "feedlyai")
    source = Source("pooled", pgbouncer.url(postgres_url.rpartition("/")[2]), profile="feedlyai")
    await migrate(source, rollback=True, apply=True, drop=["all"])
    missing = (await migrate(source)).sql
    assert any("CONCURRENTLY" in statement for statement in missing)
    await migrate(source, apply=True)
    assert (await migrate(source)).sql == ()


async def test_live_updates_say_why_there_are_none(
    source: Source, world: SqlWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unstick.backends.sql import listening

    monkeypatch.setattr(listening, "ECHO_S", 0.3)
    session = make_session(source, write=False)
    listener = listening.Listener(source, channels, session)
    watching = asyncio.ensure_future(anext(aiter(listener.watch()), None))

    async def told() -> bool:
        return listener.problem is not None

    await eventually_async(told, what="it says so")
    assert "session mode" in str(listener.problem)
    await listener.close()
    await watching
    await session.close()


async def channels() -> tuple[str, ...]:
    return ("jobs_changed",)
