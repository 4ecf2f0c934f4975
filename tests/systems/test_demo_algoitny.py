"""algoitny: two job tables, a history without a foreign key, problems that name the job; and its worker."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, in_database
from unstick.backends.demo import database, seed
from unstick.backends.demo.connection import Connection, connect
from unstick.backends.demo.seed_algoitny import CONTENT_TYPES, EXTRACTION, GENERATION, task_id
from unstick.backends.demo.work_algoitny import CONCURRENCY, AlgoItnyWork

ROWS = seed.rows("algoitny")


@pytest.fixture
def worker_base(tmp_path: Path) -> Iterator[Connection]:
    path = database.create(tmp_path / "demo", systems=["algoitny"])["algoitny"]
    with closing(connect(path)) as connection:
        yield connection


def job(table: str, life: str, number: int = 0) -> seed.SeedRow:
    name = task_id(table, life, number)
    return next(row for row in ROWS if row.table == table and row.values["celery_task_id"] == name)


def life_signs(row: seed.SeedRow) -> list[float]:
    """The ages of the job's progress steps."""
    key = (CONTENT_TYPES[row.table], row.values["id"])
    return [
        one.ages["created_at"] or 0
        for one in ROWS
        if one.table == "job_progress_history"
        and (one.values["content_type_id"], one.values["object_id"]) == key
    ]


def problem_of(row: seed.SeedRow) -> dict[str, Any] | None:
    key = (row.values["platform"], row.values["problem_id"])
    found = [one for one in ROWS if one.table == "problems"]
    by_key = {(one.values["platform"], one.values["problem_id"]): one.values["metadata"] for one in found}
    return by_key.get(key)


def test_every_case_that_is_to_be_recovered_is_there() -> None:
    silent, alive = job(EXTRACTION, "silent"), job(EXTRACTION, "alive")
    assert silent.values["status"] == alive.values["status"] == "PROCESSING"
    assert (silent.ages["updated_at"] or 0) > 1800 < min(life_signs(silent))
    # By updated_at alone it is stuck; its newest step says that it is not.
    assert (alive.ages["updated_at"] or 0) > 1800 > min(life_signs(alive))
    for table in (EXTRACTION, GENERATION):
        assert life_signs(job(table, "bare")) == []
        assert (
            (job(table, "bare").ages["updated_at"] or 0)
            > 1800
            > (job(table, "fresh").ages["updated_at"] or 0)
        )
    assert problem_of(job(EXTRACTION, "no_problem")) is None
    newer = problem_of(job(EXTRACTION, "superseded"))
    assert newer is not None
    assert newer["extraction_job_id"] == job(EXTRACTION, "newer").values["id"]
    assert newer["extraction_status"] == "COMPLETED"
    assert "extraction_job_id" not in (problem_of(job(EXTRACTION, "bare")) or {})
    for table in (EXTRACTION, GENERATION):
        statuses = {row.values["status"] for row in ROWS if row.table == table}
        assert statuses == {"PENDING", "PROCESSING", "COMPLETED", "FAILED"}


async def test_the_database_fills_in_nothing_and_json_has_to_be_json(database_url: str) -> None:
    await create_tables(database_url, "algoitny")
    await in_database(database_url, lambda connection: seed.insert(connection, "algoitny", ROWS))
    bad = [
        f"INSERT INTO {EXTRACTION} (platform, problem_id, problem_url) VALUES ('a', '1', 'u')",
        "UPDATE problems SET metadata = '{\"unclosed'",
        "UPDATE job_progress_history SET object_id = -1",
        "UPDATE job_progress_history SET content_type_id = 99",
        "UPDATE problems SET platform = 'p', problem_id = '1'",
    ]
    for statement in bad:

        def work(connection: sa.Connection, text: str = statement) -> None:
            connection.exec_driver_sql(text)

        with pytest.raises(sa.exc.DBAPIError):
            await in_database(database_url, work)


async def test_a_deleted_job_leaves_its_history_and_a_deleted_content_type_takes_it(
    database_url: str,
) -> None:
    await create_tables(database_url, "algoitny")

    def work(connection: sa.Connection) -> list[int]:
        seed.insert(connection, "algoitny", ROWS)
        count = sa.text("SELECT count(*) FROM job_progress_history")
        found = [connection.execute(count).scalar_one()]
        connection.exec_driver_sql(f"DELETE FROM {EXTRACTION}")
        found.append(connection.execute(count).scalar_one())
        connection.exec_driver_sql("DELETE FROM django_content_type")
        return [*found, connection.execute(count).scalar_one()]

    before, after, last = await in_database(database_url, work)
    assert before == after > last == 0


