"""The bg_jobs worker: intervals task by task, what a kill leaves, what a recovery finishes and skips."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.systems.test_demo_bg_jobs import PROGRESS_KEYS
from unstick.backends.demo import database
from unstick.backends.demo.connection import Connection, connect
from unstick.backends.demo.seed_bg_jobs import interval_id, job_id, task_id
from unstick.backends.demo.work_bg_jobs import BgJobsWork
from unstick.backends.demo.work_bg_jobs_rows import Rows


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Connection]:
    path = database.create(tmp_path / "demo", systems=["bg_jobs"])["bg_jobs"]
    with closing(connect(path)) as connection:
        yield connection


@pytest.fixture
def console(tmp_path: Path, base: Connection) -> Iterator[Connection]:
    """Another connection to the worker's database: what is done in it is news to the worker."""
    with closing(connect(database.path_of(tmp_path / "demo", "bg_jobs"))) as connection:
        yield connection


def progress_of(connection: Connection, name: str) -> dict[str, Any]:
    text = connection.execute("SELECT interval_progress FROM jobs WHERE id = ?", (name,)).fetchone()[0]
    found: dict[str, Any] = json.loads(text)
    return found


def states(connection: Connection, name: str) -> Counter[str]:
    return Counter(result["status"] for result in progress_of(connection, name)["task_results"].values())


def effects(connection: Connection) -> Counter[str]:
    return Counter(row[0] for row in connection.execute("SELECT task_id FROM demo_side_effects"))


def queued(connection: Connection, name: str) -> set[tuple[str, str]]:
    query = "SELECT kind, state FROM river_job WHERE json_extract(args, '$.job_id') = ?"
    return {tuple(row) for row in connection.execute(query, (name,))}


def recover(connection: Connection, name: str) -> None:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchone()
    Rows(connection).recover(row)


def due(connection: Connection, name: str) -> None:
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


def test_an_interval_runs_all_its_tasks_once_and_the_next_one_is_scheduled(base: Connection) -> None:
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


def test_after_a_kill_a_recovery_goes_on_where_the_interval_stopped(base: Connection) -> None:
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
    base: Connection,
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
def test_a_recovery_of_a_job_that_may_not_run_does_nothing(base: Connection, life: str) -> None:
    query = "SELECT * FROM jobs WHERE id = ?"
    before = tuple(base.execute(query, (job_id(life),)).fetchone())
    recover(base, job_id(life))
    ticks(BgJobsWork(base), lambda: ("task_recovery", "completed") in queued(base, job_id(life)))
    assert tuple(base.execute(query, (job_id(life),)).fetchone()) == before


def test_a_run_that_finds_its_interval_interrupted_asks_for_a_recovery(base: Connection) -> None:
    name = job_id("stuck")
    row = base.execute("SELECT * FROM jobs WHERE id = ?", (name,)).fetchone()
    Rows(base).schedule(row, seconds=0)
    work = BgJobsWork(base)
    said = ticks(work, lambda: progress_of(base, name)["status"] == "completed")
    assert f"scheduled a recovery of interval {interval_id('stuck')}" in said
    assert effects(base)[task_id("stuck", 0, 0)] == 0
    assert effects(base)[task_id("stuck", 0, 2)] == 1


def test_a_job_without_recovery_starts_over_once_its_interval_is_cleared(
    base: Connection, console: Connection
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
    base: Connection,
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
    base: Connection,
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


def test_runs_are_due_earlier_when_the_worker_is_to_be_kept_busy(base: Connection) -> None:
    base.execute("DELETE FROM river_job WHERE kind = 'task_recovery'")
    work = BgJobsWork(base, feed=2)
    assert "let a run be due earlier" in work.tick()
    said = [line for _ in range(30) for line in work.tick()]
    assert sum(line.startswith("completed interval") for line in said) > 2
