"""bg_jobs: intervals inside a JSON document, the queue's own rules, every case that is seeded."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database
from unstick.backends.demo import seed
from unstick.backends.demo.rows import Moment
from unstick.backends.demo.seed_bg_jobs import interval_id, job_id, task_id

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
