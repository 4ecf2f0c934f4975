"""The first picture: the header, before anything is imported that the live table needs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from unstick.tui.header import header_parts
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Bar


class OpeningScreen(Screen[None], inherit_bindings=False):
    """Shown once, for as long as it takes to import the rest."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = "OpeningScreen { background: $background; overflow: hidden; }"

    def __init__(self, session: Session, place: str) -> None:
        super().__init__()
        self._session, self._place = session, place

    def compose(self) -> ComposeResult:
        """The header alone."""
        header = Bar(ground="bar")
        header.show(header_parts(self._session, self._place))
        yield header
