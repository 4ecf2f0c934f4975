"""Runs a program in a real pseudo-terminal: keys in, bytes out, and the screen that a person would see."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness import reaper
from tests.harness.screen import Screen

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f1": "\x1bOP",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}

# The session leader that opens a terminal gets it as its controlling one. Letting sh do so needs no code of
# ours between fork and exec, which is not safe in a process with threads.
_OPEN_TERMINAL = 'exec <>"$0" >&0 2>&1; exec "$@"'

# Started by nohup, or by a service manager that does the like, we would hand on an ignored SIGHUP: no program
# in a terminal of ours would then notice that it is closed.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Terminal:
    """A program in a terminal of its own. Use it as a context manager, or the `terminal` fixture."""

    AT_ONCE = 65_536
    """Bytes that are read at a time."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """`env` is added to the environment; `answers` tells what the terminal replies to which query."""
        self.raw = b""
        self.screen = Screen(columns, rows)
        self._answers = dict(answers or {})
        self._open = True
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _OPEN_TERMINAL, os.ttyname(slave), *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(slave)
        reaper.watch_process(self.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lines(self) -> list[str]:
        """The screen's lines without the blanks at their ends."""
        return self.screen.lines

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def send(self, data: str | bytes) -> None:
        """Types the text, or sends the bytes, as they are."""
        data = data.encode() if isinstance(data, str) else data
        while data:
            data = data[os.write(self._master, data) :]

    def press(self, *keys: str) -> None:
        """Presses keys by name: `press("down", "enter", "q")`."""
        for key in keys:
            self.send(KEYS.get(key, key))

    def wait_for(self, text: str | re.Pattern[str], timeout: float = 20.0) -> None:
        """Reads until the text, or a match of the pattern, is on the screen."""
        if isinstance(text, str):
            self.wait_until(lambda: text in self.text, f"{text!r} is on the screen", timeout)
        else:
            pattern = text
            self.wait_until(lambda: pattern.search(self.text), f"{pattern} is on the screen", timeout)

    def wait_gone(self, text: str, timeout: float = 20.0) -> None:
        """Reads until the text is no longer on the screen."""
        self.wait_until(lambda: text not in self.text, f"{text!r} is gone from the screen", timeout)

    def wait_until(self, condition: Callable[[], object], what: str, timeout: float = 20.0) -> None:
        """Reads until the condition holds; fails, showing the screen, when time or program are over."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"waited {timeout:g} s in vain until {what}; the screen shows\n{self.text}"
                )
            if not self._open:
                raise EOFError(f"the program ended before {what}; the screen shows\n{self.text}")
            self._read(left)

    def wait_bytes(self, data: bytes, timeout: float = 20.0) -> None:
        """Reads until the program has written these bytes."""
        self.wait_until(lambda: data in self.raw, f"{data!r} is written", timeout)

    def wait_quiet(self, seconds: float, timeout: float = 20.0) -> None:
        """Reads until the program has written nothing for so long."""
        deadline = time.monotonic() + timeout
        while self._open and self._read(seconds):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the program was never quiet for {seconds:g} s in {timeout:g} s")

    def wait_exit(self, timeout: float = 20.0) -> int:
        """Reads until the program has ended; returns its exit code, or minus the signal that ended it."""
        deadline = time.monotonic() + timeout
        while self._open and (left := deadline - time.monotonic()) > 0:
            self._read(left)
        return self._process.wait(max(0.0, deadline - time.monotonic()))

    def mark(self) -> int:
        """The place in the output where we are now, for `since`."""
        return len(self.raw)

    def since(self, mark: int) -> bytes:
        """What was written since the mark and has been read."""
        return self.raw[mark:]

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size; the kernel tells the program with SIGWINCH."""
        self.screen.resize(columns, rows)
        self._set_size(columns, rows)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program."""
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Takes the line away, as when an SSH connection breaks."""
        if self._open:
            self._open = False
            os.close(self._master)

    def close(self) -> None:
        """Ends the program and all that it started in this terminal."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        reaper.forget_process(self.pid)
        self.hang_up()

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, timeout: float) -> bool:
        """Waits for output at most so long; False when there was none."""
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self._master, self.AT_ONCE)
        except OSError as error:
            # Linux says so, instead of an end of file, when the last program has closed the terminal.
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self.hang_up()
            return False
        self._answer(data)
        self.raw += data
        self.screen.feed(data)
        return True

    def _answer(self, data: bytes) -> None:
        # A query may arrive in two pieces: look a little back, but not at what has been answered.
        for query, reply in self._answers.items():
            window = self.raw[-(len(query) - 1) :] + data if len(query) > 1 else data
            for _ in range(window.count(query)):
                self.send(reply)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
