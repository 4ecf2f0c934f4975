"""The program that the tests start in a terminal: the console on a source in memory, prepared by a test."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.harness.pty import Terminal
from tests.harness.waiting import eventually

Start = Callable[..., Terminal]

PROGRAM = """
import asyncio, os, signal, sys, threading, time
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source
from unstick.recovery.errors import UnstickError
from unstick.tui.app import run_console

class Backend(MemoryBackend):
    async def open(self):
        await super().open()
        {on_open}

backend = Backend.example(200, 5, source="jobs-eu")
{setup}
source = Source("jobs-eu", "memory://", environment="staging", refresh_s={refresh})
try:
    sys.exit(run_console([({make}, source)]))
except UnstickError as error:
    print(error)
    sys.exit(error.exit_code)
"""

COUNTED = """
from unstick.tui import pace
pace.FLOOR_S = 0.1
calls = os.open({calls!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def counting(self, name):
    found = object.__getattribute__(self, name)
    if asyncio.iscoroutinefunction(found):
        os.write(calls, b".")
    return found
Backend.__getattribute__ = counting
"""
"""Refreshes ten times a second, and notes in the file `calls` each time that the backend is asked."""

RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
"""The screen that was there before, and a visible cursor."""


class Asked:
    """How often the backend of a console was asked, by the file that it notes it in."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.setup = COUNTED.replace("{calls!r}", repr(str(file)))

    def __call__(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def again(self, times: int) -> None:
        """Wait until it was asked so many times more."""
        before = self()
        eventually(lambda: self() >= before + times, what=f"the backend is asked {times} times more")


def ended(pid: int) -> bool:
    """Whether nobody has this number any more."""
    return not os.path.exists(f"/proc/{pid}")
