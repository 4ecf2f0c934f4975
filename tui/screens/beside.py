"""The row under the cursor, shown beside the table where the terminal is wide enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic

from textual.timer import Timer

from unstick.recovery.model import Job, Variant
from unstick.tui.screens.beside_text import More, beside_lines
from unstick.tui.screens.detail import same
from unstick.tui.session import sentence
from unstick.tui.widgets.pane import Pane
from unstick.tui.window import R
from unstick.tui.working import Work

FROM = 120
"""Columns from which a row is shown beside the table; the table then is as wide as on a small terminal."""

LEAST, MOST = 42, 96
"""Columns that the pane takes: two fifths of what is beyond the first breakpoint go to it."""

REST_S = 0.12
"""Seconds for which the cursor has to rest before the pane follows."""


def pane_width(columns: int) -> int:
    """Return how many columns of a terminal go to the pane; 0 where the table needs all of them."""
    if columns < FROM:
        return 0
    return min(LEAST + (columns - FROM) * 2 // 5, MOST)


class Beside(Pane, Generic[R]):
    """Waits until the cursor rests, shows what the row tells, then asks once for what it doesn't.

    A held key must not drag lines over a slow link, nor send a question for each row that it passes. What is
    answered after the cursor went on is dropped.
    """

    DEFAULT_CSS = "Beside { width: 42; margin-left: 1; display: none; }"

    def __init__(self, ask: Callable[[R], Awaitable[More]], settled: Callable[[], None]) -> None:
        super().__init__(id="side")
        self._ask, self._settled = ask, settled
        self._resting: Timer | None = None
        self._row: R | None = None
        self._key: str | None = None
        self._more: More | None = None
        self._asked_for: R | None = None

    def give(self, columns: int) -> None:
        """Take so many columns; 0 hides the pane."""
        self.display = columns > 0
        if columns:
            self.styles.width = columns

    def follow(self, key: str | None, row: R | None) -> None:
        """Show this row as soon as the cursor rests on it."""
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
        if self.display:
            self._resting = self.set_timer(REST_S, lambda: self._rest(key, row))

    def _rest(self, key: str | None, row: R | None) -> None:
        self._resting = None
        moved, self._key, self._row = key != self._key, key, row
        if moved or row is None:
            self._more = self._asked_for = None
        self.lay_out(keep=not moved)
        if row is not None and not _known(self._asked_for, row):
            self._asked_for = row
            Work(self, "beside", exclusive=True).begin(self._find_out, key, row)

    async def _find_out(self, key: str | None, row: R) -> None:
        try:
            more = await self._ask(row)
        except Exception as error:
            more = More(problem=sentence(error))
        if key == self._key:
            self._more = more
            self.lay_out()
            self._settled()

    def lay_out(self, *, keep: bool = True) -> None:
        """Show what is known of the row for the width that there is."""
        if not isinstance(self._row, Job | Variant):
            self.show(())
            return
        lines = beside_lines(self._row, self._more, self.size.width)
        self.show(lines, lines.sections, keep=keep)


def _known(asked_for: object, row: object) -> bool:
    """Whether what was asked still holds for the row as it is by now."""
    if not isinstance(asked_for, Job | Variant) or not isinstance(row, Job | Variant):
        return False
    return same(asked_for, row)
