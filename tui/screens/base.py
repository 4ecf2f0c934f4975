"""What every screen has: the header that never leaves, a prompt, status, hints, and one dispatcher."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult, SuspendNotSupported
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from unstick.tui.actions import ACTIONS, of_screen
from unstick.tui.availability import Facts
from unstick.tui.header import header_parts
from unstick.tui.keys import key_of, shown, takes_a_key
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Bar, Part, TallBar
from unstick.tui.widgets.notice import Notice
from unstick.tui.widgets.pane import Pane
from unstick.tui.widgets.prompt import Prompt
from unstick.tui.widgets.table import Table

if TYPE_CHECKING:
    from unstick.tui.console import ConsoleApp

_BY_ID = {action.id: action for action in ACTIONS}
_WHILE_PROMPTING = ("app.interrupt", "app.redraw")
SHORT = 15
"""Rows below which the hint line leaves."""


class ConsoleScreen(Screen[None], inherit_bindings=False):
    """Base of all screens. `SCOPE` is the screen's name in the action registry."""

    SCOPE: ClassVar[str]
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ConsoleScreen { layout: vertical; background: $background; overflow: hidden; }
    ConsoleScreen .-hidden { display: none; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.header_bar = Bar(ground="bar")
        self.title_bar = Bar()
        self.notice = Notice()
        self.prompt = Prompt()
        self.status_bar: Bar = TallBar()
        self.hint_bar = Bar()
        self._doing = self._copied = ""

    @property
    def console(self) -> ConsoleApp:
        """The app."""
        return cast("ConsoleApp", self.app)

    @property
    def on_top(self) -> bool:
        """Whether this is the screen that is shown. Textual's own `is_current` also means the one below."""
        return self.app.screen_stack[-1:] == [self]

    def compose(self) -> ComposeResult:
        """Stack header, title, body, prompt, status, hints."""
        yield self.header_bar
        yield self.title_bar
        yield self.notice
        yield from self.body()
        yield self.prompt
        yield self.status_bar
        yield self.hint_bar

    def body(self) -> Iterable[Widget]:
        """Return what the screen is for."""
        raise NotImplementedError

    def scroller(self) -> Table | Pane:
        """Return what the movement keys move."""
        raise NotImplementedError

    def title_parts(self) -> list[Part]:
        """Return the line below the header."""
        raise NotImplementedError

    def problem(self) -> str | None:
        """Return what is wrong with the source right now."""
        return self.session.problem

    def facts(self) -> Facts:
        """Return what the availability of actions depends on."""
        return Facts(capabilities=self.session.capabilities)

    def on_mount(self) -> None:
        """Fill the lines for the first time."""
        self.tell()

    def on_screen_resume(self) -> None:
        """Show what was said while another screen was on top."""
        self.tell()

    def on_resize(self, event: Resize) -> None:
        """Let the hint line go where there is no room for it."""
        self.hint_bar.set_class(event.size.height < SHORT, "-hidden")

    def tell(self) -> None:
        """Bring every line up to date; a line that says the same writes nothing."""
        self.header_bar.show(header_parts(self.session, self.console.place))
        self.title_bar.show(self.title_parts())
        self.notice.show(self.problem())
        self.status_bar.show(self.console.status_parts())
        self.hint_bar.show(self.hint_parts())

    def hint_parts(self) -> list[Part]:
        """Return the keys worth knowing here, the unavailable ones dim."""
        facts, keys = self.facts(), self.console.keys
        hinted = sorted(
            (
                each
                for each in of_screen(self.SCOPE)
                if each.hint and takes_a_key(keys, each) and not (each.quiet and each.when(facts))
            ),
            key=lambda each: each.hint,
        )
        return [
            Part(
                f"{key_of(action, keys)} {action.label}",
                "dim" if action.when(facts) else "text",
                0 if action.id == "app.help" else action.hint,
            )
            for action in hinted
        ]

    def key(self, action_id: str) -> str:
        """Return an action's first key as people write it, for a sentence that names it."""
        return shown(self.console.keys[action_id][0])

    def say(self, text: str) -> None:
        """Say something until the next key."""
        self.console.say(text)
        self.status_bar.show(self.console.status_parts())

    def action_do(self, action_id: str) -> None:
        """Run an action of the registry, or say why it can't be run."""
        if self.prompt.is_open and action_id not in _WHILE_PROMPTING:
            return
        if not self.accepts(action_id):
            return
        if action_id != "app.interrupt":
            self.console.say("")
        self._copied = self._copied if action_id == self._doing else ""
        self._doing = action_id
        action = _BY_ID[action_id]
        reason = action.when(self.facts())
        if reason is None:
            getattr(self, "do_" + action_id.replace(".", "_"))()
        else:
            self.console.say(f"{action.label}: {reason}")
        self.status_bar.show(self.console.status_parts())

    def accepts(self, action_id: str) -> bool:
        """Whether a key may act now; dialogs refuse what was typed before they could be read."""
        return True

    def do_move_down(self) -> None:
        """Next line."""
        self.scroller().move("down")

    def do_move_up(self) -> None:
        """Previous line."""
        self.scroller().move("up")

    def do_move_page_down(self) -> None:
        """Next page."""
        self.scroller().move("page_down")

    def do_move_page_up(self) -> None:
        """Previous page."""
        self.scroller().move("page_up")

    def do_move_top(self) -> None:
        """First line."""
        self.scroller().move("top")

    def do_move_end(self) -> None:
        """Last line."""
        self.scroller().move("end")

    def do_view_section(self) -> None:
        """Next section of the text."""
        scroller = self.scroller()
        if isinstance(scroller, Pane):
            scroller.next_section()

    def do_view_operations(self) -> None:
        """Open the journal."""
        self.console.open_operations()

    def do_source_list(self) -> None:
        """Open the list of all sources."""
        self.console.open_sources()

    def do_app_help(self) -> None:
        """Open the list of keys."""
        self.console.open_help(self.SCOPE, self.facts())

    def do_app_command(self) -> None:
        """Ask for a command."""
        from unstick.tui.commands.line import ask_command

        ask_command(self)

    def do_app_palette(self) -> None:
        """Open the palette on this screen."""
        self.console.open_palette(self)

    def do_app_back(self) -> None:
        """Leave this screen."""
        self.leave()

    def leave(self) -> None:
        """Go back to the screen below."""
        if self.on_top:
            # Awaiting it in a handler of this very screen would wait for itself.
            _ = self.dismiss()

    def do_app_quit(self) -> None:
        """Leave this screen."""
        self.do_app_back()

    def do_app_interrupt(self) -> None:
        """Quit when pressed twice."""
        self.console.interrupt()

    def do_app_suspend(self) -> None:
        """Give the terminal back to the shell until `fg`."""
        with suppress(SuspendNotSupported):
            self.app.action_suspend_process()

    def do_app_redraw(self) -> None:
        """Paint everything again."""
        self.console.redraw()

    def copy(self, text: str, what: str) -> None:
        """Put text on the terminal's clipboard and say so; the same key again shows it, to be selected."""
        if self._copied == what:
            self.console.open_text(text, what)
            return
        self._copied = what
        told = f"copied {what}" if self.console.copy(text) else f"{what} is too long for the clipboard"
        key = self.console.keys[self._doing if self._doing.startswith("copy.") else "copy.id"][0]
        self.say(f"{told}; {shown(key)} again shows it")
