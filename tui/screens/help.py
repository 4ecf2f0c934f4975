"""Help: every key of the screen it was opened from, with the reason where one can't be used now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from unstick.recovery.display import display_text, fit, wrap
from unstick.tui.actions import Action, of_screen
from unstick.tui.actions.model import HELP
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings, shown
from unstick.tui.paint import Line, Span
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.help_text import about_lines
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane

_GROUPS = {
    "move": "Move", "rows": "Rows", "act": "Act: each opens a plan, nothing is changed before it is applied",
    "view": "View", "retries": "Retries", "sweep": "Sweep", "arm": "Arm",
    "refresh": "Refresh", "plan": "Plan", "copy": "Copy", "app": "Console", "demo": "Demo",
}  # fmt: skip


class HelpScreen(ConsoleScreen):
    """Generated from the action registry; `/` filters it."""

    SCOPE = HELP
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(HELP))

    def __init__(self, session: Session, scope: str, facts: Facts) -> None:
        super().__init__(session)
        self._scope, self._there = scope, facts
        self._words = ""
        self.pane = Pane()

    def body(self) -> Iterable[Widget]:
        """The list."""
        yield self.pane

    def scroller(self) -> Pane:
        """The list."""
        return self.pane

    def title_parts(self) -> list[Part]:
        """Whose keys these are."""
        filtered = Part(f"/{self._words}", "key") if self._words else Part("")
        return [
            Part(f"Help > {self._scope}", "title"),
            filtered,
            Part(f"{self.key('app.back')} goes back", "dim", 1, right=True),
        ]

    def on_mount(self) -> None:
        """List them."""
        super().on_mount()
        self._show_lines()

    def _show_lines(self) -> None:
        about, problems = self._about(), self._problems()
        lines = [*about, *([()] if about and problems else []), *problems]
        group = ""
        for action in of_screen(self._scope):
            if action.demo and not self._there.demo:
                continue
            if self._words and self._words not in self._searched(action):
                continue
            head = action.id.partition(".")[0]
            if head != group:
                group = head
                lines.extend([()] if lines else [])
                lines.append((Span(_GROUPS.get(head, head), "heading"),))
            lines.extend(self._lines(action))
        self.pane.show(lines or [(Span("  no key does that here", "dim"),)], keep=False)
        self.tell()

    def _about(self) -> list[Line]:
        """What the screen is for, unless something is looked for."""
        return [] if self._words else about_lines(self._scope, self.console.keys, self.size.width)

    def _problems(self) -> list[Line]:
        """What is wrong with the source: none of it keeps it from being looked at."""
        able = self.session.capabilities
        if able is None or not able.problems or self._words:
            return []
        name = display_text(self.session.source.name, limit=60)
        lines: list[Line] = [(Span(f"What is wrong with {name}", "failed"),)]
        for problem in able.problems:
            first, *rest = wrap(display_text(problem, limit=1_000), max(self.size.width - 5, 20))
            lines.append((Span("  ! ", "failed"), Span(first, "warning")))
            lines.extend((Span(f"    {piece}", "warning"),) for piece in rest)
        return lines

    def _keys(self, action: Action) -> str:
        return " ".join(shown(key) for key in self.console.keys[action.id])

    def _searched(self, action: Action) -> str:
        return f"{self._keys(action)} {action.label} {action.help} {action.id}".lower()

    def _lines(self, action: Action) -> list[Line]:
        reason = action.when(self._there)
        keys = Span(f"  {fit(self._keys(action), 12)}", "dim" if reason else "key")
        lines: list[Line] = [(keys, Span(action.help, "dim" if reason else "text"))]
        if reason:
            lines.append((Span(" " * 14), Span(f"not now: {reason}", "warning")))
        return lines

    def do_view_filter(self) -> None:
        """Ask for words."""
        self.prompt.ask("help on /", self._words, self._filter, self.say)

    def _filter(self, text: str) -> str | None:
        self._words = text.strip().lower()
        self._show_lines()
        return None

    def do_app_back(self) -> None:
        """Show everything again, then leave."""
        if self._words:
            self._filter("")
        else:
            self.leave()
