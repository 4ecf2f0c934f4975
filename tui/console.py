"""The app: which screen is open, what was said, how to leave. The rest lives in screens and widgets."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events

from unstick.recovery.display import display_text
from unstick.recovery.source import Source
from unstick.tui.clipboard import osc52
from unstick.tui.doors import Doors
from unstick.tui.keeping import Keeping
from unstick.tui.leaving import Leaving
from unstick.tui.looks import Looks
from unstick.tui.pace import Pace
from unstick.tui.places import Find, Places
from unstick.tui.screens.opening import OpeningScreen
from unstick.tui.session import Make, Session
from unstick.tui.sweeps import Sweeps
from unstick.tui.typing import Typing
from unstick.tui.working import Work

if TYPE_CHECKING:
    from unstick.recovery.plan import Plan
    from unstick.tui.screens.base import ConsoleScreen
    from unstick.tui.sweeps import OnSweep
    from unstick.tui.workers import Workers

AGAIN_S = 1.0
"""Until a source is asked again for live updates, when it was not connected or could not say."""


class ConsoleApp(Typing, Leaving, Sweeps, Doors, Places, Looks, Keeping, inherit_bindings=False):
    """The console on one source or several; one is shown. `clock` is monotonic, `chance` the jitter."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: $background; color: $foreground; }"

    def __init__(
        self,
        sources: Sequence[tuple[Make, Source]],
        *,
        keymap: Mapping[str, str] | None = None,
        theme: str | None = None,
        theme_folder: Path | None = None,
        ascii: bool = False,  # noqa: A002 - the public name of the option
        workers: Workers | None = None,
        views: Mapping[str, Mapping[str, Any]] | None = None,
        find: Find | None = None,
        on_sweep: OnSweep | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        colourless = bool(os.environ.get("NO_COLOR"))
        sessions = [
            Session(make, source, clock, Pace(source.refresh_s, chance=chance)) for make, source in sources
        ]
        super().__init__(sessions, clock, workers, ansi_color=True if colourless else None)
        self.put_on(theme, theme_folder, plain=ascii, colourless=colourless)
        self.given_views = views or {}
        self._keymap = keymap or {}
        if self._keymap:
            self.set_keymap({action_id: ",".join(keys) for action_id, keys in self.keys.items()})
        self._tables: dict[int, ConsoleScreen] = {}
        self.find, self.chance, self.on_sweep = find, chance, on_sweep

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Every action's keys. Raises ConfigError for a keymap that makes no sense."""
        from unstick.tui.key_words import use
        from unstick.tui.keys import resolve

        keys = resolve(self._keymap)
        use(keys)
        return keys

    def get_default_screen(self) -> OpeningScreen:
        """The header alone, which needs next to nothing."""
        return OpeningScreen(self.session, self.place)

    def on_ready(self) -> None:
        """That is on the terminal now: import the rest and open the live table."""
        self.tell_themes()
        self.open_screen(self._table())
        self._watch_shown()

    def switch(self, place: int) -> None:
        """Show the live table of the source at a place (from 0, beyond the last one from the start again), as
        it was left. Only what is shown is asked anything."""
        self.show_source(place % len(self.sessions))
        self._said = ""
        while len(self.screen_stack) > 2:
            _ = self.pop_screen()
        # Awaiting it in a handler of the screen that leaves would wait for itself.
        _ = self.switch_screen(self._table())

    def show_source(self, place: int) -> None:
        """Let header, status and news be about this source from now on; the screen stays."""
        self.shown = place
        self.suit()
        self._watch_shown()

    def _table(self) -> ConsoleScreen:
        """Return the live table of the source that is shown; installed, so that it outlives a switch."""
        from unstick.tui.screens.jobs import JobsScreen

        table = self._tables.get(self.shown)
        if table is None:
            table = self._tables[self.shown] = JobsScreen(self.session)
            self.install_screen(table, f"jobs-{self.shown}")
        return table

    def _watch_shown(self) -> None:
        Work(self, "watch", exclusive=True, exit_on_error=False).begin(self._watch, self.session)

    async def _watch(self, session: Session) -> None:
        """Pass on what the database says by itself; the pace keeps it fresh where it says nothing."""
        while True:
            if session.connected:
                with suppress(Exception):
                    async for _ in session.backend.watch():
                        self.wake()
            await asyncio.sleep(AGAIN_S)

    def wake(self) -> None:
        """Let the screen on top know that something changed."""
        wake = getattr(self.screen, "wake", None)
        if wake is not None:
            wake()

    def on_app_blur(self, event: events.AppBlur) -> None:
        """Refresh less often while nobody looks."""
        for session in self.sessions:
            session.pace.blurred = True

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Refresh at the usual pace again."""
        for session in self.sessions:
            session.pace.blurred = False
        self.wake()

    def redraw(self) -> None:
        """Paint every cell again."""
        self.screen.refresh(layout=True)
        self.refresh(layout=True)

    def copy(self, text: str) -> bool:
        """Put safe text on the terminal's clipboard; whether it fitted."""
        sequence = osc52(display_text(text, limit=100_000, multiline=True), os.environ)
        if sequence is None or self._driver is None:
            return False
        self._driver.write(sequence)
        return True

    def plan_applied(self, plan: Plan, applied: frozenset[str]) -> None:
        """Let every screen below know which rows were changed: jobs, and JOB/VARIANT."""
        from unstick.tui.screens.base import ConsoleScreen

        for screen in {*self.screen_stack, *self._tables.values()}:
            # Ids of one source may be those of another one's jobs.
            mine = isinstance(screen, ConsoleScreen) and screen.session is self.session
            if mine and hasattr(screen, "forget_marks"):
                screen.forget_marks(applied)
