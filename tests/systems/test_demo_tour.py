"""The short tour: what it tells is what happened, its exit code is the truth, and nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.harness.waiting import eventually
from unstick.backends.demo import database, seed, tour, waiting
from unstick.backends.demo.connection import connect
from unstick.backends.demo.killing import SourceWorkers
from unstick.backends.demo.pace import PACES
from unstick.backends.demo.work_artitec import ArtitecWork
from unstick.backends.demo.workers import Workers

pytestmark = pytest.mark.processes

COMMAND = [sys.executable, "-m", "unstick.cli", "demo", "--once"]


def test_every_system_is_toured_and_every_job_of_a_killed_worker_finishes() -> None:
    done = subprocess.run([*COMMAND, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["ok"]
    assert tuple(told["systems"]) == seed.SYSTEMS
    for system, facts in told["systems"].items():
        assert facts["ok"], facts
        assert set(facts["finished"]) == set(facts["killed"])
        assert {one["job"] for one in facts["stuck"]} >= set(facts["killed"]), system
        assert facts["outcomes"]["applied"] >= facts["planned"] >= 1
        assert facts["worker"] != facts["next_worker"]


def test_one_system_is_told_in_plain_lines_without_the_consoles_library() -> None:
    code = (
        "import sys; from unstick.cli import main\n"
        "code = main(['demo', '--once', '--system', 'extraction', '--seed', '3'])\n"
        "print('textual' in sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    words = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert words == ["created", "working", "killed", "found", "dry", "restarted", "recovered", "finished"]
    assert lines[0] == "extraction"
    assert lines[-1] == "False"


async def test_a_job_that_does_not_finish_makes_the_tour_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the retry nobody takes the job up again.
    monkeypatch.setitem(PACES, "artitec", type(PACES["artitec"])({}, {"stuck": 1.0}, ("recover",)))
    monkeypatch.setattr(tour, "PATIENCE", 5.0)
    said: list[tuple[str, str]] = []
    facts = await tour.tour("artitec", tmp_path, seed=0, say=lambda word, text: said.append((word, text)))
    assert not facts.ok
    assert said[-1] == ("failed", "waited 5 s in vain until every one of them has ended well")


def test_an_interrupted_tour_leaves_no_process_and_no_file_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # Tests that run in the background inherit that ctrl-c is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        me = psutil.Process(running.pid)
        eventually(lambda: len(me.children()) >= 3, what="workers run")
        workers = me.children()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=90)
    assert running.returncode == 130, told
    assert "Traceback" not in told
    eventually(lambda: not any(one.is_running() for one in workers), what="the workers are gone")
    assert list(tmp_path.glob("unstick-demo-*")) == []
    assert tempfile.gettempdir() != str(tmp_path)


def test_a_killed_worker_has_a_successor_that_does_not_touch_its_job(tmp_path: Path) -> None:
    path = database.path_of(tmp_path, "artitec")
    database.fill(path, "artitec", waiting.rows("artitec"))
    running = "SELECT job_id, items_found, updated_at FROM collection_jobs WHERE status = 'running'"

    def row() -> tuple[object, ...] | None:
        with closing(connect(path)) as connection:
            found = connection.execute(running).fetchone()
            return None if found is None else tuple(found)

    with Workers({"artitec": path}, interval=0.1, feed=0, failing=0) as workers:
        eventually(row, what="a job runs")
        first = workers.pid("artitec")
        assert workers.kill("artitec", restart_after=0.1) == first
        left = row()
        eventually(lambda: workers.is_ready("artitec"), what="there is another worker")
        assert workers.pid("artitec") not in (None, first)
        assert row() == left
    assert workers.pid("artitec") is None


def test_no_worker_is_started_once_all_have_been_told_to_stop(tmp_path: Path) -> None:
    path = database.path_of(tmp_path, "artitec")
    database.fill(path, "artitec", waiting.rows("artitec"))
    with Workers({"artitec": path}, interval=0.1) as workers:
        workers.kill("artitec", restart_after=3600)
        timers = workers._timers
    assert all(timer.finished.is_set() for timer in timers)
    workers.start("artitec")
    assert workers.pid("artitec") is None


def test_what_is_said_of_a_kill_names_the_worker_and_how_long_it_takes(tmp_path: Path) -> None:
    path = database.path_of(tmp_path, "artitec")
    database.fill(path, "artitec", waiting.rows("artitec"))
    with Workers({"artitec": path}, interval=0.1) as workers:
        sources = SourceWorkers(workers, {"demo-artitec": "artitec"})
        pid = sources.pid("demo-artitec")
        told = sources.kill("demo-artitec")
        assert told == f"worker {pid} killed: what it was at gets stuck within 30 s; a new one starts in 4 s"
        assert sources.kill("demo-artitec") == "no worker was running; nothing was killed"
        assert sources.pid("demo-artitec") is None
        assert sources.pid("elsewhere") is None


@pytest.mark.parametrize("system", seed.ALL)
def test_in_the_rows_of_a_tour_everything_waits(system: str) -> None:
    found = waiting.rows(system, number=4)
    assert found == waiting.rows(system, number=4)
    statuses = {str(row.values["status"]) for row in found if row.table.endswith("jobs")}
    assert statuses <= {"pending", "PENDING", "queued", "active"}
    assert statuses


def test_jobs_that_a_worker_adds_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    told = []
    for folder, number in (("a", 1), ("b", 1), ("c", 2)):
        path = database.create(tmp_path / folder, systems=["artitec"])["artitec"]
        with closing(connect(path)) as connection:
            work = ArtitecWork(connection, seed=number, feed=30)
            for _ in range(5):
                work.tick()
            rows = connection.execute("SELECT job_id, entity_type FROM collection_jobs ORDER BY id")
            told.append([tuple(row) for row in rows][-5:])
    assert told[0] == told[1] != told[2]
