"""The first screen of somebody who has configured nothing: the demo, a database, or how to configure one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from unstick.recovery.config.url import check_url, is_url
from unstick.recovery.errors import ConfigError
from unstick.recovery.source import mask_url
from unstick.tui.actions.model import WELCOME
from unstick.tui.keys import bindings, shown
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.welcome_text import welcome_lines
from unstick.tui.session import Session, sentence
from unstick.tui.ways import Try, Way
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane
from unstick.tui.widgets.url_prompt import UrlPrompt
from unstick.tui.working import Work

TRY_S = 30.0
"""Seconds after which a database that does not answer is given up."""


class WelcomeScreen(ConsoleScreen):
    """`attempt` opens a URL for a try, `place` is where a configuration would be, `go` leaves for a way."""

    SCOPE = WELCOME
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(WELCOME))

    def __init__(self, session: Session, attempt: Try, place: str, go: Callable[[Way], None]) -> None:
        super().__init__(session)
        self._attempt, self._place, self._go = attempt, place, go
        self._url = ""
        self._wrong: str | None = None
        self._trying: Worker[None] | None = None
        self.pane = Pane()
        self.prompt = UrlPrompt()

    def body(self) -> Iterable[Widget]:
        """What this is and what can be done."""
        yield self.pane

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def problem(self) -> str | None:
        """What was wrong with the last URL."""
        return self._wrong

    def title_parts(self) -> list[Part]:
        """A greeting, or which database is being opened."""
        if self._trying is None:
            return [Part("Welcome", "title")]
        back = shown(self.console.keys["app.back"][0])
        return [
            Part(f"Opening {mask_url(self._url)} ...", "title"),
            Part(f"{back} gives up", "dim", 1, right=True),
        ]

    def on_mount(self) -> None:
        """Say it."""
        super().on_mount()
        self._show_lines()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        super().on_resize(event)
        self._show_lines(event.size.width)

    def _show_lines(self, width: int | None = None) -> None:
        self.pane.show(welcome_lines(self.console.keys, self._place, width or self.size.width))

    def on_paste(self, event: events.Paste) -> None:
        """A URL that is pasted here is meant to be opened; it is still asked for."""
        first = event.text.strip().partition("\n")[0].strip()
        if is_url(first) and not self.prompt.is_open:
            event.stop()
            self._ask("database URL:", first, self._open)

    def do_welcome_demo(self) -> None:
        """Leave for the demo."""
        self._go(Way("demo"))

    def do_welcome_url(self) -> None:
        """Ask for a URL."""
        self._ask("database URL:", self._url, self._open)

    def do_welcome_init(self) -> None:
        """Ask which database is to be configured."""
        self._ask("URL to configure:", self._url, self._init)

    def _ask(self, label: str, url: str, accept: Callable[[str], str | None]) -> None:
        self._stop_trying()
        self.tell()
        self.prompt.ask(label, url, accept, self.say)

    def _checked(self, text: str) -> str | None:
        """Take the URL; returns what is wrong with it."""
        self._url, self._wrong = text.strip(), None
        if not self._url:
            return "type a database URL, or leave with esc"
        try:
            self._url = check_url(self._url)
        except ConfigError as error:
            return sentence(error, address=True)
        return None

    def _init(self, text: str) -> str | None:
        wrong = self._checked(text)
        if wrong is None:
            self._go(Way("init", self._url))
        return wrong

    def _open(self, text: str) -> str | None:
        wrong = self._checked(text)
        if wrong is None:
            self._trying = Work(self, "try", exclusive=True, exit_on_error=False).begin(self._try, self._url)
            self.tell()
        return wrong

    async def _try(self, url: str) -> None:
        try:
            async with asyncio.timeout(TRY_S):
                await self._attempt(url)
        except TimeoutError:
            self._wrong = f"{mask_url(url)} did not answer within {TRY_S:g} s; check host and port"
        except Exception as error:
            self._wrong = sentence(error, address=True)
        self._trying = None
        if self._wrong is None:
            self._go(Way("url", url))
            return
        self._wrong += f" ({shown(self.console.keys['welcome.url'][0])} asks for the URL again)"
        self.tell()

    def _stop_trying(self) -> None:
        if self._trying is not None:
            self._trying.cancel()
            self._trying = None

    def do_app_back(self) -> None:
        """Give up opening a database, then forget what was wrong."""
        busy = self._trying is not None or self._wrong is not None
        self._stop_trying()
        self._wrong = None
        self.tell()
        if not busy:
            self.say(f"{shown(self.console.keys['app.quit'][0])} quits")

    def do_app_quit(self) -> None:
        """Leave the console."""
        self._go(Way("quit"))
