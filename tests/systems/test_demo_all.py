"""What holds for the tables and rows of all five systems, and which of them the demo shows."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.harness.waiting import eventually
from tests.systems.databases import create_tables, dialect_of, in_database
from unstick.backends.demo import database, hostile, seed
from unstick.backends.demo.connection import connect
from unstick.backends.demo.hostile_new import DOCUMENTS
from unstick.backends.demo.pace import PACES
from unstick.backends.demo.rows import COLUMNS, SeedRow, SystemColumns
from unstick.backends.demo.work_bg_jobs import BgJobsWork
from unstick.backends.demo.work_bg_jobs_rows import Rows
from unstick.backends.demo.worker import WORKS
from unstick.backends.demo.workers import Workers

pytestmark = pytest.mark.processes

NEW = ("algoitny", "feedlyai", "bg_jobs")
JOBS = {
    "algoitny": {"problem_extraction_jobs", "script_generation_jobs"},
    "feedlyai": {"jobs", "jobs_variants"},
    "bg_jobs": {"jobs"},
}


def jobs(system: str, **options: int) -> list[SeedRow]:
    return [row for row in seed.rows(system, **options) if row.table in JOBS[system]]


def test_the_demo_shows_its_systems_each_with_a_pace_and_artitec_first(tmp_path: Path) -> None:
    assert seed.SYSTEMS[0] == "artitec"
    assert list(PACES) == list(seed.SYSTEMS)
    assert set(seed.ALL) == {"artitec", "extraction", *NEW} == set(WORKS) == set(COLUMNS)
    assert tuple(database.create(tmp_path / "demo")) == seed.SYSTEMS


def test_databases_of_all_five_are_made_when_asked_for(tmp_path: Path) -> None:
    paths = database.create(tmp_path / "demo", systems=seed.ALL)
    assert tuple(paths) == seed.ALL
    for path in paths.values():
        with closing(connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("system", NEW)
async def test_every_statement_and_every_row_goes_into_an_empty_database(
    database_url: str, system: str
) -> None:
    await create_tables(database_url, system)
    rows = seed.rows(system)

    def work(connection: sa.Connection) -> tuple[set[str], Counter[str]]:
        assert seed.insert(connection, system, rows) == len(rows)
        names = {name for name in sa.inspect(connection).get_table_names() if "sqlite_" not in name}
        query = "SELECT count(*) FROM {}"
        found = {name: connection.exec_driver_sql(query.format(name)).scalar_one() for name in names}
        return names, Counter(found)

    names, counts = await in_database(database_url, work)
    own = {"demo_side_effects"} if system == "bg_jobs" and dialect_of(database_url) == "sqlite" else set()
    assert names == {*COLUMNS[system].tables, *own}
    assert +counts == Counter(row.table for row in rows)


@pytest.mark.parametrize("system", NEW)
def test_a_seed_always_gives_the_same_rows(system: str) -> None:
    assert seed.rows(system, seed=7) == seed.rows(system, seed=7)
    assert seed.rows(system, seed=7) != seed.rows(system, seed=8)


@pytest.mark.parametrize("system", NEW)
async def test_scale_multiplies_the_jobs_of_every_status(sqlite_url: str, system: str) -> None:
    once = Counter((row.table, row.values["status"]) for row in jobs(system))
    assert Counter((row.table, row.values["status"]) for row in jobs(system, scale=12)) == {
        status: 12 * count for status, count in once.items()
    }
    with pytest.raises(ValueError, match="scale"):
        seed.rows(system, scale=0)

    await create_tables(sqlite_url, system)
    rows = seed.rows(system, scale=12)
    await in_database(sqlite_url, lambda connection: seed.insert(connection, system, rows))


TEXTS = {
    "algoitny": "SELECT error_message FROM problem_extraction_jobs",
    "feedlyai": "SELECT version FROM jobs",
    "bg_jobs": "SELECT result FROM tasks",
}


@pytest.mark.parametrize("system", NEW)
async def test_hostile_texts_come_back_as_they_went_in_beside_the_ordinary_rows(
    database_url: str, system: str
) -> None:
    await create_tables(database_url, system)
    rows = seed.hostile_rows(system, dialect_of(database_url))

    def work(connection: sa.Connection) -> set[str]:
        seed.insert(connection, system, [*seed.rows(system), *rows])
        query = TEXTS[system]
        if connection.dialect.name == "sqlite":
            column = query.split()[1]
            query = query.replace(column, f"CASE WHEN {column} NOT GLOB 'caf*' THEN {column} END")
        return set(connection.exec_driver_sql(query).scalars())

    found = await in_database(database_url, work)
    assert set(hostile.TEXTS.values()) <= found
    assert (hostile.NUL_TEXT in found) == (dialect_of(database_url) != "postgresql")
    assert max(len(text or "") for text in found) > 900_000


@pytest.mark.parametrize("system", NEW)
async def test_the_worker_stands_hostile_rows(tmp_path: Path, system: str) -> None:
    path = database.create(tmp_path / "demo", systems=[system])[system]

    def add(connection: sa.Connection) -> None:
        seed.insert(connection, system, seed.hostile_rows(system))

    await in_database(f"sqlite:///{path}", add)
    with closing(connect(path)) as connection:
        work = WORKS[system](connection, feed=3)
        work.adopt()
        for _ in range(20):
            work.tick()


def test_the_worker_stands_every_odd_document_in_runs_and_in_recoveries(tmp_path: Path) -> None:
    path = database.create(tmp_path / "demo", systems=["bg_jobs"])["bg_jobs"]
    insert = """
        INSERT INTO jobs (id, name, user_id, workspace_id, payload, type, created_at, updated_at, version,
            river_job_id, current_interval_id, interval_progress)
        VALUES (?, 'n', 'u', 'w', '{}', 'interval', '2026-01-01', '2026-01-01', 1, 0, 'i', ?)
    """
    left = "SELECT 1 FROM river_job WHERE state = 'running' OR state = 'available' AND attempt = 0"
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM jobs")
        connection.execute("DELETE FROM river_job")
        rows = Rows(connection)
        for name, document in DOCUMENTS.items():
            connection.execute(insert, (name, document))
            job = connection.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchone()
            rows.recover(job)
            rows.schedule(job, seconds=0)
        work = BgJobsWork(connection)
        rounds = 0
        while connection.execute(left).fetchone() is not None and rounds < 500:
            work.tick()
            rounds += 1
        text = connection.execute("SELECT interval_progress FROM jobs WHERE id = 'nothing in it'").fetchone()
        assert json.loads(text[0])["status"] == "completed"
    assert 0 < rounds < 500


def set_zone(connection: sa.Connection, zone: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET TIME ZONE INTERVAL '{zone}' HOUR TO MINUTE")
    elif connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET time_zone = '{zone}'")


def age_of(connection: sa.Connection, columns: SystemColumns, table: str, column: str) -> str:
    """SQL for the seconds since the time in `column`, by means other than those that wrote it."""
    is_zoned = columns.clocks.get((table, column), columns.clock) == "zoned"
    if connection.dialect.name == "postgresql":
        instant = column if is_zoned else f"{column} AT TIME ZONE 'UTC'"
        return f"extract(epoch FROM clock_timestamp() - ({instant}))"
    if connection.dialect.name == "sqlite":
        return f"(julianday('now') - julianday({column})) * 86400"
    if is_zoned:
        return f"unix_timestamp(now(6)) - unix_timestamp({column})"
    return f"timestampdiff(MICROSECOND, {column}, utc_timestamp(6)) / 1e6"


def tables_with_ages(system: str) -> Iterator[tuple[str, list[SeedRow]]]:
    for table in COLUMNS[system].tables:
        rows = [row for row in seed.rows(system) if row.table == table and row.ages]
        if rows:
            yield table, rows


@pytest.mark.parametrize("zone", ["+09:00", "-05:00"])
@pytest.mark.parametrize("system", NEW)
async def test_ages_land_as_meant_whatever_the_time_zone_of_the_session(
    database_url: str, system: str, zone: str
) -> None:
    await create_tables(database_url, system)

    def write(connection: sa.Connection) -> None:
        set_zone(connection, zone)
        seed.insert(connection, system, seed.rows(system))

    def read(connection: sa.Connection) -> None:
        set_zone(connection, "-03:00")
        for table, rows in tables_with_ages(system):
            for column in rows[0].ages:
                age = age_of(connection, COLUMNS[system], table, column)
                seen = connection.exec_driver_sql(f"SELECT {age} FROM {table}").scalars()
                found = sorted(float(one) for one in seen if one is not None)
                meant = sorted(one for row in rows if (one := row.ages[column]) is not None)
                assert len(found) == len(meant), f"{table}.{column}"
                for age_found, age_meant in zip(found, meant, strict=True):
                    assert age_meant - 2 < age_found < age_meant + 300, f"{table}.{column}"

    await in_database(database_url, write)
    await in_database(database_url, read)


# What there is none of in the seeded rows, and comes when a worker works.
SIGNS = {
    # The seeded tasks are named by UUIDs of another version.
    "algoitny": "problem_extraction_jobs WHERE substr(celery_task_id, 15, 1) = '4' AND status = 'COMPLETED'",
    "feedlyai": "jobs WHERE status = 'running' AND julianday(updated_at) > julianday('now', '-3 seconds')",
    "bg_jobs": "demo_side_effects",
}


def test_processes_work_on_all_three_and_stop_when_told(tmp_path: Path) -> None:
    paths = database.create(tmp_path / "demo", systems=NEW)

    def sign(system: str) -> int:
        with closing(connect(paths[system])) as connection:
            count: int = connection.execute(f"SELECT count(*) FROM {SIGNS[system]}").fetchone()[0]
            return count

    with Workers(paths, interval=0.05, feed=2) as workers:
        for system in NEW:
            eventually(partial(sign, system), what=f"{system} works")
        workers.kill("bg_jobs")
        assert workers.pid("bg_jobs") is None
        processes = list(workers._processes.values())
    assert [process.returncode for process in processes] == [0, 0]
