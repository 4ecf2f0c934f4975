"""A live table's data: questions, pages, marks, and what stands still while somebody works on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, cast

from textual.containers import Horizontal
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.errors import FilterError
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import Counts, Job, Queue, Variant
from unstick.recovery.query import Query
from unstick.tui.availability import Facts
from unstick.tui.emptiness import READING
from unstick.tui.feed import Feed
from unstick.tui.keys import shown
from unstick.tui.marking import Marks
from unstick.tui.screens.acting import ActingScreen
from unstick.tui.screens.beside import FROM, Beside, pane_width
from unstick.tui.screens.beside_text import More, ask_more
from unstick.tui.screens.empty_text import say_why_empty
from unstick.tui.screens.job_rows import ListRows
from unstick.tui.screens.jobs_text import VIEWS, short_number, title_parts
from unstick.tui.screens.queue_text import queue_parts
from unstick.tui.session import Session, sentence
from unstick.tui.widgets.bar import Bar, Part
from unstick.tui.widgets.table import Table
from unstick.tui.window import K, PageOf, R
from unstick.tui.working import Work

WIDE = 150
"""Columns from which there is room for more words about the queue."""

NEWEST = 10_000
"""Rows of a large table that are looked through where no index answers the question."""

AHEAD = 3
"""Screens before the end of the loaded rows at which more are read."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one refresh brings. `question` tells whether it still is the answer to what is asked now."""

    question: int
    pages: list[PageOf[R]]
    counts: Counts
    queue: Queue | None


