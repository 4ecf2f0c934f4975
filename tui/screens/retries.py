"""Retry statistics: how often jobs and variants are retried, where, and which. Counted when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.display import display_text
from unstick.recovery.model import Target
from unstick.recovery.stats import Statistics
from unstick.tui.actions.model import RETRIES
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings, shown
from unstick.tui.once import Once
from unstick.tui.screens.plan_text import Lines
from unstick.tui.screens.retries_rows import RetriedRows
from unstick.tui.screens.retries_text import as_of, retries_lines, window_words
from unstick.tui.screens.text_and_rows import TextAndRows, said
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part

HOUR, DAY = 3600.0, 86_400.0
WINDOWS = (HOUR, DAY, 7 * DAY, 30 * DAY)


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer: what was counted, the database's time of day then, and this machine's clock."""

    found: Statistics
    asked: datetime
    at: float


class RetriesScreen(TextAndRows):
    """Figures of jobs or of variants over a window. Each window is counted once, and again with ctrl-r:
    that reads a lot of rows."""

    SCOPE = RETRIES
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(RETRIES))

    def __init__(self, session: Session) -> None:
        self.rows = RetriedRows()
        super().__init__(session, self.rows)
        self.window_s = DAY
        self.variants = False
        self._known: dict[float, Counted] = {}
        self.feed: Once[Counted] = Once(self, session, self._read, self._show, self.tell_soon)

    @property
    def counted(self) -> Counted | None:
        """What is known of the window."""
        return self._known.get(self.window_s)

    def facts(self) -> Facts:
        """Whether there is a row to open."""
        row = self.table.chosen or next(iter(self.rows.rows), None)
        return Facts(self.session.capabilities, RETRIES, row=row)

    def title_parts(self) -> list[Part]:
        """Of what, over which time, and how old the figures are."""
        shorter, longer = (shown(self.console.keys[f"retries.{each}"][0]) for each in ("shorter", "longer"))
        window = f"{shorter} {window_words(self.window_s)} {longer}"
        parts = [Part(f"Retries > {self._called}", "title"), Part(window, "key")]
        counted = self.counted
        if self.feed.in_flight:
            parts.append(Part("counting ...", "accent", 1))
        if counted is not None:
            age = max(self.console.clock() - counted.at, 0.0)
            parts.append(Part(as_of(f"{counted.asked:%H:%M:%S}", age), "dim", 2, right=True))
        return parts

    @property
    def _called(self) -> str:
        able = self.session.capabilities
        return (
            display_text((able and able.variants_name) or "variants", limit=20) if self.variants else "jobs"
        )

    def rows_parts(self, how: str) -> list[Part]:
        """How many rows, and how to get to them."""
        alerts = len(self.rows.alerts)
        told = f", {alerts:,} to look at" if alerts else ""
        parts = [Part(f"Most retried {self._called}, of all time: {self.table.number:,}{told}", "heading")]
        return [*parts, Part(how, "dim", 1, right=True)]

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Count when nothing was counted yet; what was is still as good as its age."""
        super().on_screen_resume()
        self._count()

    def _count(self) -> None:
        if self.counted is None:
            self.feed.resume()
            self.feed.restart()
        else:
            self.feed.stop()
            self.feed.resume()
        self._show_known()

    async def _read(self) -> Counted:
        backend, window = self.session.backend, timedelta(seconds=self.window_s)
        asked = await backend.clock()
        found = await backend.statistics(window)
        return Counted(found, asked, self.console.clock())

    def _show(self, counted: Counted) -> None:
        self._known[counted.found.window_s] = counted
        self._show_known()

    def _show_known(self, *, keep: bool = True) -> None:
        counted = self.counted
        if counted is None:
            self.rows.rows, self.rows.alerts = {}, frozenset()
            self.table.take(())
        else:
            keys = self.rows.take(counted.found, variants=self.variants, width=self.size.width)
            self.table.take(keys)
            self.table.restyle()
        self.show_lines(keep=keep)

    def text(self, width: int) -> Lines:
        """The figures, or why there are none."""
        counted, able, lines = self.counted, self.session.capabilities, Lines()
        if counted is not None and able is not None:
            last = self.window_s == WINDOWS[-1]
            longer = "" if last else shown(self.console.keys["retries.longer"][0])
            return retries_lines(counted.found, able, width, variants=self.variants, longer=longer)
        if self.session.problem is not None and not self.feed.in_flight:
            told = "nothing could be counted; a shorter time is counted faster"
            lines.add(said(told if self.session.connected else "nothing could be counted", width, "text"))
        else:
            lines.add(said("counting ...", width, "dim"))
            if self.session.slow:
                lines.add(
                    said(f"that takes its time; {self.key('app.back')} leaves without waiting", width, "dim")
                )
        return lines

    def tell(self) -> None:
        """Bring every line up to date, and the text too while it only says how the counting goes."""
        super().tell()
        if self.counted is None:
            lines = self.text(max(self.size.width, 20))
            self.pane.show(lines)

    def do_refresh_now(self) -> None:
        """Count again."""
        self.feed.now()
        self.tell()

    def do_retries_shorter(self) -> None:
        """A shorter time."""
        self._window(-1)

    def do_retries_longer(self) -> None:
        """A longer time."""
        self._window(1)

    def _window(self, step: int) -> None:
        place = WINDOWS.index(self.window_s) + step
        if not 0 <= place < len(WINDOWS):
            self.say(f"{window_words(self.window_s)} is the {'longest' if step > 0 else 'shortest'} time")
            return
        self.window_s = WINDOWS[place]
        self.table.leave()
        self._count()

    def do_retries_variants(self) -> None:
        """Jobs or variants."""
        self._subject(variants=not self.variants)

    def _subject(self, *, variants: bool) -> None:
        self.variants = variants
        self.table.leave()
        self._show_known(keep=False)

    def do_view_section(self) -> None:
        """From the text to the rows, from there to the variants' text, and so on round."""
        if not self.table.active and self.table.number:
            self.to_rows()
            return
        able = self.session.capabilities
        if able is not None and able.variants_name:
            self._subject(variants=not self.variants)
        else:
            self.to_text()

    def do_rows_open(self) -> None:
        """Open the row under the cursor; from the text, go to the rows first."""
        one = self.rows.rows.get(self.table.chosen or "")
        if one is None:
            self.to_rows()
        elif one.variant is not None:
            self.console.open_variant(Target(one.job, one.variant))
        else:
            self.console.open_job(one.job)

    def do_copy_id(self) -> None:
        """Copy the id of the row under the cursor."""
        if self.table.chosen is not None:
            self.copy(self.table.chosen, f"id {self.table.chosen}")
        else:
            self.to_rows()
