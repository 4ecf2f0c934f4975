"""All sources side by side: each asked by itself while this is open; switch to one, look into it, add one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container
from textual.events import Resize
from textual.timer import Timer
from textual.widget import Widget

from unstick.recovery.model import Counts
from unstick.tui.actions.model import SOURCES
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings, shown
from unstick.tui.screens.base import SHORT
from unstick.tui.screens.live_table import NEWEST
from unstick.tui.screens.sources_adding import AddingScreen
from unstick.tui.screens.sources_feeds import Feeds
from unstick.tui.screens.sources_rows import SourceRows, key_of
from unstick.tui.screens.sources_text import source_lines
from unstick.tui.session import Session, sentence
from unstick.tui.widgets.bar import Bar, Part
from unstick.tui.widgets.pane import Pane
from unstick.tui.widgets.table import Table
from unstick.tui.working import Work

BESIDE = 120
"""Columns from which the details stand beside the list."""

REST_S = 0.12
"""Seconds for which the cursor has to rest before the details follow."""


class SourcesScreen(AddingScreen):
    """The cursor is on a source, by its place; what it is about stays the source that is shown elsewhere."""

    SCOPE = SOURCES
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(SOURCES))
    DEFAULT_CSS = """
    SourcesScreen > #both { layout: vertical; height: 1fr; }
    SourcesScreen #about { height: 1fr; width: 1fr; }
    SourcesScreen.-beside > #both { layout: horizontal; }
    SourcesScreen.-beside #about { width: 56; margin-left: 1; }
    SourcesScreen.-short #about { display: none; }
    SourcesScreen.-short.-reading #about { display: block; }
    SourcesScreen.-short.-reading #both > Table { display: none; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._opened_on = session
        self.rows = SourceRows()
        self.table = Table(self.rows)
        self.about_bar = Bar()
        self.pane = Pane()
        self.reading = False
        self._looking: set[int] = set()
        self._looked: dict[int, str] = {}
        self._timer: Timer | None = None
        self.feeds: Feeds[Counts] = Feeds(self, self._ask, self._show, self._told)

    def body(self) -> Iterable[Widget]:
        """The list, and below or beside it what is known of the source under the cursor."""
        yield Container(self.table, Container(self.about_bar, self.pane, id="about"), id="both")

    def scroller(self) -> Table | Pane:
        """The details while they are being read, else the list."""
        return self.pane if self.reading else self.table

    def added(self, session: Session) -> None:
        """Ask the new one too."""
        self._fit()
        self._tell_all()
        self.feeds.start([session])

    @property
    def sessions(self) -> list[Session]:
        """Every source that is open."""
        return self.console.sessions

    @property
    def chosen(self) -> Session:
        """The source under the cursor."""
        return self.sessions[int(self.table.cursor or self.console.shown)]

    def facts(self) -> Facts:
        """There is always a row."""
        return Facts(self.chosen.capabilities, SOURCES, row=self.table.cursor, sources=len(self.sessions))

    def title_parts(self) -> list[Part]:
        """How many there are, how many of them don't answer, and what is stuck in all of them."""
        number = len(self.sessions)
        failing = sum(each.problem is not None for each in self.sessions)
        stuck = sum(each.counts.stuck for each in self.sessions if each.counts is not None)
        return [
            Part("Sources", "title"),
            Part(f"{number} open", "dim", 3),
            Part(f"{failing} not answering" if failing else "", "failed", 1),
            Part(f"{stuck:,} stuck in all", "stuck" if stuck else "dim", 2, right=True),
        ]

    def on_mount(self) -> None:
        """Begin at the source that is shown."""
        super().on_mount()
        self._list()
        self.table.move_to(key_of(self.console.shown))

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feeds.stop()

    def on_screen_resume(self) -> None:
        """Ask all of them; the source that is shown may be another one by now."""
        self.session = self.console.session
        super().on_screen_resume()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        if self.on_top:
            self.feeds.start(self.sessions)
            self._tell_all()

    def on_resize(self, event: Resize) -> None:
        """Put the details where there is room for them."""
        super().on_resize(event)
        beside = event.size.width >= BESIDE
        self.set_class(beside, "-beside")
        self.set_class(event.size.height < SHORT and not beside, "-short")
        self._fit()
        self.call_after_refresh(self._describe)

    def _fit(self) -> None:
        """Give the list the lines that it needs, and the details the rest."""
        if self.has_class("-beside") or self.has_class("-short"):
            self.table.styles.height = "1fr"
        else:
            self.table.styles.height = min(len(self.sessions) + 1, max(self.size.height // 2 - 2, 4))

    def wake(self) -> None:
        """The database of the source that is shown says that something changed."""
        self.feeds.of(self.console.session).wake()

    async def _ask(self, session: Session) -> Counts:
        return await session.backend.counts(newest=NEWEST)

    def _show(self, session: Session, counts: Counts) -> None:
        session.counts = counts

    def _told(self, session: Session) -> None:
        self._tell_all()
        if session is self.chosen:
            self._describe_soon()

    def _tell_all(self) -> None:
        self._list()
        self.tell()

    def _list(self) -> None:
        changed, moved = self.rows.take(self.sessions)
        self.table.show([key_of(place) for place in range(len(self.sessions))], changed)
        if moved:
            self.table.restyle()

    def on_table_moved(self) -> None:
        """The cursor moved."""
        self._describe_soon()

    def _describe_soon(self) -> None:
        """Wait until the cursor rests: a held key must not drag the details over a slow link."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST_S, self._describe)

    def _describe(self) -> None:
        session = self.chosen
        self._look(session)
        keys = self.console.keys
        key = shown(keys["source.details"][0]) if keys["source.details"] else "-"
        about = f"{key}: {'back to the list' if self.reading else 'scroll these'}"
        self.about_bar.show([Part("Details", "title" if self.reading else "heading"), Part(about, "dim", 1)])
        looked = self._looked.get(id(session))
        lines = source_lines(session, self.pane.size.width, keep=self.kept(session), looked=looked)
        self.pane.show(lines, lines.sections)
        self.tell()

    def _look(self, session: Session) -> None:
        """Look at connections and indexes, once: that takes more than a refresh may."""
        known = session.health is not None or id(session) in self._looked
        if session.connected and not known and id(session) not in self._looking:
            self._looking.add(id(session))
            Work(self, "health").begin(self._inspect, session)

    async def _inspect(self, session: Session) -> None:
        try:
            session.health = await session.call(session.backend.health)
        except Exception as error:
            self._looked[id(session)] = sentence(error)
        finally:
            self._looking.discard(id(session))
        if session is self.chosen and self.on_top:
            self._describe()

    def do_source_open(self) -> None:
        """Switch to the source under the cursor."""
        self.console.switch(int(self.table.cursor or self.console.shown))

    def do_source_stuck(self) -> None:
        """Open the list of what is stuck everywhere."""
        self.console.open_everywhere()

    def do_source_details(self) -> None:
        """Go to the details, or back to the list."""
        self.reading = not self.reading
        self.set_class(self.reading, "-reading")
        self.call_after_refresh(self._describe)

    def do_source_copy(self) -> None:
        """Copy the statements that make the indexes."""
        health = self.chosen.health
        statements = [f"{one.statement};" for one in health.missing] if health is not None else []
        if statements:
            self.copy("\n".join(statements), f"{len(statements)} CREATE INDEX")
        else:
            self.say("copy SQL: there is no missing index to copy" if health else "copy SQL: not known yet")

    def do_refresh_now(self) -> None:
        """Ask all of them now, and look at the indexes again."""
        self.chosen.health = None
        self._looked.pop(id(self.chosen), None)
        self.feeds.now()

    def do_app_back(self) -> None:
        """From the details to the list, from the list to where one came from."""
        if self.reading:
            self.do_source_details()
        elif self.console.drop_report():
            self.tell()
        else:
            self.leave()

    def leave(self) -> None:
        """Go back; where another source is shown by now, to its jobs."""
        if self.console.session is self._opened_on:
            super().leave()
        else:
            self.console.switch(self.console.shown)
