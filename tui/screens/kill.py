"""Asks whether the demo's worker is to be killed. Nothing but the demo ever opens it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.display import display_text
from unstick.tui.actions.model import KILL
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings, shown
from unstick.tui.paint import Line, Span
from unstick.tui.screens.dialog import TextDialog
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.workers import Workers


class KillScreen(TextDialog):
    """About the worker that ran when it was opened: a new one with another id is not killed in its place."""

    SCOPE = KILL
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(KILL))

    def __init__(self, session: Session, workers: Workers, pid: int) -> None:
        super().__init__(session)
        self._workers, self._pid = workers, pid

    def facts(self) -> Facts:
        """The demo's worker is there, or another one is by now."""
        return Facts(self.session.capabilities, KILL, demo=True, worker=self._pid)

    def title_parts(self) -> list[Part]:
        """Whose worker."""
        return [
            Part(f"Kill worker {self._pid}", "title"),
            Part(display_text(self.session.source.name), "title"),
        ]

    def on_mount(self) -> None:
        """Say what it means."""
        super().on_mount()
        lines: list[Line] = [
            (Span("SIGKILL: the process ends at once, in the middle of what it does.", "text"),),
            (Span("Nobody is told. Its jobs stay as they are, until somebody recovers them.", "text"),),
            (Span("A new worker starts some seconds later, and does not touch them either.", "text"),),
        ]
        self.pane.show(lines)

    def _confirm_parts(self) -> list[Part]:
        key = shown(self.console.keys["demo.confirm"][0])
        return [Part("[ Cancel ]", "button"), Part(f"{key} kills worker {self._pid}", "key")]

    def do_demo_confirm(self) -> None:
        """Kill it, if it still is the one."""
        name = self.session.source.name
        if self._workers.pid(name) == self._pid:
            self.console.report(self._workers.kill(name))
        else:
            self.console.report(f"worker {self._pid} has gone by itself; nothing was killed")
        self.leave()

    def do_demo_cancel(self) -> None:
        """Leave it alive."""
        self.leave()
