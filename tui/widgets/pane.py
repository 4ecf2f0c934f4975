"""A scrolling text of finished lines: job details, plans, help. Lines may be made on demand."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from unstick.tui.paint import BLANK, Line, Span, paint
from unstick.tui.widgets.base import Painted


class Pane(Painted):
    """Shows lines from `top` on; `sections` are the lines that the section key goes to."""

    DEFAULT_CSS = "Pane { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()
        self.sections: tuple[int, ...] = ()
        # Lines that are made on demand may say something else by now: only what was painted is known.
        self._painted: dict[int, Line] = {}
        self.top = 0

    def show(self, lines: Sequence[Line], sections: Sequence[int] = (), *, keep: bool = True) -> None:
        """Show these lines; `keep` stays at the same line, and writes nothing where nothing differs."""
        old_top = self.top
        self.lines, self.sections = lines, tuple(sections)
        self.top = min(self.top, self._last_top()) if keep else 0
        if self.top != old_top:
            self.refresh()
            return
        for y in range(self.size.height):
            if self._painted.get(y) != self._line(y):
                self.repaint(y)

    def move(self, how: str) -> None:
        """Scroll: down, up, page_down, page_up, top, end."""
        page, far = max(self.size.height - 1, 1), len(self.lines)
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "top": -far, "end": far}
        self._go(self.top + steps[how])

    def next_section(self) -> None:
        """Go to the next section, after the last one to the first."""
        later = [line for line in self.sections if line > self.top]
        reachable = bool(later) and self.top < self._last_top()
        self._go(later[0] if reachable else 0)

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        line = self._painted[y] = self._line(y)
        return paint(line, self.size.width, self.palette)

    def _line(self, y: int) -> Line:
        index, rest = self.top + y, len(self.lines) - self.top - y
        if y == self.size.height - 1 and rest > 1:
            return (Span(f"-- {rest:,} more lines --", "dim"),)
        return self.lines[index] if index < len(self.lines) else BLANK

    def _go(self, top: int) -> None:
        top = min(max(top, 0), self._last_top())
        if top != self.top:
            self.top = top
            self.refresh()

    def _last_top(self) -> int:
        return max(len(self.lines) - self.size.height, 0)
