"""The console on a source in memory, in a real terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.harness.sshd import SshServer, Tmux
from tests.pty.consoles import Asked, Start, program


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshServer]:
    """An SSH server on loopback that only we can log in to."""
    with SshServer() as server:
        yield server


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    """A tmux of our own, ended with the test."""
    ours = Tmux()
    yield ours
    ours.close()


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
        command = program(setup, on_open=on_open, make=make, refresh=refresh)
        shown = terminal(command, **options)
        if wait:
            shown.wait_for("! stuck")
            shown.wait_quiet(0.3)
        return shown

    return run
