"""The app where nothing is configured: it shows the welcome screen and knows how that was left."""

from __future__ import annotations

from typing import Any

from textual import events

from unstick.recovery.port import Backend
from unstick.recovery.source import Source
from unstick.tui.console import ConsoleApp
from unstick.tui.ways import Try, Way


class WelcomeApp(ConsoleApp, inherit_bindings=False):
    """A console without a source. `way` tells how it was left, once it was."""

    def __init__(self, attempt: Try, place: str, **options: Any) -> None:
        super().__init__([(_none, Source("", ""))], **options)
        self._attempt, self._place = attempt, place
        self.way: Way | None = None

    def _on_ready(self, event: events.Ready) -> None:
        """Open the welcome screen, not a live table."""
        event.prevent_default()
        from unstick.tui.screens.welcome import WelcomeScreen

        self.tell_themes()
        self.open_screen(WelcomeScreen(self.session, self._attempt, self._place, self.go))

    def go(self, way: Way) -> None:
        """Leave for what was chosen."""
        self.way = way
        self.leave(0)


def _none() -> Backend:
    raise AssertionError("there is no source that could be asked")
