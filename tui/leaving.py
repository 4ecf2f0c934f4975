"""Leaving: by key, by signal, by a mistake of ours. What is being applied ends its chunk first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from unstick.recovery.errors import UnstickError
from unstick.tui.frame import Frame
from unstick.tui.key_words import key
from unstick.tui.session import Session
from unstick.tui.working import Work

if TYPE_CHECKING:
    from unstick.recovery.engine import Stop
    from unstick.tui.workers import Workers

TWICE_S = 2.0
"""Seconds within which ctrl-c has to be pressed again."""

GRACE_S = 5.0
"""Seconds that a chunk may take to end after the terminal was lost."""

CLOSE_S = 0.5
"""Seconds that all backends together may take to close when the console is left."""


class Leaving(Frame, inherit_bindings=False):
    """`idle` is set while nothing is being applied, `stop` ends what is. `crash` and `refused` tell why it
    was left."""

    def __init__(
        self,
        sessions: Sequence[Session],
        clock: Callable[[], float],
        workers: Workers | None,
        *,
        ansi_color: bool | None,
    ) -> None:
        super().__init__(sessions, clock, workers, ansi_color=ansi_color)
        self.stop: Stop | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.crash: Exception | None = None
        self.refused: Exception | None = None
        self._interrupted_at: float | None = None

    def refuse(self, error: Exception) -> None:
        """Leave, because the only source can't be opened: the shell is where that is put right."""
        self.refused = error
        self.leave(error.exit_code if isinstance(error, UnstickError) else 1)

    def interrupt(self) -> None:
        """Quit at the second ctrl-c within two seconds; what is being applied ends its chunk first."""
        now = self.clock()
        if self._interrupted_at is not None and now - self._interrupted_at <= TWICE_S:
            Work(self, "leave").begin(self.hang_up, 0)
            return
        self._interrupted_at = now
        self.say(f"press {key('app.interrupt').replace('^', 'ctrl-')} again to quit{self.what_ends}")

    @property
    def what_ends(self) -> str:
        """What quitting ends besides the console, for a sentence about quitting."""
        swept = any(session.sweep is not None and session.sweep.on for session in self.sessions)
        return "; the sweep stops with the console" if swept else ""

    def applies(self, session: Session) -> None:
        """The operator changes rows of a source from now on; its sweep waits meanwhile."""
        from unstick.recovery.engine import Stop

        self.stop = Stop()
        self.idle.clear()
        session.applying = True

    def has_applied(self, session: Session) -> None:
        """The operator's change has ended, however it did."""
        session.applying = False
        self.idle.set()
        if session.sweep is not None:
            session.sweep.wake()

    def disarm(self) -> None:
        """Switch the sweeps of all sources off: a run ends with the chunk that it applies."""
        for session in self.sessions:
            if session.sweep is not None:
                session.sweep.end()

    def ask_to_stop(self) -> None:
        """Let what is being applied end with its chunk."""
        if self.stop is not None:
            self.stop.requested = True

    @property
    def stopping(self) -> bool:
        """Whether what is being applied ends with its chunk."""
        return self.stop is not None and self.stop.requested

    def leave(self, code: int) -> None:
        """Leave; a running apply stops after its chunk, and what it did is in the journal."""
        self.disarm()
        self.ask_to_stop()
        self.exit(code, return_code=code)

    async def hang_up(self, code: int) -> None:
        """Stop between chunks, then leave: the terminal is gone, or somebody wants us to end."""
        self.disarm()
        self.ask_to_stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.idle.wait(), GRACE_S)
        self.leave(code)

    async def release(self) -> None:
        """Let go of every source's connections, once it was left; one that hangs is left behind."""
        closing = [session.close() for session in self.sessions]
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), CLOSE_S)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours: leave with one sentence; Textual's traceback would be full of database text."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.crash = error
        self.leave(70)
