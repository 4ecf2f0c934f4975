"""The workers on all three databases: the same work in each one's own words, and how they fail."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.harness.waiting import eventually
from tests.systems.databases import create_tables, in_database
from unstick.backends.demo import seed, waiting
from unstick.backends.demo.connection import URL_VARIABLE, Busy, Connection, Failed, connect
from unstick.backends.demo.spelling import spell
from unstick.backends.demo.worker import WORKS
from unstick.backends.demo.workers import Workers

pytestmark = pytest.mark.processes

# How many jobs have ended well, by system.
DONE = {
    "artitec": "SELECT count(*) FROM collection_jobs"
    " WHERE status = 'completed' AND completed_at >= started_at",
    "extraction": "SELECT count(*) FROM {kb}object_extraction_jobs WHERE processed_items = total_items"
    " AND status IN ('completed', 'requires_review')",
    "algoitny": "SELECT count(*) FROM problem_extraction_jobs WHERE status = 'COMPLETED'",
    "feedlyai": "SELECT count(*) FROM jobs_variants WHERE status = 'done' AND current_step = 'iou_eval'",
    "bg_jobs": "SELECT count(*) FROM demo_side_effects",
}
ON_SERVERS = [
    ("postgres_url", "artitec"),
    ("postgres_url", "extraction"),
    ("postgres_url", "algoitny"),
    ("postgres_url", "feedlyai"),
    ("postgres_url", "bg_jobs"),
    ("mariadb_url", "artitec"),
    ("mariadb_url", "extraction"),
    ("mariadb_url", "algoitny"),
    ("mariadb_url", "feedlyai"),
    ("mariadb_url", "bg_jobs"),
]


def fill(url: str, system: str, *, rows: Callable[[str], list[seed.SeedRow]] = waiting.rows) -> None:
    async def work() -> None:
        await create_tables(url, system)
        await in_database(url, lambda connection: seed.insert(connection, system, rows(system)))

    asyncio.run(work())


@pytest.fixture(params=ON_SERVERS, ids=lambda param: "-".join(param))
def server(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The URL of a server's database with a system in which everything waits, and the system."""
    fixture, system = request.param
    url: str = request.getfixturevalue(fixture)
    return url, system


def test_every_work_brings_jobs_to_their_end_on_both_servers(server: tuple[str, str]) -> None:
    url, system = server
    fill(url, system)
    with closing(connect(url)) as connection:
        work = WORKS[system](connection, feed=3, failing=0)
        work.adopt()
        said: list[str] = []
        for _ in range(90):
            said += work.tick()
        assert connection.execute(DONE[system]).value >= 3, said[-10:]
        assert not [line for line in said if "gave up" in line or line.startswith("failed")]


def test_every_work_stands_all_seeded_rows_on_both_servers(server: tuple[str, str]) -> None:
    url, system = server
    fill(url, system, rows=seed.rows)
    with closing(connect(url)) as connection:
        work = WORKS[system](connection, feed=20)
        adopted = work.adopt()
        assert all(line.startswith("took over") for line in adopted)
        assert adopted
        for _ in range(40):
            work.tick()


def test_two_workers_of_a_parallel_system_never_take_the_same_job(database_url: str) -> None:
    fill(database_url, "extraction")
    with closing(connect(database_url)) as one, closing(connect(database_url)) as other:
        first, second = (WORKS["extraction"](each) for each in (one, other))
        taken = [*first.tick(), *second.tick()]
    assert len(taken) == len(set(taken)) == 10


def test_a_job_that_another_worker_is_just_taking_is_left_to_it(postgres_url: str) -> None:
    fill(postgres_url, "extraction")
    with closing(connect(postgres_url)) as one, closing(connect(postgres_url)) as other:
        first, second = (WORKS["extraction"](each, failing=0) for each in (one, other))
        with one.transaction():
            held = first._claim(3)  # type: ignore[attr-defined]
            taken = second.tick()
        assert len(held) == 3
        assert not set(held) & set(taken)


