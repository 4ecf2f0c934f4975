"""Keeping: what is remembered is read after the first picture, and written when the hands rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from unstick.tui.frame import Frame
from unstick.tui.remember import Memory
from unstick.tui.session import Session
from unstick.tui.working import Work

if TYPE_CHECKING:
    from unstick.tui.workers import Workers

KEEP_S = 1.0
"""Seconds after a change until it is written, so that trying all columns writes once."""


class Keeping(Frame, inherit_bindings=False):
    """`memory` is what is remembered of every source, `given_views` what the config file names."""

    def __init__(
        self,
        sessions: Sequence[Session],
        clock: Callable[[], float],
        workers: Workers | None,
        *,
        ansi_color: bool | None,
    ) -> None:
        super().__init__(sessions, clock, workers, ansi_color=ansi_color)
        self.memory = Memory()
        self.given_views: Mapping[str, Mapping[str, Any]] = {}
        self._keeping: Timer | None = None
        self._told_problem = False

    async def recall(self) -> None:
        """Read what was remembered, once."""
        await self.memory.load()
        self._tell_problem()

    def keep(self, *place: str, value: Any) -> None:
        """Remember a value; it is written soon."""
        self.memory.change(place, value)
        if self.memory.unwritten and self._keeping is None:
            self._keeping = self.set_timer(KEEP_S, self._write_soon)

    def _write_soon(self) -> None:
        self._keeping = None
        Work(self, "keep").begin(self._write)

    async def _write(self) -> None:
        await self.memory.flush()
        self._tell_problem()

    def _tell_problem(self) -> None:
        """Say once what keeps things from being kept: it costs nothing now, but the next start."""
        if self.memory.problem and not self._told_problem:
            self._told_problem = True
            getattr(self.screen, "say", self.say)(self.memory.problem)

    async def on_unmount(self) -> None:
        """Write what was changed last."""
        await self.memory.flush()
