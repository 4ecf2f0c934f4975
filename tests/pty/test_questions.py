"""The headless commands on a terminal: they ask, and one ctrl-c is an answer."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from unstick.backends.demo.database import create

pytestmark = pytest.mark.pty
Start = Callable[..., Terminal]


@pytest.fixture
def recover(tmp_path: Path) -> list[str]:
    path = create(tmp_path)["artitec"]
    return [sys.executable, "-m", "unstick.cli", "recover", "--source", f"sqlite:///{path}"]


@pytest.mark.parametrize(("keys", "code", "says"), [("y\r", 0, "applied"), ("n\r", 2, "not confirmed")])
def test_an_answer_decides(terminal: Start, recover: list[str], keys: str, code: int, says: str) -> None:
    running = terminal(recover, columns=200)
    running.wait_for("[y/N]")
    running.send(keys)
    assert running.wait_exit() == code
    assert says in running.text


def test_one_ctrl_c_ends_a_question(terminal: Start, recover: list[str]) -> None:
    running = terminal(recover, columns=200)
    running.wait_for("[y/N]")
    running.press("ctrl+c")
    assert running.wait_exit() == 130
    assert "interrupted" in running.text
    assert "Traceback" not in running.text


def test_the_demo_opens_the_console_and_takes_its_workers_along(terminal: Start, tmp_path: Path) -> None:
    running = terminal([sys.executable, "-m", "unstick.cli", "demo", "--dir", str(tmp_path)], columns=120)
    running.wait_for("demo-artitec")
    running.wait_for("JOB-")
    running.press("q")
    assert running.wait_exit() == 0
