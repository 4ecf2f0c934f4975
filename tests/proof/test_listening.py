"""Live updates on a real PostgreSQL: LISTEN, through everything that can happen to its connection."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import pytest

from tests.contract.sides import Side, connect
from tests.harness.postgres import PostgresServer
from tests.harness.waiting import eventually_async
from unstick.backends import create_backend
from unstick.backends.demo.ddl import statements
from unstick.backends.sql import listening
from unstick.recovery.errors import Unreachable
from unstick.recovery.model import JobId
from unstick.recovery.port import Backend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

QUIET = """
    name = "pipeline"
    [[jobs]]
    table = "jobs"
    key = ["job_id"]
    status = "status"
    states = { pending = ["queued"], running = ["running"], done = ["done"], failed = ["failed"] }
    times = { created = "created_at", updated = "updated_at" }
"""
LIVE = (
    QUIET
    + """
    [notify]
    channels = ["job_state_changed", "job_variant_state_changed"]
"""
)
NOBODY = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'unstick'"
KILL = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'unstick' AND query LIKE '%LISTEN%'"
)
Open = Callable[..., Awaitable[Backend]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again as ever, but sooner."""
    monkeypatch.setattr(listening, "FIRST_S", 0.02)
    monkeypatch.setattr(listening, "MOST_S", 0.1)
    monkeypatch.setattr(listening, "DEAF_S", 0.1)


@pytest.fixture
async def side(postgres_url: str) -> AsyncIterator[Side]:
    """The application's own connection to a database of this system."""
    made = await prepared(postgres_url)
    yield made
    await made.close()


@pytest.fixture
async def opened(postgres_url: str, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens consoles on the database, or on another URL."""
    made: list[Backend] = []

    async def make(profile: str = LIVE, url: str = postgres_url, **settings: Any) -> Backend:
        path = tmp_path / f"profile{len(made)}.toml"
        path.write_text(profile, "utf-8")
        backend = create_backend(Source("here", url, profile=str(path), **settings))
        made.append(backend)
        await backend.open()
        return backend

    yield make
    for backend in made:
        await backend.close()


async def prepared(url: str) -> Side:
    made = await connect(url)
    for statement in statements("feedlyai", "postgresql"):
        await made.run(statement)
    return made


async def add(side: Side) -> JobId:
    job = uuid4()
    await side.run("INSERT INTO jobs (job_id, status) VALUES (?, 'queued')", job)
    return JobId(str(job))


async def move(side: Side, job: JobId, status: str) -> None:
    await side.run("UPDATE jobs SET status = ? WHERE job_id = ?", status, UUID(job))


class Watching:
    """Somebody who watches, and looks at a job at every tick."""

    def __init__(self, backend: Backend, job: JobId | None = None) -> None:
        self.backend, self.ticks, self.seen = backend, 0, list[str | None]()
        self._job = job
        self.task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        async for _ in self.backend.watch():
            if self._job is not None:
                self.seen.append((await self.backend.job(self._job)).status)
            self.ticks += 1

    async def listens(self) -> None:
        """Wait until it does."""
        await until(lambda: self.backend.capabilities.notify, "it listens")

    async def ticked(self, before: int) -> None:
        """Wait for a tick after so many."""
        await until(lambda: self.ticks > before, "it ticks")

    async def stop(self) -> None:
        """Watch no more."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def until(condition: Callable[[], object], what: str) -> None:
    async def holds() -> object:
        return condition()

    await eventually_async(holds, what=what)


async def until_nobody(side: Side, connections: int = 0) -> None:
    async def gone() -> bool:
        return [tuple(row) for row in await side.run(NOBODY)] == [(connections,)]

    await eventually_async(gone, what=f"{connections} connections are left")


async def until_killed(side: Side) -> None:
    async def killed() -> bool:
        return [tuple(row) for row in await side.run(KILL)] != [(0,)]

    await eventually_async(killed, what="the listening connection is killed")


async def test_an_update_from_another_connection_ticks_and_is_seen(side: Side, opened: Open) -> None:
    job = await add(side)
    watching = Watching(await opened(), job)
    await watching.listens()
    assert watching.ticks == 0
    await move(side, job, "running")
    await watching.ticked(0)
    assert watching.seen == ["running"]
    assert watching.backend.capabilities.problems == ()


async def test_a_variant_that_moves_ticks_too(side: Side, opened: Open) -> None:
    job, variant = await add(side), uuid4()
    await side.run(
        "INSERT INTO jobs_variants (job_variants_id, job_id, creation_order, status, current_step)"
        " VALUES (?, ?, 1, 'queued', 'img_gen')",
        *(variant, UUID(job)),
    )
    watching = Watching(await opened())
    await watching.listens()
    await side.run("UPDATE jobs_variants SET status = 'running' WHERE job_variants_id = ?", variant)
    await watching.ticked(0)


async def test_a_thousand_notifications_are_a_few_ticks_and_the_last_state_is_seen(
    side: Side, opened: Open
) -> None:
    job = await add(side)
    watching = Watching(await opened(), job)
    await watching.listens()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1000):
        await move(side, job, ("running", "failed")[number % 2])
    await move(side, job, "done")
    await until(lambda: watching.seen[-1:] == ["done"], "the last state is seen")
    assert 1 < watching.ticks <= (loop.time() - began) / listening.GAP_S + 1