class LiveTable(ActingScreen, Generic[K, R]):
    """The cursor, the marks and every plan hold ids. While marks are set the order stands still.

    `K` is what a row is known by, `R` what it shows. `CALLED` says what the rows are.
    """

    CALLED = "jobs"

    DEFAULT_CSS = """
    LiveTable > Horizontal { height: 1fr; }
    """

    def __init__(self, session: Session, rows: ListRows[K, R]) -> None:
        super().__init__(session)
        self.rows = rows
        self.table = Table(self.rows)
        self.side: Beside[R] = Beside(self._ask_more, self.tell)
        self.with_pane = True
        self.queue_bar = Bar()
        self.marks = Marks()
        self.query_now = Query(newest=NEWEST)
        self.view = "all"
        self.counts: Counts | None = None
        self.filter_text = ""
        self.last_filter = ""
        self._question = 0
        self._told_how_far = -1
        self._first = 0
        self.feed: Feed[Answer[R]] = Feed(self, session, self._read, self._show, self._told)

    async def page(self, query: Query, after: str | None) -> PageOf[R]:
        """Read one page of the list."""
        raise NotImplementedError

    async def queue(self) -> Queue | None:
        """Read what is shown above the table: the sequential queue, where there is one."""
        return None

    def body(self) -> Iterable[Widget]:
        """The queue, the table, and beside it the row under the cursor where there is room."""
        self.queue_bar.add_class("-hidden")
        yield self.queue_bar
        yield Horizontal(self.table, self.side)

    def scroller(self) -> Table:
        """The table."""
        return self.table

    def facts(self) -> Facts:
        """Whether there is a row, and how many are marked."""
        sources = len(self.console.sessions)
        return Facts(
            self.session.capabilities, row=self.table.cursor, marked=len(self.marks.ids), sources=sources
        )

    def problem(self) -> str | None:
        """Return what is wrong, and that one need not wait for the next try."""
        problem, key = super().problem(), shown(self.console.keys["refresh.now"][0])
        return f"{problem} ({key} asks again now)" if problem else None

    def title_parts(self) -> list[Part]:
        """View, filter, counts, marks."""
        return title_parts(self)

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top; the order stands still meanwhile."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Refresh again."""
        super().on_screen_resume()
        # The first question imports the database's libraries, which must not delay the first picture.
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        if self.on_top:
            self.feed.start()

    def _told(self) -> None:
        """A refresh has ended; a source that can't be opened at all is the shell's business."""
        error = self.session.error
        if error is not None and self.session.good_at is None and len(self.console.sessions) == 1:
            self.console.refuse(error)
        say_why_empty(self)
        self._warn()
        self.tell()

    def _warn(self) -> None:
        """Tell once what is wrong with the source; its number stays in the header."""
        able = self.session.capabilities
        if able is None or not set(able.problems) - set(self.session.warned):
            return
        self.session.warned = able.problems
        key = shown(self.console.keys["app.help"][0])
        number = len(able.problems)
        what = f"{number} problems" if number > 1 else "a problem"
        self.console.say(f"! {key} tells about {what} of this source: {able.problems[0]}")

    def on_resize(self, event: Resize) -> None:
        """Read more where a taller terminal shows more."""
        super().on_resize(event)
        self.share()
        self._read_ahead()

    def share(self) -> None:
        """Share the columns between the table and the row beside it."""
        self.side.give(pane_width(self.size.width) if self.with_pane else 0)
        self._show_side_soon()

    def too_narrow(self) -> str:
        """Say from which width on there is a row beside the table."""
        return f"a row is shown beside the table from {FROM} columns on; here are {self.size.width}"

    async def _ask_more(self, row: R) -> More:
        session = self.session
        asked = cast("Job | Variant", row)
        return await session.call(lambda: ask_more(session.backend, asked))

    def wake(self) -> None:
        """The database says that something changed."""
        self.feed.wake()

    async def _read(self) -> Answer[R]:
        window, question = self.rows.window, self._question
        slots = window.stale(cast("list[K]", self.table.in_view))
        after = window.slots[slots.start].after if slots.start < len(window.slots) else None
        pages: list[PageOf[R]] = []
        for _ in slots:
            pages.append(await self.page(self.query_now, after))
            after = pages[-1].next
            if after is None:
                break
        counts = await self.session.backend.counts(newest=NEWEST)
        queue = await self.queue()
        self._first = slots.start
        return Answer(question, pages, counts, queue)

    def _show(self, answer: Answer[R]) -> None:
        if answer.question != self._question:
            return
        self.counts = answer.counts
        self._show_queue(answer)
        window, cursor = self.rows.window, self.table.cursor
        merged = window.merge(
            self._first,
            answer.pages,
            frozen=bool(self.marks.ids or self.marks.anchor),
            hold=cast("K", cursor) if cursor else None,
        )
        say_why_empty(self)
        self._say_how_far()
        fresh = [window.rows[id_] for id_ in merged.changed if id_ in window.rows]
        if self.rows.layout.measure(fresh):
            self.table.restyle()
        fresh_list = self.table.cursor is None
        self.table.show(window.order, merged.changed | window.ghosts)
        if fresh_list and window.backwards:
            self.table.move("end")
        self._read_ahead()
        self._show_side_soon()

    def _say_how_far(self) -> None:
        """Tell once what a filter was asked of, where that is not the whole table."""
        newest = self.rows.window.newest
        if newest is None or not self.filter_text or self._told_how_far == self._question:
            return
        self._told_how_far = self._question
        total = self.counts.total if self.counts is not None and self.counts.newest is None else None
        of = f" of ~{short_number(total)}" if total else ""
        where = f"{self.query_now.looks_in} of " if self.query_now.looks_in else ""
        self.say(
            f"searched {where}the newest {newest:,}{of} {self.called} only: no index finds this; "
            "id:ID finds any"
        )

    def _show_queue(self, answer: Answer[R]) -> None:
        queue = answer.queue
        self.queue_bar.set_class(queue is None, "-hidden")
        if queue is not None:
            self.queue_bar.show(queue_parts(queue, answer.counts.now, wide=self.size.width >= WIDE))

    @property
    def called(self) -> str:
        """What the rows are called."""
        return self.CALLED

    @property
    def narrowed(self) -> bool:
        """Whether a filter or a view leaves rows out."""
        return bool(self.filter_text) or self.view != "all"

    def on_table_moved(self) -> None:
        """The cursor moved: rows that only it held may go, and more may be needed."""
        if not self.marks.ids and self.rows.window.drop_ghosts(keep=[cast("K", self.table.cursor or "")]):
            self.table.show(self.rows.window.order)
        self._read_ahead()
        self._show_side_soon()

    def _show_side_soon(self) -> None:
        self.side.follow(self.table.cursor, self.rows.item(self.table.cursor))

    def _read_ahead(self) -> None:
        window, table = self.rows.window, self.table
        left = table.top if window.backwards else len(window.order) - table.top
        near_end = left <= table.body_height * AHEAD
        if window.loaded and window.more and near_end and not self.rows.reading_more:
            self.rows.reading_more = True
            Work(self, "pages").begin(self._read_more, self._question)

    async def mark_everything(self) -> None:
        """Read what is left, then mark it all: what is acted on are ids, never the filter asked again."""
        question, window = self._question, self.rows.window
        while window.more and question == self._question and self.session.problem is None:
            self.rows.reading_more = True
            await self._read_more(question)
        if question != self._question or self.session.problem is not None:
            return
        self.marks.add([key for key in window.order if key not in window.ghosts])
        self.set_marks()
        most = "; that is the most at once, more rows exist" if window.full else ""
        self.say(f"{len(self.marks.ids):,} rows marked{most}")

    async def _read_more(self, question: int) -> None:
        window = self.rows.window
        after = window.slots[-1].next
        try:
            page = await self.session.call(lambda: self.page(self.query_now, after))
        except Exception as error:
            self.session.failed(error)
            self.feed.pace_changed()
            self.tell()
            return
        finally:
            self.rows.reading_more = False
        if question == self._question and window.slots and window.slots[-1].next == after:
            merged = window.append(page)
            if self.rows.layout.measure(page.rows):
                self.table.restyle()
            self.table.show(window.order, merged.changed)
            self.table.repaint(len(window.order) - self.table.top + 1)

    def set_question(self, **changes: object) -> None:
        """Say what is asked from the next time on."""
        self.query_now = replace(self.query_now, **changes)  # type: ignore[arg-type]

    def ask(self, **changes: object) -> None:
        """Ask another question: other rows or another order; from its end only where that is asked for."""
        self.set_question(**{"backwards": False, **changes})
        self._question += 1
        self.rows.window.clear(backwards=self.query_now.backwards)
        self.rows.why_empty = READING
        self.rows.reading_more = False
        self.table.show(())
        self.table.cursor = None
        self.feed.restart()
        self.tell()

    def set_marks(self) -> None:
        """Show the marks as they are now."""
        self.table.mark(self.marks.ids)
        self.tell()
        if not self.marks.ids and self.rows.window.unseen:
            self.feed.now()

    def forget_marks(self, applied: frozenset[str]) -> None:
        """Unmark what was changed; what was not stays marked for the next try."""
        self.marks.ids -= applied
        self.set_marks()

    def chosen_keys(self) -> tuple[list[str], str]:
        """Return what the rows to act on are known by, captured now, and how they were chosen."""
        if not self.marks.ids:
            return [self.table.cursor or ""], "the row under the cursor"
        keys = self.marks.in_order(self.rows.window.order)
        hidden = self.marks.hidden(self.rows.window.order, self.rows.window.ghosts)
        return keys, f"{len(keys):,} marked" + (f", {hidden} hidden" if hidden else "")

    def narrow(self, view: str, filter_text: str, **order: object) -> str | None:
        """Show a view through a filter, maybe in another `order`; returns what is wrong with the filter, or
        None. Clears the marks."""
        terms, stuck_only = VIEWS[view]
        try:
            parsed = parse_filter(filter_text)
        except FilterError as error:
            return sentence(error)
        cleared = self.marks.clear()
        self.view, self.filter_text = view, filter_text.strip()
        self.last_filter = self.filter_text or self.last_filter
        self.table.mark(frozenset())
        self.ask(terms=(*terms, *parsed), stuck_only=stuck_only, text="", **order)
        if cleared:
            self.say(f"{cleared:,} marks removed, because other rows are shown now")
        return None
