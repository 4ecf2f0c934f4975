"""Metrics and health of a sweep that really runs: a process on a demo database, scraped over HTTP."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.application import Application
from tests.harness.waiting import eventually
from unstick.backends.demo.database import create

ROOT = Path(__file__).parents[2]
NAMES = re.compile(r"unstick_[a-z_]+")


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(found: dict[str, Metric], name: str) -> dict[tuple[str, ...], float]:
    """Label values in the order of their names -> value."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in found.values()
        for sample in family.samples
        if sample.name == name
    }


@dataclass
class Sweep:
    """A sweep in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", trust_env=False)

    def scraped(self) -> dict[str, Metric]:
        answer = self.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return families(answer.text)

    def end(self) -> tuple[int, str]:
        """Ask it to end; its exit code and what it said meanwhile."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@contextmanager
def sweeping(*words: str) -> Iterator[Sweep]:
    command = [sys.executable, "-m", "unstick.cli", "sweep", *words, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            while not (match := re.search(r"http://127.0.0.1:\d+", process.stderr.readline())):
                assert process.poll() is None, "it ended before it listened"
            yield Sweep(process, match[0])
        finally:
            process.kill()


def once(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unstick.cli", "sweep", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{create(tmp_path / 'demo', systems=['artitec'])['artitec']}"


@pytest.fixture
def ran(url: str) -> Iterator[Sweep]:
    """A sweep that has recovered what was stuck, and has looked again."""
    with sweeping("--source", url, "--every", "1s") as sweep:
        eventually(lambda: runs(sweep, "clear") >= 1, what="a run found nothing more")
        yield sweep


def runs(sweep: Sweep, decision: str) -> float:
    return sum(
        value
        for labels, value in values(sweep.scraped(), "unstick_sweep_runs_total").items()
        if decision in labels
    )


def test_a_scrape_tells_of_jobs_runs_and_rows_by_source_and_kind(ran: Sweep) -> None:
    found = ran.scraped()
    [(source, *_)] = values(found, "unstick_source_up")
    assert source == "artitec.sqlite3"
    kind = ("builder/update", source)
    assert values(found, "unstick_sweep_runs_total")["recover", source] == 1
    assert values(found, "unstick_sweep_rows_total")["builder/update", "applied", source] >= 1
    assert values(found, "unstick_stuck_jobs")[kind] == 0
    assert values(found, "unstick_oldest_pending_age_seconds")[kind] > 60
    assert values(found, "unstick_oldest_stuck_age_seconds") == {}
    assert values(found, "unstick_jobs")[source, "running"] == 1
    for name, value in (("source_up", 1), ("sweep_leader", 1), ("sweep_armed", 1), ("sweep_braked", 0)):
        assert values(found, f"unstick_{name}") == {(source,): value}
    took = values(found, "unstick_sweep_duration_seconds_count")[source,]
    assert took == sum(values(found, "unstick_sweep_runs_total").values())
    assert values(found, "unstick_sweep_last_success_timestamp_seconds")[source,] > 1_700_000_000


def test_every_metric_keeps_to_the_conventions_and_is_described(ran: Sweep) -> None:
    described = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    for family in ran.scraped().values():
        assert NAMES.fullmatch(family.name)
        assert family.documentation.endswith(".")
        assert family.type in ("counter", "gauge", "summary")
        assert family.name in described
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith("_total")
            assert set(sample.labels) <= {"source", "kind", "state", "decision", "outcome", "target"}
            assert sample.value >= 0
        if family.type == "gauge" and ("age" in family.name or "duration" in family.name):
            assert family.name.endswith("_seconds")


def test_a_scraper_that_asks_for_openmetrics_gets_it(ran: Sweep) -> None:
    accept = "application/openmetrics-text;version=1.0.0"
    answer = httpx.get(f"{ran.address}/metrics", headers={"Accept": accept}, trust_env=False)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_sweep_that_does_its_work_is_well_and_ends_in_good_order(ran: Sweep) -> None:
    answer = ran.get("/health")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "ok"
    assert told["sources"]["artitec.sqlite3"]["why"] is None
    assert ran.get("/elsewhere").status_code == 404
    port = int(ran.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        # Somebody who has connected and asks nothing keeps nobody from ending.
        code, said = ran.end()
    assert code == 0
    assert "Traceback" not in said
    with pytest.raises(httpx.ConnectError):
        ran.get("/health")


def test_a_source_that_is_not_there_is_told_by_both(tmp_path: Path, url: str) -> None:
    missing = f"sqlite:///{tmp_path}/missing/x.db"
    with sweeping("--source", url, missing, "--every", "1s") as sweep:
        eventually(
            lambda: runs(sweep, "failed") >= 1 and runs(sweep, "clear") >= 1, what="both were looked at"
        )
        found = sweep.scraped()
        assert values(found, "unstick_source_up") == {("artitec.sqlite3",): 1, ("x.db",): 0}
        assert {labels[0] for labels in values(found, "unstick_jobs")} == {"artitec.sqlite3"}
        answer = sweep.get("/health")
        assert answer.status_code == 503
        sources = answer.json()["sources"]
        assert sources["artitec.sqlite3"]["ok"]
        assert "the run failed: " in sources["x.db"]["why"]
        assert sweep.end()[0] == 0


def test_a_webhook_that_hangs_holds_up_neither_runs_nor_the_end(
    url: str, tmp_path: Path, application: Application
) -> None:
    application.hold()
    config = tmp_path / "c.toml"
    target = f"{application.url.replace('http://', 'json://')}/t0ken"
    config.write_text(f'[alerts]\ntargets = ["{target}"]\ntimeout = "1h"\n[sources.app]\nurl = "{url}"\n')
    with sweeping("--config", str(config), "--every", "1s", "--shadow") as sweep:
        eventually(lambda: application.calls and runs(sweep, "report") >= 3, what="runs went on beside it")
        assert values(sweep.scraped(), "unstick_alerts_sent_total") == {("json-1",): 0}
        code, said = sweep.end()
    assert code == 0
    assert len(application.calls) == 1
    assert "Traceback" not in said
    assert "t0ken" not in said


def test_a_port_in_use_is_one_sentence(url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = once("--source", url, "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 2
    assert done.stderr == (
        f"unstick: --listen: 127.0.0.1:{port} is in use by another program; "
        "name another port, or 0 for any free one\n"
    )


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere.invalid:1", "there is no host 'nowhere.invalid'"),
        ("127.0.0.1", "is no address; write 127.0.0.1:9187"),
        ("127.0.0.1:99999", "is no address"),
        ("http://127.0.0.1:80", "is no address"),
        ("203.0.113.7:9187", "is no address of this machine"),
        ("", "is no address"),
    ],
)
def test_an_address_that_makes_no_sense_is_one_sentence(url: str, address: str, said: str) -> None:
    done = once("--source", url, "--listen", address)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_single_run_serves_nobody_and_says_so(url: str) -> None:
    done = once("--source", url, "--once", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "with --once use --metrics-file" in done.stderr


def test_a_file_has_the_same_metrics_and_goes_on_counting_from_run_to_run(url: str, tmp_path: Path) -> None:
    file = tmp_path / "unstick.prom"
    for number in (1, 2, 3):
        done = once("--source", url, "--once", "--metrics-file", str(file))
        assert done.returncode == 0, done.stderr
        found = families(file.read_text("utf-8"))
        assert sum(values(found, "unstick_sweep_runs_total").values()) == number
        assert values(found, "unstick_sweep_duration_seconds_count") == {("artitec.sqlite3",): number}
    assert values(found, "unstick_sweep_runs_total")["recover", "artitec.sqlite3"] == 1
    assert sum(values(found, "unstick_sweep_rows_total").values()) == 2
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("unstick.prom")] == [file.name]


@pytest.mark.parametrize("text", ["", "nonsense {", "unstick_sweep_runs_total{decision=", "\x00\xff"])
def test_a_file_that_is_none_of_ours_is_written_over(url: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "unstick.prom"
    file.write_text(text, "latin-1")
    assert once("--source", url, "--once", "--shadow", "--metrics-file", str(file)).returncode == 0
    assert sum(values(families(file.read_text("utf-8")), "unstick_sweep_runs_total").values()) == 1


def test_a_file_that_cannot_be_written_is_one_sentence_at_the_start(url: str, tmp_path: Path) -> None:
    done = once("--source", url, "--once", "--metrics-file", str(tmp_path / "missing" / "x.prom"))
    assert done.returncode == 2
    assert "can't be written: No such file or directory" in done.stderr
    assert done.stdout == ""


def test_what_is_not_wanted_is_not_imported(url: str) -> None:
    code = (
        "import sys; from unstick.cli import main; "
        f"main(['sweep', '--once', '--shadow', '--source', {url!r}]); "
        "print({'prometheus_client', 'apprise', 'requests', 'http.server', 'textual'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
