"""What the screens share that show everything about one thing: read, shown as text, kept when it is gone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Generic, TypeVar

from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.errors import NotFound, UnstickError
from unstick.recovery.model import Job, JobId, Target, Variant
from unstick.recovery.plan import Options, Plan
from unstick.tui.actions.model import JOBS, VARIANT, VARIANTS
from unstick.tui.feed import Feed
from unstick.tui.paint import Span
from unstick.tui.screens.acting import ActingScreen, as_record
from unstick.tui.screens.plan_text import Lines
from unstick.tui.session import Session, sentence
from unstick.tui.widgets.pane import Pane

V = TypeVar("V")


class DetailScreen(ActingScreen, Generic[V]):
    """Bound to an id. What is gone keeps its last picture and says so."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view: V | None = None
        self.gone: str | None = None
        self._wrapped = True
        self.pane = Pane()
        self.feed: Feed[V | None] = Feed(self, session, self._read, self._show, self.tell)

    async def read(self) -> V:
        """Read everything that is shown. Raises NotFound."""
        raise NotImplementedError

    def lines(self, view: V, width: int, *, wrapped: bool) -> Lines:
        """Return the text."""
        raise NotImplementedError

    def record(self) -> Job | Variant | None:
        """Return what is copied as JSON."""
        raise NotImplementedError

    def known_as(self) -> str:
        """Return the id, as one writes it to name this."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.pane

    def on_mount(self) -> None:
        """Begin to read."""
        super().on_mount()
        self._wrapped = self.console.memory.value(*self._wraps) is not False
        self.pane.show([(Span("  reading ...", "dim"),)])

    def on_screen_suspend(self) -> None:
        """Ask nothing while another screen is on top."""
        self.feed.stop()

    def on_screen_resume(self) -> None:
        """Read again."""
        super().on_screen_resume()
        self.feed.start()

    def on_resize(self, event: Resize) -> None:
        """Wrap again."""
        super().on_resize(event)
        self.call_after_refresh(self.show_lines)

    def wake(self) -> None:
        """The database says that something changed."""
        self.feed.wake()

    async def _read(self) -> V | None:
        try:
            return await self.read()
        except NotFound as error:
            self.gone = sentence(error)
            return None

    def _show(self, view: V | None) -> None:
        if view is not None:
            self.view, self.gone = view, None
        self.show_lines()

    def show_lines(self) -> None:
        """Show the text for the width that there is."""
        if self.view is not None:
            lines = self.lines(self.view, self.pane.size.width, wrapped=self._wrapped)
            self.pane.show(lines, lines.sections)
        elif self.gone is not None:
            self.pane.show([(Span(f"  {self.gone}", "failed"),)])

    async def would_do(self, what: JobId | Target) -> tuple[Plan | None, str | None]:
        """Return what recover would do, or why that can't be told."""
        try:
            return await self.session.backend.plan("recover", (what,), Options()), None
        except UnstickError as error:
            return None, sentence(error)

    def do_view_wrap(self) -> None:
        """Wrap or cut long lines."""
        self._wrapped = not self._wrapped
        self.show_lines()
        self.console.keep(*self._wraps, value=self._wrapped)

    @property
    def _wraps(self) -> tuple[str, ...]:
        """Where it is remembered whether long lines are wrapped: with the list that this is opened from."""
        table = VARIANTS if self.SCOPE == VARIANT else JOBS
        return ("sources", self.session.source.name, table, "wrap")

    def do_copy_id(self) -> None:
        """Copy the id."""
        self.copy(self.known_as(), f"id {self.known_as()}")

    def do_copy_record(self) -> None:
        """Copy everything as JSON."""
        record = self.record()
        if record is not None:
            text = json.dumps(as_record(record), indent=1, default=str)
            self.copy(text, f"{self.known_as()} as JSON")


def same(before: Job | Variant, now: Job | Variant) -> bool:
    """Whether a plan made for the one still holds for the other; ages grow without changing anything."""
    kept = ("status", "updated", "retries", "error", "step")
    unmoved = all(getattr(before, name) == getattr(now, name) for name in kept)
    return unmoved and _why(before) == _why(now)


def _why(item: Job | Variant) -> tuple[str, str] | None:
    """Which rule applies; with a clock its words change by themselves, without one they tell what does."""
    verdict = item.verdict
    return None if verdict is None else (verdict.rule, verdict.why if verdict.age_s is None else "")
