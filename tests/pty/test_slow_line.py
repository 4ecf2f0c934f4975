"""A serial line of 9600 baud: a key that is held down is not still being painted long after it was let go."""

from __future__ import annotations

import asyncio
import re
import select
import time
from pathlib import Path

import pytest

from tests.bench.wire import ANSWERS
from tests.harness.pty import Terminal
from tests.pty.consoles import program
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.query import Query

pytestmark = pytest.mark.pty

BYTES_PER_S = 960
HELD = 45
EVERY_S = 1 / 30
FRAME = 3_500
"""Bytes of all rows at 80x24."""
FRAMES = 3
"""Whole tables that may still come after the key was let go: on their way, kept back, and the last one."""


class Slow(Terminal):
    """A terminal at the other end of such a line."""

    AT_ONCE = BYTES_PER_S // 10
    _due = 0.0

    def _read(self, timeout: float) -> bool:
        wait = max(self._due - time.monotonic(), 0.0)
        select.select([], [], [], min(wait, timeout))
        if wait >= timeout or not super()._read(timeout - wait):
            return False
        self._due = time.monotonic() + self.AT_ONCE / BYTES_PER_S
        return True

    def take(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)


async def nth(number: int) -> str:
    """Return the id of a row of the example, in the order in which it is shown."""
    backend = MemoryBackend.example(200, 5, source="jobs-eu")
    await backend.open()
    page = await backend.page(Query())
    return page.rows[number].id


def test_a_key_held_on_a_serial_line_ends_where_it_was_let_go(home: Path) -> None:
    wanted = asyncio.run(nth(HELD))
    with Slow(program("backend = Backend.example(200, 5, source='jobs-eu')"), answers=ANSWERS) as shown:
        shown.wait_for("! stuck")
        shown.wait_quiet(1.0)
        for _ in range(HELD):
            shown.press("down")
            shown.take(EVERY_S)
        mark = shown.mark()
        shown.wait_until(
            lambda: re.search(rf"^> .*{wanted}", shown.text, re.MULTILINE),
            f"{wanted} is under the cursor",
            60,
        )
        shown.wait_quiet(1.0)
        assert len(shown.since(mark)) <= FRAMES * FRAME