async def test_a_killed_connection_heals_and_ticks_once_for_what_may_have_been_missed(
    side: Side, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await add(side)
    watching = Watching(await opened(), job)
    await watching.listens()
    # Long enough for the job to move meanwhile.
    monkeypatch.setattr(listening, "FIRST_S", 0.5)
    await until_killed(side)
    await until(lambda: not watching.backend.capabilities.notify, "it has noticed")
    [problem] = watching.backend.capabilities.problems
    assert problem.startswith("here: no live updates: ")
    await move(side, job, "running")
    assert (await watching.backend.job(job)).status == "running", "asking works all the time"
    assert watching.ticks == 0
    await watching.ticked(0)
    assert (watching.seen, watching.backend.capabilities.problems) == (["running"], ())
    await watching.listens()
    await move(side, job, "done")
    await watching.ticked(1)
    assert watching.seen == ["running", "done"]


async def test_a_restarted_server_is_listened_to_again(own_postgres: PostgresServer, opened: Open) -> None:
    side = await prepared(own_postgres.url())
    job = await add(side)
    watching = Watching(await opened(url=own_postgres.url()))
    await watching.listens()
    own_postgres.stop()
    await until(lambda: not watching.backend.capabilities.notify, "it has noticed")
    with pytest.raises(Unreachable):
        await watching.backend.page(Query())
    own_postgres.start()
    await watching.ticked(0)
    await watching.listens()
    before = watching.ticks
    with suppress(Exception):
        await side.close()
    side = await connect(own_postgres.url())
    await move(side, job, "done")
    await watching.ticked(before)
    await watching.backend.close()
    await side.close()


async def test_two_consoles_and_two_who_watch_one_console_all_tick(side: Side, opened: Open) -> None:
    job = await add(side)
    one, two = await opened(), await opened()
    everybody = [Watching(one), Watching(one), Watching(two)]
    for watching in everybody:
        await watching.listens()
    await until_nobody(side, 4)
    await move(side, job, "running")
    for watching in everybody:
        await watching.ticked(0)
    await everybody[0].stop()
    await move(side, job, "done")
    await everybody[1].ticked(1)
    assert [each.capabilities.notify for each in (one, two)] == [True, True]
    await everybody[1].stop()
    await until_nobody(side, 3)
    assert [each.capabilities.notify for each in (one, two)] == [False, True]


async def test_closing_ends_the_watch_and_leaves_no_connection_and_no_task(side: Side, opened: Open) -> None:
    before = asyncio.all_tasks()
    watching = Watching(await opened())
    await watching.listens()
    async with asyncio.timeout(1):
        await watching.backend.close()
        await watching.task
    assert asyncio.all_tasks() == before
    await until_nobody(side)


async def test_closing_while_the_connection_is_made_anew_takes_no_time(side: Side, opened: Open) -> None:
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        watching = Watching(await opened())
        await watching.listens()
        listener = watching.backend._listener  # type: ignore[attr-defined]
        # A server that takes the connection and never says a word.
        host, port = silent.getsockname()
        listener._source = Source("here", f"postgresql://{host}:{port}/jobs")
        await until_killed(side)
        taken, _ = await asyncio.to_thread(silent.accept)
        with taken:
            async with asyncio.timeout(1):
                await watching.backend.close()
                await watching.task
    assert asyncio.all_tasks() == before
    await until_nobody(side)


async def test_who_watches_after_a_close_is_served_again(side: Side, opened: Open) -> None:
    job = await add(side)
    watching = Watching(await opened())
    await watching.listens()
    await watching.backend.close()
    again = Watching(watching.backend)
    await again.listens()
    await move(side, job, "running")
    await again.ticked(0)


async def test_a_profile_without_channels_takes_no_connection_and_never_ticks(
    side: Side, opened: Open
) -> None:
    job = await add(side)
    watching = Watching(await opened(QUIET))
    live = Watching(await opened())
    await live.listens()
    await move(side, job, "running")
    await live.ticked(0)
    assert (watching.ticks, watching.backend.capabilities.notify) == (0, False)
    await until_nobody(side, 3)
    await watching.backend.close()
    await watching.task


@pytest.mark.parametrize("url", ["mariadb_url", "sqlite_url"])
async def test_other_databases_are_not_listened_to(
    opened: Open, request: pytest.FixtureRequest, url: str
) -> None:
    database = request.getfixturevalue(url)
    side = await connect(database)
    await side.run(
        "CREATE TABLE jobs (job_id varchar(40) PRIMARY KEY, status varchar(20), created_at varchar(40),"
        " updated_at varchar(40))"
    )
    watching = Watching(await opened(url=database))
    await watching.backend.page(Query())
    assert not watching.backend.capabilities.notify
    async with asyncio.timeout(1):
        await watching.backend.close()
        await watching.task
    assert watching.ticks == 0
    await side.close()


async def test_without_a_second_connection_it_says_so_and_goes_on_without(
    side: Side, opened: Open, postgres_server: PostgresServer, postgres_url: str
) -> None:
    role = f"narrow_{uuid4().hex[:8]}"
    await side.run(f"CREATE ROLE {role} LOGIN PASSWORD 'narrow-secret' CONNECTION LIMIT 1")
    await side.run(f"GRANT SELECT ON jobs TO {role}")
    job = await add(side)
    parts = urlsplit(postgres_url)
    place = f"{role}:narrow-secret@{parts.netloc.rpartition('@')[2]}"
    try:
        watching = Watching(await opened(url=urlunsplit(parts._replace(netloc=place))))
        await until(lambda: watching.backend.capabilities.problems, "it says so")
        [problem] = watching.backend.capabilities.problems
        assert "too many connections" in problem
        assert "narrow-secret" not in problem
        assert not watching.backend.capabilities.notify
        await move(side, job, "running")
        assert (await watching.backend.job(job)).status == "running"
        await side.run(f"ALTER ROLE {role} CONNECTION LIMIT 2")
        await watching.listens()
        assert watching.backend.capabilities.problems == ()
        await watching.backend.close()
        await until_nobody(side)
    finally:
        await side.run(f"DROP OWNED BY {role}")
        await side.run(f"DROP ROLE {role}")
