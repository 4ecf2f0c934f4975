"""What asks one question: a key that was pressed before the question could be read is not an answer."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from unstick.tui.confirm import Confirmation
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part, TallBar
from unstick.tui.widgets.pane import Pane

_ALWAYS = ("app.interrupt", "app.redraw")

IGNORED = "that key was ignored: this had only just appeared"


class DialogScreen(ConsoleScreen):
    """Begins to listen when it was painted, and anew whenever it asks something else."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.confirm = Confirmation(lambda: self.console.clock(), session.source.name, session.is_prod)

    @property
    def unread(self) -> bool:
        """Whether it has not even been painted yet."""
        return self.confirm.shown_at is None

    def on_screen_resume(self) -> None:
        """Another screen may have covered what changed here."""
        super().on_screen_resume()
        self.appears()

    def appears(self) -> None:
        """What it asks is about to be painted."""
        self.confirm.vanish()
        self.call_after_refresh(self.confirm.appear)

    def accepts(self, action_id: str) -> bool:
        """Refuse what was pressed before this could be read."""
        if action_id in _ALWAYS or not self.confirm.too_early(self.console.pressed_at):
            return True
        self.say(IGNORED)
        return False


class TextDialog(DialogScreen):
    """A text, and below it the line that says how to go on."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.pane = Pane()
        self.confirm_bar = TallBar()

    def body(self) -> Iterable[Widget]:
        """The text and the line."""
        yield self.pane
        yield self.confirm_bar

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def tell(self) -> None:
        """Bring every line up to date."""
        super().tell()
        self.confirm_bar.show(self._confirm_parts())

    def _confirm_parts(self) -> list[Part]:
        """What the line says."""
        raise NotImplementedError
