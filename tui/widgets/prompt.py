"""The one-line prompt for filters, reasons and typed confirmations. Enter hands over, escape leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Paste
from textual.widgets import Input

from unstick.recovery.display import cell_width, display_text
from unstick.tui.widgets.bar import Bar, Part

Accept = Callable[[str], str | None]
"""Takes the text; returns a sentence that says what is wrong with it, or None."""


class PromptInput(Input):
    """An input without a blinking caret: blinking writes 2 KB a second."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def _on_paste(self, event: Paste) -> None:
        """Take the first line of a paste, through the gate: it may well be text of a job."""
        event.stop()
        event.prevent_default()
        lines = event.text.splitlines()
        if lines:
            self.insert_text_at_cursor(display_text(lines[0]))

    def action_leave(self) -> None:
        """Close the prompt without handing over."""
        prompt = self.query_ancestor(Prompt)
        prompt.close()


class Prompt(Horizontal):
    """Label and input on one line, hidden until asked."""

    DEFAULT_CSS = """
    Prompt { height: 1; width: 1fr; display: none; background: $background; }
    Prompt.-open { display: block; }
    Prompt Bar { width: auto; }
    Prompt PromptInput { border: none; height: 1; padding: 0; width: 1fr; background: $panel;
        color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = Bar()
        self._input = PromptInput(compact=True, select_on_focus=False)
        self._input.cursor_blink = False
        self._accept: Accept | None = None
        self._after: Callable[[], None] | None = None
        self._wrong: Callable[[str], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is asking."""
        return self._accept is not None

    def compose(self) -> ComposeResult:
        """Put label and input side by side."""
        yield self._label
        yield self._input

    def on_mount(self) -> None:
        """Keep keys out of the input until it is opened."""
        self._input.can_focus = False

    def ask(
        self,
        label: str,
        value: str,
        accept: Accept,
        wrong: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask for one line. `accept` gets it; what it returns goes to `wrong` and keeps the prompt open."""
        self._accept, self._wrong, self._after = accept, wrong, closed
        self._label.styles.width = cell_width(label) + 1
        self._label.show((Part(label, "key"),))
        self._input.value = value
        self._input.cursor_position = len(value)
        self._input.can_focus = True
        self.add_class("-open")
        self._input.focus()

    def close(self) -> None:
        """Leave, and give the keys back to the screen."""
        closed, self._accept = self._after, None
        self.remove_class("-open")
        self._input.can_focus = False
        self.screen.set_focus(None)
        if closed is not None:
            closed()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the text over."""
        event.stop()
        if self._accept is None or self._wrong is None:
            return
        problem = self._accept(event.value)
        if problem is None:
            self.close()
        else:
            self._wrong(problem)
