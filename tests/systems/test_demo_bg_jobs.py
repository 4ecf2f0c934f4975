"""bg_jobs: intervals inside a JSON document, the queue's own rules, every case that is seeded; its worker."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database
from unstick.backends.demo import database, seed
from unstick.backends.demo.rows import Moment
from unstick.backends.demo.seed_bg_jobs import interval_id, job_id, task_id
from unstick.backends.demo.work import connect
from unstick.backends.demo.work_bg_jobs import BgJobsWork
from unstick.backends.demo.work_bg_jobs_rows import Rows

ROWS = seed.rows("bg_jobs")
PROGRESS_KEYS = {
    "interval_id",
    "total_tasks",
    "completed_tasks",
    "failed_tasks",
    "task_results",
    "status",
    "started_at",
    "last_updated_at",
}
RUNNING = (
    "stuck",
    "young",
    "all_finished",
    "no_tasks",
    "disabled",
    "recovering",
    "at_limit",
    "inactive",
    "deleted",
)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = database.create(tmp_path / "demo", systems=["bg_jobs"])["bg_jobs"]
    with closing(connect(path)) as connection:
        yield connection


@pytest.fixture
def console(tmp_path: Path, base: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Another connection to the worker's database: what is done in it is news to the worker."""
    with closing(connect(database.path_of(tmp_path / "demo", "bg_jobs"))) as connection:
        yield connection


def job(life: str, number: int = 0) -> seed.SeedRow:
    return next(row for row in ROWS if row.table == "jobs" and row.values["id"] == job_id(life, number))


def recoveries(life: str) -> list[str]:
    """The states of the queue's rows that are to recover the job's interval."""
    return [
        row.values["state"]
        for row in ROWS
        if row.table == "river_job"
        and row.values["kind"] == "task_recovery"
        and row.values["args"]["interval_id"] == interval_id(life)
    ]


def silent_for(life: str, number: int = 0) -> float:
    moment = job(life, number).values["interval_progress"]["last_updated_at"]
    assert isinstance(moment, Moment)
    return moment.age


def tasks_of(life: str) -> Counter[str]:
    results = job(life).values["interval_progress"]["task_results"]
    return Counter(result["status"] for result in results.values())


def test_every_case_that_is_to_be_recovered_is_there() -> None:
    for life in RUNNING:
        progress = job(life).values["interval_progress"]
        assert set(progress) == PROGRESS_KEYS
        assert progress["status"] == "running"
        assert (silent_for(life) > 300) == (life != "young")
        assert progress["interval_id"] == job(life).values["current_interval_id"] == interval_id(life)
    assert tasks_of("stuck") == {"completed": 2, "running": 1, "created": 2}
    assert tasks_of("all_finished") == {"completed": 2, "failed": 1}
    assert tasks_of("no_tasks") == {}
    assert job("no_tasks").values["interval_progress"]["total_tasks"] == 4
    assert not job("disabled").values["enable_recovery"]
    assert recoveries("recovering") == ["available"]
    assert recoveries("at_limit") == ["discarded"] * 3
    assert recoveries("stuck") == []
    assert job("inactive").values["status"] == "inactive"
    assert job("deleted").values["is_deleted"]
    assert job("new").values["interval_progress"] is None
    with pytest.raises(json.JSONDecodeError):
        json.loads(job("malformed").values["interval_progress"])
    with pytest.raises(ValueError, match="yesterday"):
        datetime.fromisoformat(job("odd_time").values["interval_progress"]["last_updated_at"])


def test_a_task_result_has_only_the_keys_that_the_application_writes() -> None:
    results = job("all_finished").values["interval_progress"]["task_results"]
    for name, result in results.items():
        text = {"completed": "result", "failed": "error"}[result["status"]]
        assert set(result) == {"task_id", "status", text, "started_at", "ended_at"}
        assert result["task_id"] == name
    created = job("stuck").values["interval_progress"]["task_results"][task_id("stuck", 0, 4)]
    assert set(created) == {"task_id", "status", "started_at"}