def test_what_is_undone_in_the_database_is_undone_in_the_workers_memory(postgres_url: str) -> None:
    fill(postgres_url, "extraction")
    with closing(connect(postgres_url)) as one, closing(connect(postgres_url)) as other:
        work = WORKS["extraction"](one, failing=0)
        started = work.tick()
        job = started[2].removeprefix("started ")
        with other.transaction():
            other.execute("SELECT 1 FROM {kb}object_extraction_jobs WHERE id = ? FOR UPDATE", (job,))
            with pytest.raises(Busy):
                work.tick()
        assert work.tick() == []
        progress = one.execute(
            "SELECT DISTINCT processed_items FROM {kb}object_extraction_jobs WHERE status = 'running'"
        )
        assert [tuple(row) for row in progress] == [(1,)]


def test_the_same_seed_gives_the_same_jobs_and_the_same_ends_on_every_database(
    postgres_url: str, mariadb_url: str, sqlite_url: str
) -> None:
    told = []
    for url in (postgres_url, mariadb_url, sqlite_url):
        fill(url, "artitec")
        with closing(connect(url)) as connection:
            work = WORKS["artitec"](connection, seed=5, feed=30, failing=3)
            told.append([line for _ in range(60) for line in work.tick()])
    assert told[0] == told[1] == told[2]
    assert {line.split()[0] for line in told[0]} == {"added", "started", "completed", "failed"}


def test_words_are_spelt_and_what_only_looks_like_one_stays() -> None:
    text = """INSERT INTO t VALUES ({zoned-300}, '{"a": 1}', ?, {zoned+?}, '50%')"""
    assert spell(text, "sqlite").count("?") == 2
    assert "$1" in spell(text, "postgresql")
    assert "make_interval(secs => $2)" in spell(text, "postgresql")
    assert "INTERVAL 300 SECOND" in spell(text, "mysql")
    assert "50%%" in spell(text, "mysql")
    for dialect in ("sqlite", "postgresql", "mysql"):
        assert """'{"a": 1}'""" in spell(text, dialect)
    assert spell("{no_such_word}", "mysql") == "{no_such_word}"


def value(url: str, query: str) -> int:
    with closing(connect(url)) as connection:
        found: int = connection.execute(query).value
        return found


def test_processes_work_on_a_server_whose_url_no_process_list_shows(
    postgres_url: str, mariadb_url: str
) -> None:
    places = {"extraction": postgres_url, "artitec": mariadb_url}
    for system, url in places.items():
        fill(url, system)
    with Workers(places, interval=0.02, feed=0, failing=0) as workers:
        for system, url in places.items():
            pid = workers.pid(system)
            assert b"://" not in Path(f"/proc/{pid}/cmdline").read_bytes()
            eventually(partial(value, url, DONE[system]), what=f"{system} finishes a job")


def test_a_worker_whose_server_is_gone_says_so_without_the_password(
    mariadb_url: str, postgres_url: str, tmp_path: Path
) -> None:
    for url in (mariadb_url, postgres_url):
        address = url.replace("127.0.0.1", "no-such-host.invalid")
        command = [sys.executable, "-m", "unstick.backends.demo.worker", "-", "artitec"]
        environment = {**os.environ, URL_VARIABLE: address}
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert ended.returncode == 1
        assert "demo worker for artitec" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ":***@" in ended.stderr


def test_a_connection_that_was_ended_by_the_server_is_a_failure_and_not_a_crash(
    postgres_url: str, mariadb_url: str
) -> None:
    def end(connection: Connection) -> None:
        if connection.dialect == "postgresql":
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        else:
            connection.execute("KILL CONNECTION_ID()")

    for url in (postgres_url, mariadb_url):
        with closing(connect(url)) as connection:
            with suppress(Failed):
                end(connection)
            with pytest.raises(Failed):
                connection.execute("SELECT 1")


def test_a_killed_process_leaves_no_lock_behind(postgres_url: str) -> None:
    fill(postgres_url, "extraction")
    with Workers({"extraction": postgres_url}, interval=0.01, failing=0) as workers:
        running = "SELECT count(*) FROM kb.object_extraction_jobs WHERE status = 'running'"
        eventually(lambda: value(postgres_url, running), what="jobs run")
        pid = workers.pid("extraction")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: workers.pid("extraction") is None, what="it is gone")
        with closing(connect(postgres_url)) as connection:
            touch = "UPDATE kb.object_extraction_jobs SET updated_at = now() WHERE status = 'running'"
            assert connection.execute(touch).rowcount > 0
