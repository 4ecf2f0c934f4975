"""The console's sweep on a real database: it recovers what a killed worker left, and ends in time."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.pty.consoles import RESTORED, Asked, Start
from tests.pty.test_quiet import OLD

pytestmark = pytest.mark.pty

RUNNING = "SELECT job_id FROM collection_jobs WHERE status = 'running'"
RECOVERED = """
SELECT job FROM unstick_operation_rows AS r JOIN unstick_operations AS o ON o.id = r.operation
WHERE r.outcome = 'applied' AND o.reason LIKE 'background sweep%'
"""


def found(path: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        return [str(row[0]) for row in connection.execute(statement)]


def arm(shown: Terminal) -> None:
    """Arm the sweep as somebody does who reads first."""
    shown.press("S")
    shown.wait_for("Sweep > off")
    shown.press("E")
    shown.wait_for("The first run begins at once")
    shown.wait_quiet(0.5)
    shown.press("A")
    shown.wait_for("ARMED")


@pytest.mark.processes
def test_what_a_killed_worker_left_is_recovered_by_the_timer_and_a_hang_up_ends_it(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "unstick.cli", "demo", "artitec", "--dir", str(tmp_path)]
    shown = terminal(program, columns=120, rows=40, env={"ARTITEC_JOB_MONITOR_INTERVAL": "2"})
    path = tmp_path / "artitec.sqlite3"
    shown.wait_for("JOB-")
    arm(shown)
    shown.wait_until(lambda: list(tmp_path.glob("*-sweep-*")), "the lock of the one sweeper is there")
    shown.press("escape")
    shown.wait_for("sweep ARMED")
    shown.wait_until(lambda: len(found(path, RUNNING)) == 1, "the worker is at a job", 60)
    shown.press("!")
    shown.wait_for("Kill worker")
    shown.wait_quiet(0.5)
    (left,) = found(path, RUNNING)
    shown.press("K")
    shown.wait_for("killed")
    shown.wait_until(lambda: left in found(path, RECOVERED), "the timer has recovered its job", 120)
    shown.hang_up()
    shown.wait_exit()
    assert not list(tmp_path.glob("*-sweep-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_an_armed_sweep_and_restores_the_terminal(start: Start, number: int) -> None:
    shown = start(columns=120, rows=40)
    arm(shown)
    mark = shown.mark()
    shown.signal(signal.Signals(number))
    assert shown.wait_exit(timeout=20) == 128 + number
    assert all(sequence in shown.since(mark) for sequence in RESTORED)


def test_in_shadow_nothing_is_written_while_nothing_changes(start: Start, asked: Asked) -> None:
    shown = start(OLD + asked.setup, refresh=0.1, columns=120, rows=40)
    steps = (("S", "Sweep > off"), ("s", "Runs of this console"), ("escape", "sweep shadow 4m"))
    for key, text in steps:
        shown.press(key)
        shown.wait_for(text)
        shown.wait_quiet(0.5)
        mark = shown.mark()
        if key == "escape":
            asked.again(5)
        shown.wait_quiet(0.5)
        assert shown.since(mark) == b"", text