async def test_numbers_go_on_after_the_seeded_ones(database_url: str) -> None:
    await create_tables(database_url, "algoitny")
    insert = (
        f"INSERT INTO {EXTRACTION}"
        " (platform, problem_id, problem_url, problem_identifier, status, created_at,"
        " updated_at) VALUES ('p', '1', 'u', 'i', 'PENDING', '2026-01-01', '2026-01-01')"
    )

    def work(connection: sa.Connection) -> int:
        seed.insert(connection, "algoitny", ROWS)
        connection.exec_driver_sql(insert)
        newest: int = connection.exec_driver_sql(f"SELECT max(id) FROM {EXTRACTION}").scalar_one()
        return newest

    seeded = max(row.values["id"] for row in ROWS if row.table == EXTRACTION)
    assert await in_database(database_url, work) == seeded + 1


def ticks(work: AlgoItnyWork, until: Callable[[], object]) -> list[str]:
    said: list[str] = []
    for _ in range(500):
        if until():
            return said
        said += work.tick()
    raise AssertionError(f"not within 500 rounds; it said {said[-5:]}")


def test_the_worker_finishes_all_that_is_pending_and_tells_it_in_the_history_only(
    worker_base: Connection,
) -> None:
    pending = f"""
        SELECT count(*) FROM (SELECT status FROM {EXTRACTION} UNION ALL SELECT status FROM {GENERATION})
        WHERE status = 'PENDING'
    """
    oldest = f"SELECT id, updated_at FROM {EXTRACTION} WHERE status = 'PENDING' ORDER BY created_at LIMIT ?"
    first = [tuple(row) for row in worker_base.execute(oldest, (CONCURRENCY,))]
    work = AlgoItnyWork(worker_base)
    begun = work.tick()
    assert begun[:CONCURRENCY] == [f"started extraction {number}" for number, _ in first]
    said = ticks(work, lambda: worker_base.execute(pending).fetchone()[0] == 0 and not work._held)
    assert {line.split()[0] for line in said} == {"started", "completed", "failed"}
    for number, updated in first:
        row = worker_base.execute(f"SELECT * FROM {EXTRACTION} WHERE id = ?", (number,)).fetchone()
        assert row["status"] in ("COMPLETED", "FAILED")
        assert row["updated_at"] == updated
        steps = worker_base.execute(
            "SELECT status FROM job_progress_history WHERE content_type_id = ? AND object_id = ? ORDER BY id",
            (CONTENT_TYPES[EXTRACTION], number),
        ).fetchall()
        assert steps[0][0] == "started"
        assert steps[-1][0] == row["status"].lower()
        metadata = json.loads(
            worker_base.execute(
                "SELECT metadata FROM problems WHERE platform = ? AND problem_id = ?",
                (row["platform"], row["problem_id"]),
            ).fetchone()[0]
        )
        assert metadata["extraction_status"] == row["status"]
        assert metadata["extraction_job_id"] == number


def test_the_worker_leaves_the_silent_jobs_and_takes_over_the_living(worker_base: Connection) -> None:
    work = AlgoItnyWork(worker_base)
    said = work.adopt()
    alive = {("alive", 0), ("alive", 1), ("fresh", 0)}
    ids = {job(EXTRACTION, *case).values["id"] for case in alive}
    generation = job(GENERATION, "fresh").values["id"]
    assert set(said) == {
        *(f"took over extraction {number}" for number in ids),
        f"took over generation {generation}",
    }


def test_a_job_that_was_reset_is_given_up_and_the_same_worker_may_begin_it_again(
    worker_base: Connection,
) -> None:
    worker_base.execute(f"DELETE FROM {GENERATION}")
    worker_base.execute(f"DELETE FROM {EXTRACTION} WHERE status <> 'PENDING'")
    work = AlgoItnyWork(worker_base)
    work.tick()
    worker_base.execute(f"UPDATE {EXTRACTION} SET status = 'FAILED' WHERE status = 'PROCESSING'")
    said = work.tick()
    assert sum(line.endswith("somebody else changed it") for line in said) == CONCURRENCY
    worker_base.execute(f"UPDATE {EXTRACTION} SET status = 'PENDING' WHERE status = 'FAILED'")
    left = f"SELECT count(*) FROM {EXTRACTION} WHERE status IN ('PENDING', 'PROCESSING')"
    ticks(work, lambda: worker_base.execute(left).fetchone()[0] == 0)


def test_the_worker_keeps_jobs_in_stock_when_told_to(worker_base: Connection) -> None:
    for table in (EXTRACTION, GENERATION):
        worker_base.execute(f"DELETE FROM {table}")
    said = AlgoItnyWork(worker_base, feed=1).tick()
    assert said[:2] == [f"added a job to {EXTRACTION}", f"added a job to {GENERATION}"]
    assert len([line for line in said if line.startswith("started")]) == 2
