"""The one-line prompt: commands, filters, reasons, typed confirmations. Enter hands over, escape leaves.

Where it is helped, tab completes and up and down bring back what was typed before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Input

from unstick.recovery.display import cell_width, display_text
from unstick.tui.completion import Complete, Tabs
from unstick.tui.history import History
from unstick.tui.widgets.bar import Bar, Part

Accept = Callable[[str], str | None]
"""Takes the text; returns a sentence that says what is wrong with it, or None."""

LONGEST = 2_000
"""Characters that are put into a prompt at once."""


@dataclass(frozen=True, slots=True)
class Help:
    """What a prompt does besides taking text: completion, history, and being told of every change."""

    complete: Complete | None = None
    history: History | None = None
    changed: Callable[[str], None] | None = None


class PromptInput(Input):
    """An input without a blinking caret: blinking writes 2 KB a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("tab", "complete(1)", show=False),
        Binding("shift+tab", "complete(-1)", show=False),
        Binding("up,ctrl+p", "recall(-1)", show=False),
        Binding("down,ctrl+n", "recall(1)", show=False),
    ]

    @property
    def prompt(self) -> Prompt:
        """The prompt that it is part of."""
        return self.query_ancestor(Prompt)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys to the screen that this prompt has no use for."""
        if action == "recall":
            return self.prompt.help.history is not None
        return self.prompt.help.complete is not None if action == "complete" else True

    def _on_paste(self, event: Paste) -> None:
        """Take the first line of a paste, through the gate: it may well be text of a job."""
        event.stop()
        event.prevent_default()
        lines = event.text.splitlines()
        if lines:
            self.insert_text_at_cursor(display_text(lines[0]))

    def action_leave(self) -> None:
        """Close the prompt without handing over."""
        self.prompt.leave()

    def action_complete(self, step: int) -> None:
        """Complete what stands before the caret."""
        self.prompt.complete(step)

    def action_recall(self, step: int) -> None:
        """Bring back what was typed before."""
        self.prompt.recall(step)


class Prompt(Widget):
    """Label and input on one line, hidden until asked.

    Not a `Horizontal`: what screens say about theirs (to take what height is left) would count for it too.
    """

    DEFAULT_CSS = """
    Prompt { layout: horizontal; height: 1; width: 1fr; display: none; background: $background; }
    Prompt.-open { display: block; }
    Prompt Bar { width: auto; }
    Prompt PromptInput, Prompt PromptInput:focus, Prompt PromptInput:ansi { border: none; height: 1;
        padding: 0; width: 1fr; background: $panel; background-tint: transparent; color: $foreground; }
    Prompt PromptInput > .input--cursor, Prompt PromptInput:ansi > .input--cursor {
        background: $input-cursor-background; color: $input-cursor-foreground; }
    Prompt PromptInput > .input--suggestion, Prompt PromptInput > .input--placeholder,
    Prompt PromptInput:ansi > .input--suggestion, Prompt PromptInput:ansi > .input--placeholder {
        color: $text-disabled; text-style: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = Bar()
        self._input = PromptInput(compact=True, select_on_focus=False)
        self._input.cursor_blink = False
        self._accept: Accept | None = None
        self._after: Callable[[], None] | None = None
        self._wrong: Callable[[str], None] | None = None
        self._tabs = Tabs()
        self._told_of: str | None = None
        self.help = Help()

    @property
    def is_open(self) -> bool:
        """Whether it is asking."""
        return self._accept is not None

    @property
    def text(self) -> str:
        """What is written in it."""
        return self._input.value

    def compose(self) -> ComposeResult:
        """Put label and input side by side."""
        yield self._label
        yield self._input

    def on_mount(self) -> None:
        """Keep keys out of the input until it is opened."""
        self._input.can_focus = self.is_open

    def ask(
        self,
        label: str,
        value: str,
        accept: Accept,
        wrong: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
        *,
        help: Help | None = None,  # noqa: A002
    ) -> None:
        """Ask for one line. `accept` gets it; what it returns goes to `wrong` and keeps the prompt open.

        `accept` may close the prompt itself, and open it again for something else.
        """
        self._accept, self._wrong, self._after = accept, wrong, closed
        self.help, self._tabs = help or Help(), Tabs()
        if self.help.history is not None:
            self.help.history.begin()
        self._label.styles.width = cell_width(label) + 1
        self._label.show((Part(label, "key"),))
        self._put(value, len(value))
        self._input.can_focus = True
        self.add_class("-open")
        # At once, not later: what is typed right after the key that asks belongs here.
        self.screen.set_focus(self._input, scroll_visible=False)

    def close(self) -> None:
        """Leave, and give the keys back to the screen."""
        closed, self._accept = self._after, None
        self.help = Help()
        self.remove_class("-open")
        self._input.can_focus = False
        self.screen.set_focus(None)
        if closed is not None:
            closed()

    def leave(self) -> None:
        """Close without handing over; what was told was about what was being written."""
        self._tell("")
        self.close()

    def caret_to(self, position: int) -> None:
        """Put the caret where the mistake is."""
        self._input.cursor_position = min(max(position, 0), len(self.text))

    def complete(self, step: int) -> None:
        """Complete as far as it goes, then go through the candidates, which are told of."""
        if self.help.complete is not None:
            caret = self._input.cursor_position
            self._put(*self._tabs.press(self.text, caret, self.help.complete, step))
            self._tell(self._tabs.told(self.screen.size.width))

    def recall(self, step: int) -> None:
        """Bring back an older or a newer line that begins like this one."""
        found = self.help.history.recall(step, self.text) if self.help.history is not None else None
        if found is not None:
            self._put(found, len(found))
            self._tell("")

    def _put(self, text: str, caret: int) -> None:
        shown = display_text(text, limit=LONGEST)
        self._told_of = shown
        self._input.value = shown
        self._input.cursor_position = min(caret, len(shown))

    def _tell(self, text: str) -> None:
        if self._wrong is not None:
            self._wrong(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was told is about what was written before."""
        event.stop()
        if event.value != self._told_of and self.is_open:
            self._told_of = None
            self._tell("")
        if self.help.changed is not None:
            self.help.changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the text over."""
        event.stop()
        accept = self._accept
        if accept is None or self._wrong is None:
            return
        self._tell("")
        problem = accept(event.value)
        if problem is not None:
            self._wrong(problem)
        elif self._accept is accept:
            self.close()
