"""Ctrl-c at any moment of a recovery: no traceback, and what is told is what was done."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from unstick.backends.demo.database import create

PROGRAM = """
import os, signal, sys
moment, left = int(sys.argv.pop(1)), 0
signal.signal(signal.SIGINT, signal.default_int_handler)

def count(frame, event, argument):
    global left
    left += 1
    if left == moment:
        os.kill(os.getpid(), signal.SIGINT)

from unstick.cli import main
sys.setprofile(count)
code = main(sys.argv[1:])
sys.setprofile(None)
if not moment:
    print(left, file=sys.stderr)
sys.exit(code)
"""
"""Interrupts itself at one of its calls, or says how many there were."""
MOMENTS = 12


def recover(path: Path, moment: int) -> subprocess.CompletedProcess[str]:
    command = ["recover", "--yes", "--json", "--source", f"sqlite:///{path}"]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(moment), *command],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def running(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT count(*) FROM object_extraction_jobs WHERE status = 'running'")
        return int(found.fetchone()[0])


def journalled(home: Path) -> int:
    path = home / ".state" / "unstick" / "journal.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        tables = "SELECT count(*) FROM sqlite_master WHERE name = 'unstick_operation_rows'"
        if not connection.execute(tables).fetchone()[0]:
            return 0
        found = connection.execute("SELECT count(*) FROM unstick_operation_rows WHERE outcome <> 'failed'")
        return int(found.fetchone()[0])


@pytest.mark.slow
def test_ctrl_c_at_any_moment_of_a_recovery_loses_nothing_and_shows_no_traceback(
    tmp_path: Path, home: Path
) -> None:
    made = create(tmp_path / "demo")["extraction"]
    whole = tmp_path / "whole.sqlite3"
    shutil.copy(made, whole)
    done = recover(whole, 0)
    calls = int(done.stderr.splitlines()[-1])
    at_first = running(made)
    assert at_first - running(whole) == json.loads(done.stdout)["outcomes"]["applied"] == 5
    codes = set()
    for number in range(MOMENTS):
        shutil.rmtree(home / ".state", ignore_errors=True)
        path = tmp_path / f"{number}.sqlite3"
        shutil.copy(made, path)
        done = recover(path, 2 + calls * number // MOMENTS)
        assert "Traceback" not in done.stderr, (number, done.stderr)
        assert done.returncode in (0, 130), (number, done.stderr)
        codes.add(done.returncode)
        told = json.loads(done.stdout or "{}")
        recovered = at_first - running(path)
        assert recovered in (0, 5)
        assert journalled(home) == recovered
        if done.returncode == 0:
            assert told["outcomes"]["applied"] == recovered
    assert 130 in codes
