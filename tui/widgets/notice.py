"""What is wrong right now, in as many lines as it takes, up to a few: a reason cut short helps nobody."""

from __future__ import annotations

from textual.events import Resize
from textual.strip import Strip

from unstick.recovery.display import display_text, wrap
from unstick.tui.paint import BLANK, Span, paint
from unstick.tui.widgets.base import Painted

MOST_LINES = 4


class Notice(Painted):
    """Takes no room while there is nothing to say; saying the same again writes nothing."""

    DEFAULT_CSS = "Notice { height: auto; width: 1fr; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._pieces: list[str] = []

    def show(self, text: str | None) -> None:
        """Say this, or nothing."""
        if (text or "") != self.text:
            self.text = text or ""
            self._lay_out(self.screen.size.width)

    def _lay_out(self, width: int) -> None:
        self._pieces = wrap(display_text(f"! {self.text}"), max(width, 10))[:MOST_LINES] if self.text else []
        self.styles.height = max(len(self._pieces), 1)
        self.display = bool(self._pieces)
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """Wrap again."""
        pieces = self._pieces
        self._lay_out(event.size.width)
        if len(pieces) != len(self._pieces):
            self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        """Paint a line."""
        line = (Span(self._pieces[y], "failed"),) if y < len(self._pieces) else BLANK
        return paint(line, self.size.width, self.palette)
