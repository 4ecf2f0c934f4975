"""What every part of the app knows: the sources, the one that is shown, and what was said last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import App
from textual.driver import Driver

from unstick.recovery.display import display_text
from unstick.tui.flow import measured
from unstick.tui.history import Histories
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part

if TYPE_CHECKING:
    from unstick.tui.workers import Workers


class Frame(App[int], inherit_bindings=False):
    """Base of the app. `clock` is monotonic."""

    def __init__(
        self,
        sessions: Sequence[Session],
        clock: Callable[[], float],
        workers: Workers | None,
        *,
        ansi_color: bool | None,
    ) -> None:
        super().__init__(ansi_color=ansi_color)
        self.sessions = list(sessions)
        self.clock = clock
        self.demo_workers = workers
        self.shown = 0
        self.histories = Histories()
        self._said = ""

    def get_driver_class(self) -> type[Driver]:
        """Return the driver of this platform, which can tell how far the terminal is behind."""
        return measured(super().get_driver_class())

    @property
    def session(self) -> Session:
        """The source that is shown."""
        return self.sessions[self.shown]

    @property
    def place(self) -> str:
        """Which of how many sources is shown; empty where there is only one."""
        return f"{self.shown + 1}/{len(self.sessions)}" if len(self.sessions) > 1 else ""

    def say(self, text: str) -> None:
        """Say something until the next key; it covers the last result, which then comes back."""
        self._said = display_text(text, limit=500)

    def report(self, text: str) -> None:
        """Keep a result on the status line of its source until the next one."""
        self.session.report, self._said = display_text(text, limit=500), ""

    def status_parts(self) -> list[Part]:
        """Return the status line."""
        if self._said:
            return [Part(self._said, "warning")]
        report = self.session.report
        return [Part(f"> {report}", "accent")] if report else []

    def drop_report(self) -> bool:
        """Let go of the last result; whether there was one."""
        had, self.session.report = bool(self.session.report), ""
        return had
