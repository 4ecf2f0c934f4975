"""The sweep: what it may do, what a run would recover now, by which rules, and what came of the last ones."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.sweep import Decision, Mode, decide
from unstick.tui.actions.model import SWEEP
from unstick.tui.availability import Facts
from unstick.tui.feed import AGING_S
from unstick.tui.keys import bindings
from unstick.tui.once import Once
from unstick.tui.screens.plan_text import Lines, rows_text
from unstick.tui.screens.retries_text import as_of
from unstick.tui.screens.sweep_rows import DecisionRows
from unstick.tui.screens.sweep_text import SweepView, sweep_lines
from unstick.tui.screens.text_and_rows import TextAndRows, said
from unstick.tui.session import Session
from unstick.tui.sweep_look import RECOVER, look, sweep_facts
from unstick.tui.sweep_words import NAMES, short_words
from unstick.tui.widgets.bar import Part

DECISIONS = 20
"""Operations that are listed; @ has all of them."""
JOURNAL = 200
"""Operations that are looked through for them."""


class SweepScreen(TextAndRows):
    """Read when it is opened, when one comes back to it, and with ctrl-r: it plans all that is stuck."""

    SCOPE = SWEEP
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(SWEEP))

    def __init__(self, session: Session) -> None:
        self.rows = DecisionRows()
        super().__init__(session, self.rows)
        self.view: SweepView | None = None
        self.feed: Once[SweepView] = Once(self, session, self._read, self._show, self.tell_soon)

    def facts(self) -> Facts:
        """Whether there is an operation to open, and how many rows a sweep would take."""
        seen = self.view.forecast if self.view else None
        row = self.table.chosen or next(iter(self.rows.operations), None)
        marked = len(seen.rows) if seen else 0
        return replace(sweep_facts(self.session), screen=SWEEP, row=row, marked=marked)

    def title_parts(self) -> list[Part]:
        """The mode, and in short what it would do."""
        sweep = self.session.sweep
        mode, style = short_words(sweep) if sweep is not None else (NAMES[Mode.OFF], "title")
        parts = [Part(f"Sweep > {mode}", style if sweep is not None and sweep.armed else "title")]
        view = self.view
        if self.feed.in_flight:
            parts.append(Part("planning ...", "accent", 2))
        if view is None:
            return parts
        seen = view.forecast
        if seen is not None:
            told = f"would recover {rows_text(len(seen.rows))}" if seen.rows else "would recover nothing"
            parts.append(Part(told, "stuck" if seen.rows else "dim", 1))
            braked = decide(Mode.ARMED, seen) is Decision.BRAKED
            parts.append(Part("the brake would stop it" if braked else "", "failed"))
        age = max(self.console.clock() - view.at, 0.0)
        parts.append(Part(as_of(f"{view.asked:%H:%M:%S}", age), "dim", 3, right=True))
        return parts

    def rows_parts(self, how: str) -> list[Part]:
        """What was recovered last."""
        number = self.table.number
        return [
            Part(
                f"Last decisions: {number} recover{'y' if number == 1 else 'ies'} of the journal", "heading"
            ),
            Part(how, "dim", 1, right=True),
        ]

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Read again: a plan may have been applied meanwhile."""
        super().on_screen_resume()
        self.feed.start()
        self.show_lines()

    def on_mount(self) -> None:
        """Look now and then how long it is until the next run."""
        super().on_mount()
        self.set_interval(AGING_S, self.sweep_changed)

    def sweep_changed(self) -> None:
        """The sweep goes on: what differs is painted."""
        if self.on_top and self.session.sweep is not None:
            self.show_lines()

    def swept(self) -> None:
        """A run has ended: what it left, and the journal, are read again."""
        if self.on_top:
            self.feed.now()

    async def _read(self) -> SweepView:
        seen = await look(self.session)
        journal = await self.session.backend.operations(limit=JOURNAL)
        recovered = tuple(each for each in journal if each.action == RECOVER)[:DECISIONS]
        return SweepView(seen.counts, seen.plan, seen.problem, recovered, self.console.clock(), seen.forecast)

    def _show(self, view: SweepView) -> None:
        self.view = view
        self.table.take(self.rows.take(view.operations))
        self.table.restyle()
        self.show_lines()

    def text(self, width: int) -> Lines:
        """The sweep, or why nothing can be told."""
        view, able = self.view, self.session.capabilities
        if view is not None and able is not None:
            return sweep_lines(view, self.session, able, width, self.key)
        lines = Lines()
        if self.session.problem is not None and not self.feed.in_flight:
            lines.add(said("what a sweep would do can't be told without the database", width, "text"))
            return lines
        lines.add(said("planning what a sweep would do ...", width, "dim"))
        if self.session.slow:
            lines.add(
                said(f"that takes its time; {self.key('app.back')} leaves without waiting", width, "dim")
            )
        return lines

    def tell(self) -> None:
        """Bring every line up to date, and the text too while it only says how the planning goes."""
        super().tell()
        if self.view is None:
            self.pane.show(self.text(max(self.size.width, 20)))

    def do_refresh_now(self) -> None:
        """Plan again."""
        self.feed.now()
        self.tell()

    def do_sweep_arm(self) -> None:
        """Ask whether it may recover by itself."""
        self.console.open_arm()

    def do_sweep_shadow(self) -> None:
        """Let it tell what it would do."""
        self.console.set_sweep(self.session, Mode.SHADOW)

    def do_sweep_off(self) -> None:
        """Switch it off."""
        self.console.set_sweep(self.session, Mode.OFF)

    def do_sweep_now(self) -> None:
        """Run it before it is due."""
        self.console.sweep_of(self.session).run_now()

    def do_sweep_dry_run(self) -> None:
        """Show the plan of what a sweep would take."""
        self._plan(dry_run=True)

    def do_sweep_recover(self) -> None:
        """Plan to recover what a sweep would take."""
        self._plan(dry_run=False)

    def _plan(self, *, dry_run: bool) -> None:
        seen = self.view.forecast if self.view else None
        if seen is None:
            return
        backend, targets = self.session.backend, seen.targets
        more = f", {seen.waiting:,} more wait" if seen.waiting else ""
        self.console.open_plan(
            lambda options: backend.plan(RECOVER, targets, options),
            RECOVER,
            f"what a sweep would take{more}",
            dry_run=dry_run,
        )

    def do_view_section(self) -> None:
        """From the text to the last decisions, and back."""
        if self.table.active:
            self.to_text()
        elif self.table.number:
            self.to_rows()
        else:
            self.say("the journal has no recovery yet")

    def do_rows_open(self) -> None:
        """Open the operation under the cursor; from the text, go to them first."""
        if self.table.chosen is not None:
            self.console.open_operation(self.table.chosen)
        else:
            self.to_rows()
            if not self.table.active:
                self.say("the journal has no recovery to open yet")

    def do_copy_id(self) -> None:
        """Copy the id of the operation under the cursor."""
        if self.table.chosen is not None:
            self.copy(self.table.chosen, f"operation {self.table.chosen}")
        else:
            self.say("there is no operation under the cursor to copy")
