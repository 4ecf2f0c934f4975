"""The embedded demo: complete files, and workers that move jobs on, lose them in a crash, respect a reset."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.harness.waiting import eventually
from unstick.backends.demo import database
from unstick.backends.demo.connection import Connection, connect
from unstick.backends.demo.work import Fate
from unstick.backends.demo.work_artitec import ArtitecWork
from unstick.backends.demo.work_extraction import BATCH, ExtractionWork
from unstick.backends.demo.workers import Workers
from unstick.recovery.errors import BackendError

pytestmark = pytest.mark.processes

BOTH = ("artitec", "extraction")
RESET = "UPDATE {} SET status = 'failed' WHERE status = 'running'"


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return database.create(tmp_path / "demo", systems=BOTH)


@pytest.fixture
def artitec(paths: dict[str, Path]) -> Iterator[Connection]:
    with closing(connect(paths["artitec"])) as connection:
        yield connection


@pytest.fixture
def extraction(paths: dict[str, Path]) -> Iterator[Connection]:
    with closing(connect(paths["extraction"])) as connection:
        yield connection


def value(connection: Connection, query: str, *parameters: object) -> Any:
    return connection.execute(query, parameters).fetchone()[0]


def value_in(path: Path, query: str) -> Any:
    with closing(connect(path)) as connection:
        return value(connection, query)


def ticks(work: ArtitecWork | ExtractionWork, until: Callable[[], object]) -> list[str]:
    """What the worker said until something came true, within a thousand rounds."""
    said: list[str] = []
    for _ in range(1000):
        if until():
            return said
        said += work.tick()
    raise AssertionError(f"not within a thousand rounds; it said {said[-5:]}")


def test_the_files_are_complete_and_in_wal_mode_with_nothing_beside_them(paths: dict[str, Path]) -> None:
    assert set(paths) == set(BOTH)
    folder = paths["artitec"].parent
    assert sorted(path.name for path in folder.iterdir()) == ["artitec.sqlite3", "extraction.sqlite3"]
    for path in paths.values():
        with closing(connect(path)) as connection:
            assert value(connection, "PRAGMA journal_mode") == "wal"
            assert value(connection, "PRAGMA integrity_check") == "ok"
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_database_that_is_there_is_left_alone_unless_fresh(paths: dict[str, Path]) -> None:
    folder, path = paths["artitec"].parent, paths["artitec"]
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM collection_jobs")
        database.create(folder, systems=BOTH)
        assert value_in(path, "SELECT count(*) FROM collection_jobs") == 0
        database.create(folder, fresh=True, systems=BOTH)
        # Whoever has it open sees it start over.
        assert value(connection, "SELECT count(*) FROM collection_jobs") == 60
        connection.execute("DELETE FROM collection_jobs")
    assert value_in(path, "SELECT count(*) FROM collection_jobs") == 0


def test_starting_over_gives_up_on_a_locked_file_and_leaves_it_as_it_was(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.05)
    path = paths["artitec"]
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM collection_jobs WHERE status = 'pending'")
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendError, match=r"artitec\.sqlite3 can't be made: locked"):
            database.create(path.parent, fresh=True, systems=BOTH)
        connection.execute("COMMIT")
        assert value(connection, "SELECT count(*) FROM collection_jobs WHERE status = 'pending'") == 0
    assert sorted(one.name for one in path.parent.iterdir()) == ["artitec.sqlite3", "extraction.sqlite3"]


def test_what_is_in_the_way_of_a_demo_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="file"):
        database.create(tmp_path / "file")
    (tmp_path / "artitec.sqlite3").write_text("not a database at all, but long enough to be one" * 50)
    with pytest.raises(BackendError, match="not a database"):
        database.create(tmp_path, fresh=True)


def test_a_demo_that_could_not_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scale"):
        database.create(tmp_path, scale=0)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_stuck_artitec_job_holds_up_the_queue(artitec: Connection) -> None:
    pending = "SELECT count(*) FROM collection_jobs WHERE status = 'pending'"
    before = value(artitec, pending)
    work = ArtitecWork(artitec)
    assert [work.tick() for _ in range(20)] == [[]] * 20
    assert value(artitec, pending) == before


def test_artitec_takes_the_most_urgent_then_the_oldest_one_at_a_time(artitec: Connection) -> None:
    artitec.execute(RESET.format("collection_jobs"))
    query = (
        "SELECT job_id FROM collection_jobs WHERE status = 'pending' ORDER BY priority DESC, created_at, id"
    )
    queue = [row[0] for row in artitec.execute(query)]
    running = "SELECT count(*) FROM collection_jobs WHERE status = 'running'"
    work = ArtitecWork(artitec)
    said = []
    for _ in range(60):
        said += work.tick()
        assert value(artitec, running) <= 1
    started = [line.split()[1] for line in said if line.startswith("started")]
    assert started == queue[: len(started)]
    assert len(started) > 3


@pytest.mark.parametrize("fails", [True, False])
def test_artitec_finishes_a_job_with_its_times_its_log_and_its_changes(
    artitec: Connection, fails: bool
) -> None:
    artitec.execute(RESET.format("collection_jobs"))
    # Of the jobs that go as wanted, one; the others would only come before it.
    names = [row[0] for row in artitec.execute("SELECT job_id FROM collection_jobs WHERE status = 'pending'")]
    job = next(name for name in names if (Fate.of(0, name, least=6, most=18).fails_at is not None) == fails)
    artitec.execute("DELETE FROM collection_jobs WHERE status = 'pending' AND job_id <> ?", (job,))

    left = "SELECT count(*) FROM collection_jobs WHERE status IN ('pending', 'running')"
    ticks(ArtitecWork(artitec), lambda: value(artitec, left) == 0)
    row = artitec.execute("SELECT * FROM collection_jobs WHERE job_id = ?", (job,)).fetchone()
    assert row["status"] == ("failed" if fails else "completed")
    assert (row["error_message"] is not None) == fails
    assert row["created_at"] <= row["started_at"] <= row["completed_at"] == row["updated_at"]
    levels = [
        level
        for (level,) in artitec.execute(
            "SELECT level FROM collection_job_logs WHERE job_id = ? ORDER BY id", (job,)
        )
    ]
    assert levels[-1] == ("ERROR" if fails else "SUCCESS")
    assert (
        value(artitec, "SELECT count(*) FROM collection_changes WHERE job_id = ?", job)
        == row["changes_detected"]
    )


def test_artitec_gives_up_a_job_that_was_reset_and_started_by_somebody_else(
    artitec: Connection,
) -> None:
    artitec.execute(RESET.format("collection_jobs"))
    work = ArtitecWork(artitec)
    (said,) = work.tick()
    job = said.removeprefix("started ")
    theirs = "UPDATE collection_jobs SET started_at = '2020-01-01', updated_at = 'theirs' WHERE job_id = ?"
    artitec.execute(theirs, (job,))
    assert work.tick() == [f"gave up {job}: somebody else changed it"]
    assert work.tick() == []
    assert value(artitec, "SELECT updated_at FROM collection_jobs WHERE job_id = ?", job) == "theirs"


def test_extraction_takes_the_oldest_first_up_to_its_batch(extraction: Connection) -> None:
    query = "SELECT id FROM object_extraction_jobs WHERE status = 'pending' ORDER BY created_at, id LIMIT ?"
    oldest = [row[0] for row in extraction.execute(query, (BATCH,))]
    assert ExtractionWork(extraction).tick() == [f"started {job}" for job in oldest]


def test_extraction_sends_life_signs_counts_and_finishes(extraction: Connection) -> None:
    extraction.execute(RESET.format("object_extraction_jobs"))
    work = ExtractionWork(extraction)
    jobs = {line.removeprefix("started ") for line in work.tick()}
    extraction.execute("UPDATE object_extraction_jobs SET updated_at = 'old' WHERE status = 'running'")
    work.tick()
    assert value(extraction, "SELECT count(*) FROM object_extraction_jobs WHERE updated_at = 'old'") == 0

    open_jobs = "SELECT count(*) FROM object_extraction_jobs WHERE status IN ('pending', 'running')"
    said = ticks(work, lambda: value(extraction, open_jobs) == 0)
    assert {line.split()[0] for line in said} >= {"started", "completed", "failed"}
    for job in jobs:
        row = extraction.execute("SELECT * FROM object_extraction_jobs WHERE id = ?", (job,)).fetchone()
        assert row["created_at"] < row["started_at"] <= row["completed_at"] == row["updated_at"]
        if row["status"] != "failed":
            assert row["processed_items"] == row["successful_items"] == row["total_items"]


def test_extraction_gives_up_a_job_that_was_put_back(extraction: Connection) -> None:
    work = ExtractionWork(extraction)
    work.tick()
    extraction.execute("UPDATE object_extraction_jobs SET status = 'cancelled' WHERE status = 'running'")
    said = work.tick()
    assert sum("gave up" in line for line in said) == BATCH
    running = "SELECT count(*) FROM object_extraction_jobs WHERE status = 'running'"
    assert value(extraction, running) == sum("started" in line for line in said)


def test_the_same_seed_gives_every_job_the_same_fate() -> None:
    fates = [Fate.of(3, f"job {number}", least=5, most=30) for number in range(100)]
    assert fates == [Fate.of(3, f"job {number}", least=5, most=30) for number in range(100)]
    assert 5 <= sum(fate.fails_at is not None for fate in fates) <= 40
    assert all(5 <= fate.steps <= 30 for fate in fates)


def test_a_worker_keeps_jobs_in_stock_when_told_to(extraction: Connection) -> None:
    extraction.execute("DELETE FROM object_extraction_jobs")
    work = ExtractionWork(extraction, feed=2)
    assert work.tick() == ["added a job", *work_started(extraction)]


def work_started(extraction: Connection) -> list[str]:
    query = "SELECT id FROM object_extraction_jobs WHERE status = 'running'"
    return [f"started {row[0]}" for row in extraction.execute(query)]


def test_processes_take_over_the_living_jobs_finish_them_and_stop_when_told(paths: dict[str, Path]) -> None:
    workers = Workers(paths, interval=0.01, feed=0)
    with workers:
        pids = [workers.pid(system) for system in BOTH]
        assert None not in pids
        # Of three running ones the living one ends, and the other two keep the next from being started.
        running = "SELECT count(*) FROM collection_jobs WHERE status = 'running'"
        eventually(lambda: value_in(paths["artitec"], running) == 2, what="the living job of artitec ends")
        open_jobs = "SELECT count(*) FROM object_extraction_jobs WHERE status IN ('pending', 'running')"
        # What is left are the five orphans.
        eventually(lambda: value_in(paths["extraction"], open_jobs) == 5, what="extraction has done its work")
        assert os.getpgid(0) not in {os.getpgid(pid) for pid in pids if pid is not None}
        processes = list(workers._processes.values())
    assert [process.returncode for process in processes] == [0, 0]
    assert [workers.pid(system) for system in BOTH] == [None, None]


def test_a_killed_worker_leaves_its_job_stuck_and_its_successor_does_not_touch_it(
    paths: dict[str, Path],
) -> None:
    path = paths["artitec"]
    with closing(connect(path)) as connection:
        connection.execute(RESET.format("collection_jobs"))
    running = "SELECT max(job_id) FROM collection_jobs WHERE status = 'running'"
    with Workers({"artitec": path}, interval=0.2, feed=0) as workers:
        eventually(lambda: value_in(path, running), what="a job runs")
        workers.kill("artitec")
        job, seen = value_in(path, running), value_in(path, "SELECT max(id) FROM collection_job_logs")
        assert job is not None
        assert workers.pid("artitec") is None
        workers.start()
        assert workers.pid("artitec") is not None
    assert value_in(path, running) == job
    assert value_in(path, "SELECT max(id) FROM collection_job_logs") == seen


def test_a_worker_goes_when_its_parent_is_killed(paths: dict[str, Path], tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from unstick.backends.demo.workers import Workers\n"
        "workers = Workers({'artitec': Path(sys.argv[1])}, interval=0.01); workers.start()\n"
        "print(workers.pid('artitec'), flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(paths["artitec"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    eventually(lambda: not is_alive(child), what="the worker is gone")


def is_alive(pid: int) -> bool:
    """A process that only waits to be collected by its new parent is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_stops_when_its_database_is_removed(paths: dict[str, Path], tmp_path: Path) -> None:
    path, log = paths["artitec"], tmp_path / "artitec.log"
    with Workers({"artitec": path}, interval=0.01, logs=tmp_path) as workers:
        eventually(lambda: log.exists() and log.read_text(), what="the worker works")
        path.unlink()
        eventually(lambda: workers.pid("artitec") is None, what="the worker has noticed")


def test_a_worker_goes_on_when_the_demo_starts_over(paths: dict[str, Path]) -> None:
    path = paths["extraction"]
    logs = "SELECT count(*) FROM object_extraction_logs WHERE message LIKE 'chunk % of %'"
    with Workers({"extraction": path}, interval=0.01) as workers:
        seeded = value_in(path, logs)
        eventually(lambda: value_in(path, logs) > seeded + 200, what="the worker works")
        database.create(path.parent, fresh=True, systems=BOTH)
        eventually(lambda: value_in(path, logs) > seeded + 200, what="the worker works on the new rows")
        assert workers.pid("extraction") is not None
    assert value_in(path, "PRAGMA integrity_check") == "ok"


def test_a_worker_without_a_database_says_so_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "missing.sqlite3"
    command = [sys.executable, "-m", "unstick.backends.demo.worker", str(path), "artitec"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "missing.sqlite3" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not path.exists()