def test_the_recoveries_waiting_in_the_queue_have_every_state_at_a_larger_scale() -> None:
    states = {
        row.values["state"]
        for row in seed.rows("bg_jobs", scale=4)
        if row.table == "river_job" and row.values["kind"] == "task_recovery"
    }
    assert states == {"available", "scheduled", "retryable", "running", "discarded"}


async def test_the_times_in_the_document_are_of_the_databases_clock(database_url: str) -> None:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))

    def read(connection: sa.Connection) -> dict[str, str]:
        found = connection.exec_driver_sql("SELECT id, interval_progress FROM jobs WHERE type = 'interval'")
        return {str(row[0]): row[1] for row in found}

    texts = await in_database(database_url, read)
    assert texts[job_id("malformed")] == job("malformed").values["interval_progress"]
    for number, offset in ((0, "Z"), (1, "+07:00")):
        text = json.loads(texts[job_id("stuck", number)])["last_updated_at"]
        assert text.endswith(offset)
        age = (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()
        assert silent_for("stuck", number) - 2 < age < silent_for("stuck", number) + 300


RECOVERY = """
    INSERT INTO river_job (state, max_attempts, kind, args, unique_key, unique_states, finalized_at)
    SELECT '{state}', 25, kind, args, unique_key, unique_states, {finalized} FROM river_job
    WHERE kind = 'task_recovery' AND state = 'available'
"""
REFUSED = [
    "UPDATE river_job SET state = 'completed' WHERE state = 'available'",
    "UPDATE river_job SET finalized_at = scheduled_at WHERE state = 'running'",
    "UPDATE river_job SET state = 'stuck' WHERE state = 'available'",
    "UPDATE river_job SET priority = 5",
    "UPDATE river_job SET max_attempts = 0",
    "UPDATE river_job SET queue = ''",
    # The same recovery a second time, while the first waits, and when it is over.
    RECOVERY.format(state="scheduled", finalized="NULL"),
    RECOVERY.format(state="completed", finalized="scheduled_at"),
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_queue_refuses_what_it_refuses(database_url: str, statement: str) -> None:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    with pytest.raises(sa.exc.DBAPIError, match=r"(?i)check|constraint|unique|duplicate|enum"):
        await in_database(database_url, lambda connection: connection.exec_driver_sql(statement))


async def test_a_recovery_may_be_tried_again_after_it_was_discarded(database_url: str) -> None:
    await create_tables(database_url, "bg_jobs")

    def work(connection: sa.Connection) -> int:
        seed.insert(connection, "bg_jobs", ROWS)
        discard = "UPDATE river_job SET state = 'discarded', finalized_at = scheduled_at"
        connection.exec_driver_sql(f"{discard} WHERE kind = 'task_recovery' AND state = 'available'")
        connection.exec_driver_sql(
            "INSERT INTO river_job (state, max_attempts, kind, args, unique_key, unique_states)"
            " SELECT 'available', 25, kind, args, unique_key, unique_states FROM river_job"
            " WHERE kind = 'task_recovery' ORDER BY id LIMIT 1"
        )
        found: int = connection.exec_driver_sql("SELECT max(id) FROM river_job").scalar_one()
        return found

    assert await in_database(database_url, work) == 1 + max(
        row.values["id"] for row in ROWS if row.table == "river_job"
    )


async def test_the_index_of_incomplete_intervals_is_partial_where_there_are_such(database_url: str) -> None:
    await create_tables(database_url, "bg_jobs")

    def work(connection: sa.Connection) -> dict[str, Any]:
        indexes = {index["name"]: index for index in sa.inspect(connection).get_indexes("jobs")}
        return dict(indexes["idx_jobs_incomplete_intervals"])

    found = await in_database(database_url, work)
    assert found["column_names"] == ["type", "status", "is_deleted", "current_interval_id"]
    options = found.get("dialect_options", {})
    condition = " ".join(str(value) for name, value in options.items() if name.endswith("_where"))
    if dialect_of(database_url) != "mysql":
        assert "current_interval_id IS NOT NULL" in condition
        assert "interval" in condition


def progress_of(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    text = connection.execute("SELECT interval_progress FROM jobs WHERE id = ?", (name,)).fetchone()[0]
    found: dict[str, Any] = json.loads(text)
    return found


def states(connection: sqlite3.Connection, name: str) -> Counter[str]:
    return Counter(result["status"] for result in progress_of(connection, name)["task_results"].values())


def effects(connection: sqlite3.Connection) -> Counter[str]:
    return Counter(row[0] for row in connection.execute("SELECT task_id FROM demo_side_effects"))


def queued(connection: sqlite3.Connection, name: str) -> set[tuple[str, str]]:
    query = "SELECT kind, state FROM river_job WHERE json_extract(args, '$.job_id') = ?"
    return {tuple(row) for row in connection.execute(query, (name,))}


def recover(connection: sqlite3.Connection, name: str) -> None:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchone()
    Rows(connection).recover(row)


def due(connection: sqlite3.Connection, name: str) -> None:
    """The job's next run is now."""
    connection.execute(
        "UPDATE river_job SET scheduled_at = '2020-01-01' WHERE state = 'scheduled'"
        " AND json_extract(args, '$.job_id') = ?",
        (name,),
    )


def ticks(work: BgJobsWork, until: Callable[[], object]) -> list[str]:
    said: list[str] = []
    for _ in range(300):
        if until():
            return said
        said += work.tick()
    raise AssertionError(f"not within 300 rounds; it said {said[-5:]}")


def test_an_interval_runs_all_its_tasks_once_and_the_next_one_is_scheduled(base: sqlite3.Connection) -> None:
    name = job_id("new")
    due(base, name)
    work = BgJobsWork(base)
    work.tick()
    assert progress_of(base, name)["task_results"] == {}
    seen: set[str] = set()

    def is_over() -> bool:
        seen.update(states(base, name))
        return bool(progress_of(base, name)["status"] == "completed")

    ticks(work, is_over)
    progress = progress_of(base, name)
    assert set(progress) == PROGRESS_KEYS
    assert seen >= {"created", "running", "completed"}
    done = progress["completed_tasks"] + progress["failed_tasks"]
    assert done == progress["total_tasks"] == len(progress["task_results"])
    carried_out = [
        task for task, result in progress["task_results"].items() if result["status"] == "completed"
    ]
    assert {effects(base)[task] for task in carried_out} == {1}
    assert queued(base, name) == {("interval_job", "completed"), ("interval_job", "scheduled")}
    row = base.execute(
        "SELECT *, julianday(next_run_at) > julianday('now') AS later FROM jobs WHERE id = ?", (name,)
    )
    found = row.fetchone()
    assert found["current_interval_id"] == progress["interval_id"]
    assert found["later"]
    assert found["interval_started_at"][:19] == progress["started_at"][:19].replace("T", " ")


def test_after_a_kill_a_recovery_goes_on_where_the_interval_stopped(base: sqlite3.Connection) -> None:
    name = job_id("new")
    due(base, name)
    killed = BgJobsWork(base)
    ticks(
        killed,
        lambda: base.execute(
            "SELECT 1 FROM jobs WHERE id = ? AND interval_progress LIKE '%ended_at%'", (name,)
        ).fetchone(),
    )
    before = progress_of(base, name)
    assert before["status"] == "running"
    after = BgJobsWork(base)
    for _ in range(10):
        after.tick()
    assert progress_of(base, name) == before

    recover(base, name)
    recover(base, name)
    assert ("task_recovery", "available") in queued(base, name)
    ticks(after, lambda: progress_of(base, name)["status"] == "completed")
    results = progress_of(base, name)["task_results"]
    for task, result in before["task_results"].items():
        if result["status"] in ("completed", "failed"):
            assert results[task] == result
    assert set(results) == set(before["task_results"])
    carried_out = [task for task, result in results.items() if result["status"] == "completed"]
    assert {effects(base)[task] for task in carried_out} == {1}
    assert ("interval_job", "scheduled") in queued(base, name)


def test_a_recovery_of_what_is_finished_completes_it_and_of_what_never_began_runs_it(
    base: sqlite3.Connection,
) -> None:
    finished, empty = job_id("all_finished"), job_id("no_tasks")
    results = progress_of(base, finished)["task_results"]
    for name in (finished, empty):
        recover(base, name)
    ticks(
        BgJobsWork(base),
        lambda: {progress_of(base, name)["status"] for name in (finished, empty)} == {"completed"},
    )
    assert progress_of(base, finished)["task_results"] == results
    assert not set(results) & set(effects(base))
    assert states(base, empty) == {"completed": 4}
    assert {effects(base)[task] for task in progress_of(base, empty)["task_results"]} == {1}


@pytest.mark.parametrize("life", ["inactive", "deleted", "malformed"])
def test_a_recovery_of_a_job_that_may_not_run_does_nothing(base: sqlite3.Connection, life: str) -> None:
    query = "SELECT * FROM jobs WHERE id = ?"
    before = tuple(base.execute(query, (job_id(life),)).fetchone())
    recover(base, job_id(life))
    ticks(BgJobsWork(base), lambda: ("task_recovery", "completed") in queued(base, job_id(life)))
    assert tuple(base.execute(query, (job_id(life),)).fetchone()) == before


def test_a_run_that_finds_its_interval_interrupted_asks_for_a_recovery(base: sqlite3.Connection) -> None:
    name = job_id("stuck")
    row = base.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchone()
    Rows(base).schedule(row, seconds=0)
    work = BgJobsWork(base)
    said = ticks(work, lambda: progress_of(base, name)["status"] == "completed")
    assert f"scheduled a recovery of interval {interval_id('stuck')}" in said
    assert effects(base)[task_id("stuck", 0, 0)] == 0
    assert effects(base)[task_id("stuck", 0, 2)] == 1


def test_a_job_without_recovery_starts_over_once_its_interval_is_cleared(
    base: sqlite3.Connection, console: sqlite3.Connection
) -> None:
    name = job_id("disabled")
    work = BgJobsWork(base)
    for _ in range(5):
        work.tick()
    assert progress_of(base, name)["status"] == "running"
    console.execute(
        "UPDATE jobs SET current_interval_id = NULL, interval_progress = NULL WHERE id = ?", (name,)
    )
    tasks = "SELECT status FROM tasks WHERE job_id = ?"
    ticks(work, lambda: [row[0] for row in base.execute(tasks, (name,))] == ["completed"])
    assert ("interval_job", "scheduled") in queued(base, name)


def test_the_queue_itself_gives_a_dead_recovery_another_attempt_after_an_hour(
    base: sqlite3.Connection,
) -> None:
    name = job_id("stuck")
    recover(base, name)
    BgJobsWork(base).tick()
    assert ("task_recovery", "running") in queued(base, name)
    base.execute(
        "UPDATE river_job SET attempted_at = strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '-61 minutes')"
        " WHERE kind = 'task_recovery' AND state = 'running'"
    )
    ticks(BgJobsWork(base), lambda: progress_of(base, name)["status"] == "completed")
    query = "SELECT attempt, errors FROM river_job WHERE kind = 'task_recovery' AND state = 'completed'"
    attempts = {row["attempt"]: row["errors"] for row in base.execute(query)}
    assert "Stuck job rescued" in attempts[2]


def test_the_worker_takes_over_the_living_and_gives_up_what_was_taken_from_it(
    base: sqlite3.Connection,
) -> None:
    work = BgJobsWork(base)
    said = work.adopt()
    assert set(said) == {
        f"took over interval {interval_id('young', number)} of {job_id('young', number)}"
        for number in range(2)
    }
    base.execute(
        "UPDATE jobs SET interval_progress = NULL, current_interval_id = NULL WHERE id = ?",
        (job_id("young"),),
    )
    assert f"gave up {job_id('young')}: somebody else changed it" in work.tick()


def test_runs_are_due_earlier_when_the_worker_is_to_be_kept_busy(base: sqlite3.Connection) -> None:
    base.execute("DELETE FROM river_job WHERE kind = 'task_recovery'")
    work = BgJobsWork(base, feed=2)
    assert "let a run be due earlier" in work.tick()
    said = [line for _ in range(30) for line in work.tick()]
    assert sum(line.startswith("completed interval") for line in said) > 2
