"""How far the terminal is behind: what was written, and what it has read by the answers that it gives.

Neither a pseudo-terminal nor ssh tells: both take a megabyte before a write has to wait. So a frame that a
moving key led to ends with a question that changes nothing, the one that Textual asks at the start (does the
terminal know synchronized output?). Its answer is never a key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from textual.driver import Driver

QUESTION = "\x1b[?2026$p"
FRAME_END = "\x1b[?2026l"
"""What Textual writes behind a frame, once a terminal has answered."""

AHEAD = 4_000
"""Characters that may be on their way with the next frame: several small ones, or one large one alone."""

FOLLOWS_S = 0.5
"""Seconds after a moving key in which a frame counts as what it led to."""

LOST_S = 30.0
"""Seconds after which an answer does not come any more: the slowest lines need as long for a first screen."""


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
    """Return a driver that tells its `flow`, where it has one, what it writes."""

    class Measured(driver):  # type: ignore[misc, valid-type]
        flow: Flow | None = None

        def write(self, data: str) -> None:
            super().write(data if self.flow is None else self.flow.wrote(data))

    return Measured
