"""What shows a text, says below it what is still missing, and does what it says on one confirming key."""

from __future__ import annotations

from typing import ClassVar

from textual.events import Resize

from unstick.tui.screens.dialog import TextDialog
from unstick.tui.session import Session


class ConfirmScreen(TextDialog):
    """Asks for what the confirming key wants first."""

    NAMED: ClassVar[str]
    """What the ids of its actions begin with, as in `plan.reason`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._problem: str | None = None

    def problem(self) -> str | None:
        """What is wrong with the source, unless the text says the same."""
        return None if self._problem else super().problem()

    def on_resize(self, event: Resize) -> None:
        """Wrap again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    def _show_lines(self) -> None:
        raise NotImplementedError

    def _go(self) -> None:
        """Do what was confirmed."""
        raise NotImplementedError

    def confirmed(self) -> None:
        """Go, or ask for what is missing. Asking never goes by itself."""
        missing = self.confirm.missing()
        if missing == "reason":
            self.ask_reason()
        elif missing == "typed":
            label = f"type {self.confirm.wanted}:"
            self.prompt.ask(label, "", self.confirm.check_typed, self.say, self._asked)
        else:
            self._go()

    def ask_reason(self) -> None:
        """Ask for the operator's own words."""
        self.prompt.ask("reason:", self.confirm.reason, self._take_reason, self.say, self._asked)

    def _needed(self) -> str | None:
        """What the confirming key wants first, in words; None when it goes."""
        missing = self.confirm.missing()
        if missing is None:
            return None
        return "a reason" if missing == "reason" else f"{self.confirm.wanted} typed"

    def _reason_text(self) -> str:
        reason = self.confirm.reason
        return f"reason: {reason}" if reason else f"{self.key(f'{self.NAMED}.reason')} adds a reason"

    def _take_reason(self, text: str) -> str | None:
        self.confirm.reason = text.strip()
        return None if text.strip() or not self.confirm.prod else "in prod a reason is required"

    def _asked(self) -> None:
        self.appears()
        self.console.say("")
        self.tell()
