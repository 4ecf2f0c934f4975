"""Adding a source while the console is open: asked for, tried, and only then part of the list."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.worker import Worker

from unstick.recovery.config.url import is_url
from unstick.recovery.display import display_text
from unstick.recovery.paths import config_file
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.sources_rows import key_of
from unstick.tui.session import Session, sentence
from unstick.tui.widgets.url_prompt import UrlPrompt
from unstick.tui.working import Work

if TYPE_CHECKING:
    from unstick.tui.widgets.table import Table


class AddingScreen(ConsoleScreen):
    """A screen that can add sources. What was typed stays until it was opened, or was given up."""

    table: Table

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.prompt = UrlPrompt()
        self._attempt: Worker[None] | None = None
        self._wrong: str | None = None

    def problem(self) -> str | None:
        """Why the last one could not be added; in full, since it has to be put right."""
        return self._wrong

    def kept(self, session: Session) -> str:
        """Return how a source that was added can be had next time too."""
        name = display_text(session.source.name, limit=60)
        return (
            f"until this console is left; to keep it, write [sources.{name}] with its url "
            f"into {display_text(config_file())}"
        )

    def do_source_add(self) -> None:
        """Ask for a URL or a name."""
        if self.console.find is None:
            self.say("add: this console can't open other sources; name them when it is started")
            return
        self.prompt.ask("add URL or name:", "", self._accept, self.say, self._given_up)

    def _accept(self, text: str) -> str | None:
        text = text.strip()
        if not text:
            return None
        if self._attempt is not None and not self._attempt.is_finished:
            return "it is still being opened; esc gives it up"
        self._tell_wrong(None)
        self._attempt = Work(self, "add", exclusive=True).begin(self._try, text)
        return "opening it ... (esc gives it up)"

    def _tell_wrong(self, what: str | None) -> None:
        self._wrong = what
        self.tell()

    def _given_up(self) -> None:
        self._tell_wrong(None)
        if self._attempt is not None:
            self._attempt.cancel()
            self._attempt = None

    async def _try(self, text: str) -> None:
        """Open it. What is wrong is said in a sentence, and what was typed can be corrected."""
        find = self.console.find
        assert find is not None
        try:
            make, source = await asyncio.to_thread(find, text)
            place = self.console.place_of(source)
            if place is not None:
                self._attempt = None
                self.prompt.close()
                self.table.move_to(key_of(place))
                self.say(f"{display_text(source.name)} is open already: it is number {place + 1}")
                return
            session = self.console.new_session(make, source)
            await self._connect(session)
        except Exception as error:
            self.say("")
            self._tell_wrong(f"not added: {sentence(error)}")
            return
        session.added = is_url(text)
        self._attempt = None
        self.prompt.close()
        self._take(session)

    async def _connect(self, session: Session) -> None:
        try:
            await session.connect()
        except BaseException:
            with suppress(Exception):
                await session.close()
            raise

    def _take(self, session: Session) -> None:
        place = self.console.add_session(session)
        name = display_text(session.source.name)
        self.added(session)
        self.table.move_to(key_of(place))
        how = ", until this console is left; its details tell how to keep it" if session.added else ""
        self.say(f"added {name} as number {place + 1}{how}")

    def added(self, session: Session) -> None:
        """A source was added: list it and ask it."""
        raise NotImplementedError
