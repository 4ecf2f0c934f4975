"""The palette: all that can be done on the screen it was opened from, found by words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from unstick.tui.actions.model import PALETTE
from unstick.tui.commands import commands
from unstick.tui.commands.line import ask_command
from unstick.tui.keys import bindings
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.palette_rows import Entry, PaletteRows, entries_of, matching
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.prompt import Help
from unstick.tui.widgets.table import Table

_WHILE_TYPING = ("move.", "palette.")


class PaletteScreen(ConsoleScreen):
    """Its prompt is open as long as it is; escape closes both. What is listed is as of its opening."""

    SCOPE = PALETTE
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(PALETTE))

    def __init__(self, session: Session, below: ConsoleScreen) -> None:
        super().__init__(session)
        self._below = below
        self.rows = PaletteRows(entries_of(commands(below)))
        self.table = Table(self.rows)

    def compose(self) -> ComposeResult:
        """The prompt stands above what it finds."""
        yield self.header_bar
        yield self.title_bar
        yield self.notice
        yield self.prompt
        yield from self.body()
        yield self.status_bar
        yield self.hint_bar

    def body(self) -> Iterable[Widget]:
        """The list."""
        yield self.table

    def scroller(self) -> Table:
        """The list."""
        return self.table

    def title_parts(self) -> list[Part]:
        """On which screen."""
        found = len(matching(tuple(self.rows.entries.values()), self.prompt.text))
        return [
            Part(f"Palette > {self._below.SCOPE}", "title"),
            Part(f"{found} of {len(self.rows.entries)}", "dim", 2),
            Part(f"{self.key('palette.run')} does it, esc closes", "dim", 1, right=True),
        ]

    def hint_parts(self) -> list[Part]:
        """The prompt takes the letters: only the keys of the list and esc are worth knowing."""
        return [part for part in super().hint_parts() if part.style != "dim"]

    def on_mount(self) -> None:
        """Ask for words."""
        super().on_mount()
        self.prompt.ask("find", "", self._choose, self.say, self.leave, help=Help(changed=self._filter))
        self._filter("")

    def _filter(self, words: str) -> None:
        found = [entry.name for entry in matching(tuple(self.rows.entries.values()), words)]
        self.table.cursor = None
        self.table.show(())
        self.table.show(found)
        self.tell()

    def action_do(self, action_id: str) -> None:
        """Let the list's keys act although the prompt is open."""
        if action_id.startswith(_WHILE_TYPING):
            self.say("")
            getattr(self, "do_" + action_id.replace(".", "_"))()
        else:
            super().action_do(action_id)

    def do_palette_next(self) -> None:
        """Next entry."""
        self.table.move("down")

    def do_palette_previous(self) -> None:
        """Previous entry."""
        self.table.move("up")

    def do_palette_run(self) -> None:
        """Do what is chosen."""
        problem = self._choose(self.prompt.text)
        if problem is not None:
            self.say(problem)

    def _choose(self, words: str) -> str | None:
        entry = self.rows.entries.get(self.table.cursor or "")
        if entry is None:
            return "nothing is chosen; other words may find something"
        if entry.refusal is not None:
            return entry.refusal
        # Closed first, at once: the next key must meet what was opened, which does not take it yet.
        self.prompt.close()
        self._run(entry)
        return None

    def _run(self, entry: Entry) -> None:
        below = self._below
        if entry.asks:
            ask_command(below, entry.asks)
            return
        problem = entry.run()
        if problem is not None:
            below.say(problem)
