"""What is stuck in any source, in one list: open a job in its source, come back, go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from unstick.recovery.display import display_text
from unstick.recovery.model import Page
from unstick.recovery.query import Query
from unstick.tui.actions.model import EVERYWHERE
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.everywhere_rows import EverywhereRows, Found, found_in, in_order
from unstick.tui.screens.live_table import NEWEST
from unstick.tui.screens.sources_feeds import Feeds
from unstick.tui.session import Session
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.table import Table

MOST = 50
"""Rows of one source: whoever has more is looked at by itself."""


class EverywhereScreen(ConsoleScreen):
    """Rows are known by source and id. Nothing is done to them here: keys act on one source's jobs only."""

    SCOPE = EVERYWHERE
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(EVERYWHERE))

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.rows = EverywhereRows()
        self.table = Table(self.rows)
        self._pages: dict[int, Page] = {}
        self._touched = False
        self.feeds: Feeds[Page] = Feeds(self, self._ask, self._show, self._told)

    def body(self) -> Iterable[Widget]:
        """The table."""
        yield self.table

    def scroller(self) -> Table:
        """The table."""
        return self.table

    @property
    def chosen(self) -> Found | None:
        """The row under the cursor."""
        return self.rows.item(self.table.cursor)

    def action_do(self, action_id: str) -> None:
        """From the first move on the cursor stays on its row; until then it stays on top of what comes in."""
        self._touched = self._touched or action_id.startswith(("move.", "rows.", "source."))
        super().action_do(action_id)

    def facts(self) -> Facts:
        """Whether there is a row."""
        return Facts(self.session.capabilities, EVERYWHERE, row=self.table.cursor)

    def problem(self) -> str | None:
        """Name every source that does not answer, with its reason."""
        failing = [each for each in self.console.sessions if each.problem is not None]
        return "; ".join(_named(each) for each in failing) or None

    def title_parts(self) -> list[Part]:
        """How many rows of how many sources."""
        sessions = self.console.sessions
        more = any(page.next is not None for page in self._pages.values())
        number, waiting = len(self.rows.keys), self._waiting
        return [
            Part("Stuck in all sources", "title"),
            Part(f"waiting for {waiting} of {len(sessions)} sources" if waiting else "", "dim", 2),
            Part("longest silent first", "dim", 3),
            Part(f"{number:,}{'+' if more else ''} stuck", "stuck" if number else "dim", 1, right=True),
        ]

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
            self.feeds.start(self.console.sessions)

    def wake(self) -> None:
        """The database of the source that is shown says that something changed."""
        self.feeds.of(self.console.session).wake()

    async def _ask(self, session: Session) -> Page:
        query = Query(stuck_only=True, limit=MOST, newest=NEWEST)
        return await session.backend.page(query)

    def _show(self, session: Session, page: Page) -> None:
        self._pages[id(session)] = page

    def _told(self, session: Session) -> None:
        found: list[Found] = []
        cut: list[str] = []
        tail = self.rows.cut
        for place, each in enumerate(self.console.sessions):
            page = self._pages.get(id(each))
            if page is not None:
                found += found_in(each, place, page.rows)
                if page.next is not None:
                    cut.append(display_text(each.source.name, limit=40))
        self.rows.cut = (
            f"... only the first {MOST} each of {', '.join(cut)}; {self.key('source.go')} goes there"
            if cut
            else ""
        )
        self.rows.why_empty = self._why_empty()
        changed, moved = self.rows.take(in_order(found))
        self.table.show(self.rows.keys, changed)
        if moved:
            self.table.restyle()
        if not self._touched and self.rows.keys and self.table.position != 0:
            self.table.move_to(self.rows.keys[0])
        if self.rows.cut != tail:
            self.table.repaint(len(found) - self.table.top + 1)
        self.tell()

    @property
    def _waiting(self) -> int:
        """How many sources have neither answered nor failed yet."""
        return sum(id(each) not in self._pages and each.problem is None for each in self.console.sessions)

    def _why_empty(self) -> str:
        sessions = self.console.sessions
        if self._waiting:
            return f"waiting for {self._waiting} of {len(sessions)} sources ..."
        silent = sum(each.problem is not None for each in sessions)
        others = f" in the {len(sessions) - silent} that answer" if silent else f" in {len(sessions)} sources"
        bounded = any(page.newest is not None for page in self._pages.values())
        among = f", among the newest {NEWEST:,} where an index is missing" if bounded else ""
        return f"no stuck jobs{others}{among}"

    def do_rows_open(self) -> None:
        """Open the job in its source, which is shown from then on."""
        found = self.chosen
        if found is not None:
            self.console.show_source(found.place)
            self.console.open_job(found.job.id)

    def do_source_go(self) -> None:
        """Switch to the source of the row."""
        found = self.chosen
        if found is not None:
            self.console.switch(found.place)

    def do_source_list(self) -> None:
        """Go back to the sources."""
        self.leave()

    def do_refresh_now(self) -> None:
        """Ask all of them now."""
        self.feeds.now()


def _named(session: Session) -> str:
    """Return a source's problem with its name, which most problems have in them already."""
    problem = session.problem or ""
    return problem if session.source.name in problem else f"{session.source.name}: {problem}"
