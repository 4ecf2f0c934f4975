"""What the screens share that show a text and below it rows to open; the cursor comes when asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text, wrap
from unstick.tui.keys import shown
from unstick.tui.paint import Line, Span
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.plan_text import Lines
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Bar, Part
from unstick.tui.widgets.pane import Pane
from unstick.tui.widgets.table import Rows, Table

LEAST = 2
"""Rows of the table that are shown however low the terminal is."""
OTHERS = 4
"""Lines of the screen that are neither text nor rows: header, title, status, and the one above the rows."""
SHORT = 15
"""Rows below which the hint line is not there."""


def said(text: str, width: int, style: str) -> list[Line]:
    """Return a sentence as lines of a text, indented."""
    pieces = wrap(display_text(text, limit=2_000), max(width - 2, 20))
    return [(Span(f"  {piece}", style),) for piece in pieces]


class Below(Table):
    """Takes no room while it has no rows. Without `active` there is no cursor."""

    DEFAULT_CSS = "Below { height: 3; display: none; }"

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.active = False

    @property
    def number(self) -> int:
        """How many rows there are."""
        return len(self._keys)

    @property
    def chosen(self) -> str | None:
        """The key of the row under the cursor."""
        return self.cursor if self.active else None

    def take(self, keys: Sequence[str], changed: Collection[str] = ()) -> None:
        """Show these rows; without any there is no cursor either."""
        if not keys:
            self.active = False
        self.show(keys, changed)

    def fit(self, height: int, text: int) -> None:
        """Take a part of `height` lines: what the text of so many lines leaves, and at least a third, or two
        thirds while the cursor is here."""
        room = max(height * (2 if self.active else 1) // 3, height - text, LEAST + 1)
        lines = min(self.number + 1, room)
        self.display = bool(self._keys)
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines

    def enter(self) -> None:
        """Let the cursor come, to the first row."""
        self.active = True
        self.move_to(next(iter(self._keys), None))

    def leave(self) -> None:
        """Let the cursor go."""
        self.active = False
        self.move_to(None)

    def _settle(self, line: int) -> None:
        super()._settle(line)
        if not self.active:
            self.cursor = None


class TextAndRows(ConsoleScreen):
    """The text has the keys until `tab`, `enter` or its end hands them to the rows."""

    def __init__(self, session: Session, rows: Rows) -> None:
        super().__init__(session)
        self.pane = Pane()
        self.rows_bar = Bar()
        self.table = Below(rows)
        self._length = 0

    def text(self, width: int) -> Lines:
        """Return the text."""
        raise NotImplementedError

    def rows_parts(self, how: str) -> list[Part]:
        """Return the line above the rows; `how` says how to get to them, or back."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """The text, and below it the rows."""
        self.rows_bar.add_class("-hidden")
        yield self.pane
        yield self.rows_bar
        yield self.table

    def scroller(self) -> Table | Pane:
        """The rows while the cursor is among them, else the text."""
        return self.table if self.table.active else self.pane

    def problem(self) -> str | None:
        """Return what is wrong, and that one need not wait."""
        problem, key = super().problem(), shown(self.console.keys["refresh.now"][0])
        return f"{problem} ({key} asks again now)" if problem else None

    def tell(self) -> None:
        """Bring every line up to date."""
        super().tell()
        self.rows_bar.set_class(not self.table.number, "-hidden")
        key = shown(self.console.keys["view.section"][0])
        back = f"{self.key('app.back')} goes back to the text"
        self.rows_bar.show(self.rows_parts(back if self.table.active else f"{key} goes to them"))

    def tell_soon(self) -> None:
        """Bring every line up to date once the answer that has just come is no question any more."""
        self.call_later(self.tell)

    def on_resize(self, event: Resize) -> None:
        """Wrap again, and share the lines anew."""
        super().on_resize(event)
        self.call_after_refresh(self.show_lines)

    def show_lines(self, *, keep: bool = True) -> None:
        """Show the text for the width that there is, and the rows below it."""
        lines = self.text(max(self.size.width, 20))
        self._length = len(lines)
        self.share()
        self.pane.show(lines, lines.sections, keep=keep)
        self.tell()

    def share(self) -> None:
        """Share the lines between text and rows."""
        height = self.size.height
        self.table.fit(max(height - OTHERS - (height >= SHORT), 1), self._length)

    def on_table_moved(self) -> None:
        """The hints say what is possible here."""
        self.tell()

    def to_rows(self) -> None:
        """Let the cursor come to the rows."""
        if self.table.number:
            self.table.enter()
            self.share()

    def to_text(self) -> None:
        """Give the keys back to the text."""
        self.table.leave()
        self.share()

    def do_move_down(self) -> None:
        """Next line; after the last one of the text the rows come."""
        top = self.pane.top
        super().do_move_down()
        if not self.table.active and self.pane.top == top:
            self.to_rows()

    def do_move_up(self) -> None:
        """Previous line; before the first row is the text."""
        if self.table.active and self.table.position <= 0:
            self.to_text()
        else:
            super().do_move_up()

    def do_app_back(self) -> None:
        """From the rows back to the text, from there to the screen before."""
        if self.table.active:
            self.to_text()
        else:
            self.leave()
