"""The smallest Textual app that still shows something: a line of text and a footer."""

import os

os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")

from textual.app import App, ComposeResult
from textual.widgets import Footer, Static


class Minimal(App[None]):
    """A line and a footer."""

    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012 - as the documentation of Textual has it

    def compose(self) -> ComposeResult:
        """A line and a footer."""
        yield Static("minimal-app-here")
        yield Footer()


if __name__ == "__main__":
    Minimal().run(mouse=False)
