"""How far the terminal is behind: what was written, and what it has read by the answers that it gives.

Neither a pseudo-terminal nor ssh tells: both take a megabyte before a write has to wait. So a frame that a
moving key led to ends with a question that changes nothing, the one that Textual asks at the start (does the
terminal know synchronized output?). Its answer is never a key.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual.driver import Driver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

QUESTION = "\x1b[?2026$p"
FRAME_END = "\x1b[?2026l"
"""What Textual writes behind a frame, once a terminal has answered."""

AHEAD = 4_000
"""Characters that may be on their way with the next frame: several small ones, or one large one alone."""

FOLLOWS_S = 0.5
"""Seconds after a moving key in which a frame counts as what it led to."""

LOST_S = 30.0
"""Seconds after which an answer does not come any more: the slowest lines need as long for a first screen."""

LEAVING_S = 0.4
"""Seconds to wait for open answers when the terminal is given back."""


@dataclass(slots=True)
class Flow:
    """`clock` is monotonic. A terminal that did not answer Textual is never asked, and never behind."""

    clock: Callable[[], float]
    answers: bool = False
    _written: int = 0
    _read: int = 0
    _begun: int = 0
    _frame: int = 0
    _moved_at: float = float("-inf")
    _asked: deque[tuple[int, float]] = field(default_factory=deque)

    def moved(self) -> None:
        """A key moves something; with no question open, what was written so far counts as read."""
        self._moved_at = self.clock()
        if not self._asked:
            self._read = self._written

    def wrote(self, data: str) -> str:
        """Count what is written; returns it, with the question behind it where it ends a frame that follows a
        moving key."""
        self._written += len(data)
        if data != FRAME_END:
            return data
        self._frame, self._begun = self._written - self._begun, self._written
        now = self.clock()
        if not self.answers or now - self._moved_at > FOLLOWS_S:
            return data
        self._asked.append((self._written, now))
        return data + QUESTION

    def answered(self) -> None:
        """Take an answer; the first one is Textual's own."""
        self.answers = True
        if self._asked:
            self._read = self._asked.popleft()[0]

    @property
    def behind(self) -> bool:
        """Whether what is painted now would only stand in a queue."""
        if self._asked and self.clock() - self._asked[0][1] >= LOST_S:
            self.answers = False
            self._asked.clear()
        return bool(self._asked) and self._written - self._read + self._frame > AHEAD


def measured(driver: type[Driver]) -> type[Driver]:
    """Return a driver that tells its `flow`, where it has one, what it writes, and waits for the last answers
    before it gives the terminal back: the shell would take them for typed text."""

    class Measured(driver):  # type: ignore[misc, valid-type]
        flow: Flow | None = None

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._open = 0
            self._heard = threading.Condition()

        def write(self, data: str) -> None:
            if self.flow is not None:
                data = self.flow.wrote(data)
                with self._heard:
                    self._open += data.endswith(QUESTION)
            super().write(data)

        def process_message(self, message: Message) -> None:
            # On the thread that reads the terminal: the event loop may have ended.
            if isinstance(message, TerminalSupportsSynchronizedOutput):
                with self._heard:
                    self._open = max(self._open - 1, 0)
                    self._heard.notify_all()
            super().process_message(message)

        def disable_input(self) -> None:
            with self._heard:
                self._heard.wait_for(lambda: not self._open, LEAVING_S)
                self._open = 0
            super().disable_input()

    return Measured
