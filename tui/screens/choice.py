"""All actions that a job system has, with what each really does. Choosing one opens its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text, fit
from unstick.recovery.model import ActionInfo
from unstick.tui.actions.model import CHOICE
from unstick.tui.availability import Facts, offers
from unstick.tui.columns import GUTTER
from unstick.tui.keys import bindings
from unstick.tui.paint import Line, Span, width_of
from unstick.tui.screens.dialog import DialogScreen
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Bar, Part, TallBar
from unstick.tui.widgets.table import Table

NAME = 10


class ActionRows:
    """The actions for the table widget."""

    def __init__(self, actions: Iterable[ActionInfo], facts: Facts) -> None:
        self.actions: Mapping[str, ActionInfo] = {
            action.name: action.on(variants=facts.variants) for action in actions
        }
        self._facts = facts

    def resize(self, width: int) -> None:
        """Every line is cut at the right; nothing to lay out."""

    def header(self) -> Line:
        """Return the heading line."""
        return (Span(f"   {fit('ACTION', NAME)} WHAT IT DOES", "heading"),)

    def row(self, key: str) -> Line:
        """Return one action's line, with the reason where it can't be planned now."""
        action, reason = self.actions[key], self.refusal(key)
        wants = "only stuck ones; " if action.only_stuck else ""
        allowed = f"only {', '.join(action.from_statuses)}; " if action.from_statuses else ""
        told = f"  not now: {reason}" if reason else f"  {(wants or allowed).removesuffix('; ')}"
        style = "dim" if reason else "failed" if action.destructive else "text"
        return (
            Span(f"{fit(display_text(action.name), NAME)} ", "dim" if reason else "key"),
            Span(display_text(action.verb, limit=120), style),
            Span(display_text(told, limit=200), "warning" if reason else "dim"),
        )

    def refusal(self, key: str) -> str | None:
        """Return why an action can't be planned now."""
        return offers(key)(self._facts)

    def empty(self) -> str:
        """Say why there are no rows."""
        return "this job system has no actions"

    def tail(self) -> str:
        """There is nothing after the last action."""
        return ""


class ChoiceScreen(DialogScreen):
    """Bound to the rows that were chosen when it was opened; `how` says how."""

    SCOPE = CHOICE
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(CHOICE))

    def __init__(self, session: Session, facts: Facts, how: str, choose: Callable[[str], None]) -> None:
        super().__init__(session)
        able = facts.capabilities
        self.rows = ActionRows(able.actions if able else (), facts)
        self.table = Table(self.rows)
        self.whole: Bar = TallBar()
        self._how, self._choose = how, choose

    def body(self) -> Iterable[Widget]:
        """The table, and what it has no room for."""
        yield self.table
        yield self.whole

    def scroller(self) -> Table:
        """The table."""
        return self.table

    def facts(self) -> Facts:
        """Whether there is an action to choose."""
        return Facts(self.session.capabilities, row=self.table.cursor)

    def title_parts(self) -> list[Part]:
        """On what the action will be planned."""
        return [
            Part("Actions", "title"),
            Part(f"on {self._how}", "mark", 1),
            Part(f"{self.key('rows.open')} opens the plan; nothing is changed yet", "dim", 2, right=True),
        ]

    def on_mount(self) -> None:
        """List the actions."""
        super().on_mount()
        self.table.show(list(self.rows.actions))
        self.tell()

    def on_resize(self, event: Resize) -> None:
        """A line may be cut now, or not any more."""
        super().on_resize(event)
        self.on_table_moved()

    def on_table_moved(self) -> None:
        """Say below the table what the line under the cursor has no room for."""
        key, width = self.table.cursor, self.size.width - GUTTER
        line = self.rows.row(key) if key is not None else ()
        cut = width_of(line) > width
        self.whole.set_class(not cut, "-hidden")
        self.whole.show([Part(" ".join(span.text.strip() for span in line[1:]), "text")] if cut else [])

    def do_rows_open(self) -> None:
        """Open the plan of the action under the cursor."""
        name = self.table.cursor
        if name is None:
            return
        reason = self.rows.refusal(name)
        if reason is not None:
            self.say(f"{name}: {reason}")
            return
        self.leave()
        self._choose(name)
