"""The program that the tests start in a terminal: the console on a source in memory, prepared by a test."""

from __future__ import annotations

import os
import sys
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

SLOW_CHUNKS = """
from functools import partial
from unstick.recovery import engine
engine.apply = partial(engine.apply, chunk=10)
applied = backend.apply_chunk
async def apply_chunk(plan, rows, operation):
    note("begun")
    await asyncio.sleep(0.5)
    outcomes = await applied(plan, rows, operation)
    note(f"ended {len(rows)}")
    return outcomes
def note(text):
    with open({file!r}, "a") as file:
        file.write(text + chr(10))
backend.apply_chunk = apply_chunk
"""
"""Chunks of ten rows that take half a second each; `file` tells of each when it begins and when it ends."""


def program(
    setup: str = "", *, on_open: str = "pass", make: str = "lambda: backend", refresh: float = 3600
) -> list[str]:
    """Return the command line of a console on a source in memory."""
    code = PROGRAM.replace("{setup}", setup).replace("{make}", make)
    code = code.replace("{on_open}", on_open).replace("{refresh}", str(refresh))
    return [sys.executable, "-c", code]


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
