"""The sweeps of all sources: what they may do, what came of their runs; none outlives the console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from unstick.recovery.display import display_text
from unstick.tui.frame import Frame
from unstick.tui.session import END_S, Session, sentence

if TYPE_CHECKING:
    from unstick.recovery.source import Source
    from unstick.recovery.sweep import Mode
    from unstick.recovery.sweeping import Run
    from unstick.tui.source_sweep import SourceSweep

    OnSweep = Callable[[Source, Run], None]


class Sweeps(Frame, inherit_bindings=False):
    """`on_sweep` hears of every run of every source, besides the screens."""

    on_sweep: OnSweep | None = None

    def sweep_of(self, session: Session) -> SourceSweep:
        """Return the sweep of a source, which is off until it is changed."""
        if session.sweep is None:
            from unstick.tui.source_sweep import SourceSweep

            session.sweep = SourceSweep(
                session, self._sweep_changed, partial(self._swept, session), partial(self._news, session)
            )
        return session.sweep

    def set_sweep(self, session: Session, mode: Mode, *, reason: str = "", overrule: bool = False) -> None:
        """Change what the sweep of a source may do."""
        self.sweep_of(session).set(mode, reason=reason, overrule=overrule)

    async def end_sweeps(self) -> None:
        """Switch all sweeps off and wait until they are, but not long."""
        sweeps = [session.sweep.ended(END_S) for session in self.sessions if session.sweep is not None]
        await asyncio.gather(*sweeps)

    async def on_unmount(self) -> None:
        """However the console is left: no sweep goes on."""
        await self.end_sweeps()

    def _sweep_changed(self) -> None:
        """Paint what is on the screen again, as far as it says something else now."""
        if self.is_running and self.screen_stack:
            tell = getattr(self.screen, "tell", _nothing)
            getattr(self.screen, "sweep_changed", tell)()

    def _swept(self, session: Session, run: Run) -> None:
        """Tell whoever listens, and on the screen what is news."""
        if self.on_sweep is not None:
            try:
                self.on_sweep(session.source, run)
            except Exception as error:
                self.say(f"sweep: who listens to it failed: {sentence(error)}")
        if not self.is_running or not self.screen_stack:
            return
        self._announce(session, run)
        if run.outcomes.total and session is self.session:
            getattr(self.screen, "wake", _nothing)()
        getattr(self.screen, "swept", _nothing)()

    def _announce(self, session: Session, run: Run) -> None:
        from unstick.tui.source_sweep import news

        runs = list(session.sweep.runs) if session.sweep is not None else []
        told = news(run, runs[1] if len(runs) > 1 else None)
        if told is not None:
            self._news(session, told)

    def _news(self, session: Session, told: str) -> None:
        """Say it on the status line of the source, and at once where another one is shown."""
        session.report = display_text(told, limit=500)
        if session is not self.session:
            self.say(f"{session.source.name}: {told}")


def _nothing() -> None:
    """Screens that have nothing to do with it."""
