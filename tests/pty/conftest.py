"""The console on a source in memory, in a real terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.pty.consoles import PROGRAM, Asked, Start


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Counts how often the console asks its backend."""
    return Asked(tmp_path / "calls")


@pytest.fixture
def start(terminal: Callable[..., Terminal]) -> Start:
    """Starts the console on a source in memory, and waits for its first rows."""

    def run(
        setup: str = "",
        *,
        on_open: str = "pass",
        make: str = "lambda: backend",
        refresh: float = 3600,
        wait: bool = True,
        **options: object,
    ) -> Terminal:
        code = PROGRAM.replace("{setup}", setup).replace("{make}", make)
        code = code.replace("{on_open}", on_open).replace("{refresh}", str(refresh))
        shown = terminal([sys.executable, "-c", code], **options)
        if wait:
            shown.wait_for("! stuck")
            shown.wait_quiet(0.3)
        return shown

    return run
