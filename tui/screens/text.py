"""A copied text to look at, where the terminal did not take it: nothing beside it, so it can be selected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text, wrap
from unstick.tui.actions.model import TEXT
from unstick.tui.keys import bindings
from unstick.tui.paint import line
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane

MOST = 100_000
"""Characters that are shown: nobody selects more by hand."""


class TextScreen(ConsoleScreen):
    """Full width, no gutter. The mouse is the terminal's, so its own selection works here."""

    SCOPE = TEXT
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(TEXT))

    def __init__(self, session: Session, text: str, what: str) -> None:
        super().__init__(session)
        self._text, self._what = text, what
        self.pane = Pane()

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.pane

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def title_parts(self) -> list[Part]:
        """What it is, and what to do with it."""
        cut = f"the first {MOST:,} characters" if len(self._text) > MOST else ""
        return [
            Part("Text", "title"),
            Part(f"> {self._what}", "title"),
            Part(cut, "warning"),
            Part(
                f"select it with the terminal's mouse; {self.key('app.back')} goes back", "dim", 1, right=True
            ),
        ]

    def on_resize(self, event: Resize) -> None:
        """Break the lines again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    def _show_lines(self) -> None:
        text = display_text(self._text, limit=MOST, multiline=True)
        self.pane.show([line(piece) for piece in wrap(text, self.pane.size.width)])

    def do_copy_id(self) -> None:
        """Copy it once more."""
        copied = self.console.copy(self._text)
        self.say(f"copied {self._what}" if copied else f"{self._what} is too long for the clipboard")
