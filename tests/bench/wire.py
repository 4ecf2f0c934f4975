"""Programs in a pseudo-terminal, timed by the bytes that arrive: no screen is drawn meanwhile."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import psutil

from tests.bench.figures import median
from tests.harness.pty import Terminal
from tests.harness.screen import Screen

FRAME_END = b"\x1b[?2026l"
"""What ends a frame where the terminal says that it knows synchronized output."""
ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[6n": b"\x1b[1;1R"}
"""What programs ask a terminal, and would wait for."""


class _Unseen(Screen):
    """A screen that nobody looks at."""

    def feed(self, data: bytes) -> None:
        return


class Wire(Terminal):
    """A terminal of which only the bytes count."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        seen: bool = False,
    ) -> None:
        """`seen` draws the screen, for who has to find something on it."""
        self.started = time.perf_counter()
        super().__init__(command, columns=columns, rows=rows, env=env, answers=ANSWERS)
        if not seen:
            self.screen = _Unseen(columns, rows)

    def until(self, data: bytes, since: int = 0, timeout: float = 60.0) -> float:
        """Read until these bytes have come since a mark; return the moment at which they had."""
        deadline = time.monotonic() + timeout
        while data not in self.raw[since:]:
            left = deadline - time.monotonic()
            if left <= 0 or not self._open:
                raise TimeoutError(f"{data!r} did not come in {timeout:g} s: {self.raw[since:][-2000:]!r}")
            self._read(left)
        return time.perf_counter()

    def frame(self, key: str) -> float | None:
        """Press a key; return the seconds until the end of the next frame, None where there is none."""
        mark = self.mark()
        begun = time.perf_counter()
        self.press(key)
        with suppress(TimeoutError):
            return self.until(FRAME_END, mark, timeout=1) - begun
        return None

    def drained(self, seconds: float) -> int:
        """Read for so long; return how many bytes came."""
        mark, end = self.mark(), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._open:
            self._read(left)
        return len(self.since(mark))

    @property
    def program(self) -> psutil.Process:
        """The program itself, whatever started it."""
        return psutil.Process(self.pid)

    def memory(self) -> float:
        """Return the resident memory in MiB."""
        return float(self.program.memory_info().rss) / 2**20

    def busy(self) -> float:
        """Return the seconds of processor time so far, children included."""
        times = self.program.cpu_times()
        return float(times.user + times.system)


def started(
    programs: Mapping[str, tuple[Sequence[str], bytes]], times: int, *, columns: int = 80, rows: int = 24
) -> dict[str, float]:
    """Return by name the median of the milliseconds from the start of a program until its marker is written.

    They take turns, so that what else the machine does meets all of them. One that never writes it is left
    out.
    """
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(times):
        for name, (command, marker) in programs.items():
            with Wire(command, columns=columns, rows=rows) as wire, suppress(TimeoutError):
                found[name].append((wire.until(marker) - wire.started) * 1000)
    return {name: median(each) for name, each in found.items() if each}


def ran(programs: Mapping[str, Sequence[str]], times: int) -> dict[str, float]:
    """Return by name the median of the milliseconds that a program runs without a terminal, in turns."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(times):
        for name, command in programs.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            found[name].append((time.perf_counter() - begun) * 1000)
    return {name: median(each) for name, each in found.items()}
