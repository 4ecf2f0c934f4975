"""The app: which screen is open, what was said, how to leave. The rest lives in screens and widgets."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import App

from unstick.recovery.display import display_text
from unstick.recovery.errors import UnstickError
from unstick.recovery.source import Source
from unstick.themes import load_theme
from unstick.tui.clipboard import osc52
from unstick.tui.pace import Pace
from unstick.tui.palette import Palette, textual_theme
from unstick.tui.screens.opening import OpeningScreen
from unstick.tui.session import Make, Session
from unstick.tui.widgets.bar import Part

if TYPE_CHECKING:
    from unstick.recovery.engine import Stop
    from unstick.recovery.model import JobId, Target
    from unstick.recovery.plan import Options, Plan
    from unstick.tui.availability import Facts
    from unstick.tui.screens.base import ConsoleScreen
    from unstick.tui.workers import Workers

TWICE_S = 2.0
"""Seconds within which ctrl-c has to be pressed again."""

GRACE_S = 5.0
"""Seconds that a chunk may take to end after the terminal was lost."""

AGAIN_S = 1.0
"""Until a source is asked again for live updates, when it was not connected or could not say."""

STATUS_STYLES = {"": "text", ">": "accent", "!": "warning"}


class ConsoleApp(App[int], inherit_bindings=False):
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
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        colourless = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if colourless else None)
        spec = load_theme(theme or default_theme(os.environ), theme_folder)
        self.palette = Palette(spec, colourless=colourless, plain=ascii)
        self.register_theme(textual_theme(spec))
        self.theme = spec.name
        self._keymap = keymap or {}
        if self._keymap:
            self.set_keymap({action_id: ",".join(keys) for action_id, keys in self.keys.items()})
        self.clock = clock
        self.sessions = [
            Session(make, source, clock, Pace(source.refresh_s, chance=chance)) for make, source in sources
        ]
        self._shown = 0
        self._tables: dict[int, ConsoleScreen] = {}
        self.demo_workers = workers
        self.stop: Stop | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.crash: Exception | None = None
        self.refused: Exception | None = None
        self._said = ""
        self._interrupted_at: float | None = None

    @cached_property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Every action's keys. Raises ConfigError for a keymap that makes no sense."""
        from unstick.tui.keys import resolve

        return resolve(self._keymap)

    @property
    def session(self) -> Session:
        """The source that is shown."""
        return self.sessions[self._shown]

    @property
    def place(self) -> str:
        """Which of how many sources is shown; empty where there is only one."""
        return f"{self._shown + 1}/{len(self.sessions)}" if len(self.sessions) > 1 else ""

    def get_default_screen(self) -> OpeningScreen:
        """The header alone, which needs next to nothing."""
        return OpeningScreen(self.session, self.place)

    def on_ready(self) -> None:
        """That is on the terminal now: import the rest and open the live table."""
        self._open(self._table())
        self._watch_shown()

    def switch(self, step: int) -> None:
        """Show another source's live table, as it was left. Only what is shown is asked anything."""
        self._shown = (self._shown + step) % len(self.sessions)
        self._said = ""
        # Awaiting it in a handler of the screen that leaves would wait for itself.
        _ = self.switch_screen(self._table())
        self._watch_shown()

    def _table(self) -> ConsoleScreen:
        """Return the live table of the source that is shown; installed, so that it outlives a switch."""
        from unstick.tui.screens.jobs import JobsScreen

        table = self._tables.get(self._shown)
        if table is None:
            table = self._tables[self._shown] = JobsScreen(self.session)
            self.install_screen(table, f"jobs-{self._shown}")
        return table

    def _watch_shown(self) -> None:
        self.run_worker(
            self._watch(self.session), name="watch", group="watch", exclusive=True, exit_on_error=False
        )

    async def _watch(self, session: Session) -> None:
        """Pass on what the database says by itself; the pace keeps it fresh where it says nothing."""
        while True:
            if session.connected:
                with suppress(Exception):
                    async for _ in session.backend.watch():
                        self.wake()
            await asyncio.sleep(AGAIN_S)

    def refuse(self, error: Exception) -> None:
        """Leave, because the only source can't be opened: the shell is where that is put right."""
        self.refused = error
        self.leave(error.exit_code if isinstance(error, UnstickError) else 1)

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

    def say(self, text: str) -> None:
        """Say something until the next key; it covers the last result, which then comes back."""
        self._said = display_text(text, limit=500)

    def report(self, text: str) -> None:
        """Keep a result on the status line of its source until the next one."""
        self.session.report, self._said = display_text(text, limit=500), ""

    def status_parts(self) -> list[Part]:
        """Return the status line."""
        if self._said:
            return [Part(self._said, "warning")]
        report = self.session.report
        return [Part(f"> {report}", "accent")] if report else []

    def drop_report(self) -> bool:
        """Let go of the last result; whether there was one."""
        had, self.session.report = bool(self.session.report), ""
        return had

    def interrupt(self) -> None:
        """Quit at the second ctrl-c within two seconds; what is being applied ends its chunk first."""
        now = self.clock()
        if self._interrupted_at is not None and now - self._interrupted_at <= TWICE_S:
            self.run_worker(self.hang_up(0), name="leave", group="leave")
            return
        self._interrupted_at = now
        self.say("press ctrl-c again to quit")

    def ask_to_stop(self) -> None:
        """Let what is being applied end with its chunk."""
        if self.stop is not None:
            self.stop.requested = True

    @property
    def stopping(self) -> bool:
        """Whether what is being applied ends with its chunk."""
        return self.stop is not None and self.stop.requested

    def leave(self, code: int) -> None:
        """Leave; a running apply stops after its chunk, and what it did is in the journal."""
        self.ask_to_stop()
        self.exit(code, return_code=code)

    async def hang_up(self, code: int) -> None:
        """Stop between chunks, then leave: the terminal is gone, or somebody wants us to end."""
        self.ask_to_stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.idle.wait(), GRACE_S)
        self.leave(code)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours: leave with one sentence; Textual's traceback would be full of database text."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.crash = error
        self.leave(70)

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

    def _open(self, screen: ConsoleScreen) -> None:
        # Awaiting the mount from a handler of the screen below would wait for itself.
        _ = self.push_screen(screen)

    def open_job(self, job: JobId) -> None:
        """Show everything about one job."""
        from unstick.tui.screens.job import JobScreen

        self._open(JobScreen(self.session, job))

    def open_variants(self) -> None:
        """Show the variants of all jobs."""
        from unstick.tui.screens.variants import VariantsScreen

        self._open(VariantsScreen(self.session))

    def open_variant(self, target: Target) -> None:
        """Show everything about one variant."""
        from unstick.tui.screens.variant import VariantScreen

        self._open(VariantScreen(self.session, target))

    def open_plan(
        self,
        make: Callable[[Options], Awaitable[Plan]],
        action: str,
        how: str,
        *,
        dry_run: bool = False,
        title: str = "",
    ) -> None:
        """Make a plan and show it. `make` is called with options, and again when they change."""
        from unstick.tui.screens.plan import PlanScreen

        self._open(PlanScreen(self.session, make, action, how, dry_run=dry_run, title=title))

    def open_choice(self, facts: Facts, how: str, choose: Callable[[str], None]) -> None:
        """Show all actions; `choose` gets the name of the one that was chosen."""
        from unstick.tui.screens.choice import ChoiceScreen

        self._open(ChoiceScreen(self.session, facts, how, choose))

    def open_kill(self, pid: int) -> None:
        """Ask whether the demo's worker is to be killed."""
        from unstick.tui.screens.kill import KillScreen

        if self.demo_workers is not None:
            self._open(KillScreen(self.session, self.demo_workers, pid))

    def open_operations(self) -> None:
        """Show the journal."""
        from unstick.tui.screens.operations import OperationsScreen

        self._open(OperationsScreen(self.session))

    def open_operation(self, operation: str) -> None:
        """Show one operation."""
        from unstick.tui.screens.operation import OperationScreen

        self._open(OperationScreen(self.session, operation))

    def open_help(self, scope: str, facts: Facts) -> None:
        """Show the keys of a screen."""
        from unstick.tui.screens.help import HelpScreen

        self._open(HelpScreen(self.session, scope, facts))

    def plan_applied(self, plan: Plan, applied: frozenset[str]) -> None:
        """Let every screen below know which rows were changed: jobs, and JOB/VARIANT."""
        from unstick.tui.screens.base import ConsoleScreen

        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen) and hasattr(screen, "forget_marks"):
                screen.forget_marks(applied)


def default_theme(environ: Mapping[str, str]) -> str:
    """Choose the sixteen terminal colours where the terminal has no more."""
    term = environ.get("TERM", "")
    rich = "256" in term or environ.get("COLORTERM") or "kitty" in term or "direct" in term
    return "dark" if rich or environ.get("NO_COLOR") else "ansi16"
