"""What was changed within a time, oldest first, on one source or on all of them: an incident's story.

Nothing but a page is ever in memory: sources are read side by side, a page each, and written as they come.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from unstick.cli.failures import mask, sentence
from unstick.cli.output import narrate, safe
from unstick.cli.timeline_forms import Form, Lines, Objects, Words
from unstick.recovery.config.resolve import only
from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import UnstickError, UsageError

if TYPE_CHECKING:
    from unstick.cli.session import Session
    from unstick.recovery.outcome import Operation, OperationRow
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

Moment = datetime | timedelta | None
"""A point in time, or how long ago by the source's own clock."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when, and until when, `until` itself left out; None is open."""

    since: Moment
    until: Moment


class WindowError(UsageError):
    """The window is empty; no source can make up for that."""


def export(session: Session) -> int:
    """Write what began within the window; the exit code is that of the worst source."""
    args = session.args
    window = Window(moment(args.since, "--since"), moment(args.until, "--until"))
    return asyncio.run(_export(session, window))


def moment(text: str | None, option: str) -> Moment:
    """Read a time span, or a time, which is local where it names no zone. Raises UsageError."""
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except UsageError:
        try:
            return datetime.fromisoformat(text.strip()).astimezone()
        except (ValueError, OverflowError, OSError):
            seconds = None
    if seconds is None:
        raise UsageError(
            f"{option}: {text!r} is neither a time span such as 2h nor a time such as 2026-01-31T14:05"
        )
    return timedelta(seconds=seconds)


class Story:
    """One source's operations within the window, oldest first."""

    def __init__(self, source: Source, backend: Backend, window: Window) -> None:
        self.name = source.name
        self.profile = ""
        self._backend, self._window = backend, window
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._page: deque[Operation] = deque()
        self._last: Operation | None = None
        self._over = False

    async def open(self) -> None:
        """Connect, find out what the window is by the source's clock, and read the first page."""
        await self._backend.open()
        self.profile = self._backend.capabilities.profile
        for problem in self._backend.capabilities.problems:
            narrate(f"note: {mask(safe(problem, 1000))}")
        now = await self._backend.clock()
        self._since, self._until = (
            now - at if isinstance(at, timedelta) else at for at in (self._window.since, self._window.until)
        )
        if self._since and self._until and self._since >= self._until:
            raise WindowError("--until has to be later than --since")
        await self._fill()

    @property
    def next(self) -> Operation | None:
        """The operation that comes next."""
        return self._page[0] if self._page else None

    async def take(self) -> None:
        """Go on to the one after it."""
        self._page.popleft()
        await self._fill()

    async def _fill(self) -> None:
        if self._page or self._over:
            return
        found = await self._backend.timeline(self._since, self._until, self._last)
        self._over = not found
        self._page.extend(replace(operation, source=self.name) for operation in found)
        self._last = found[-1] if found else None

    async def rows(self, operation: Operation) -> AsyncIterator[OperationRow]:
        """Yield the operation's rows, a page at a time."""
        after: int | None = None
        while page := await self._backend.operation_rows(operation.id, after):
            for row in page:
                yield row
            after = page[-1].number

    async def close(self) -> None:
        """Let go of the connection."""
        await self._backend.close()


class Telling:
    """Tells the stories of several sources as one; a source that fails is left out from there on."""

    def __init__(self, form: Form, *, alone: bool, limit: int | None) -> None:
        self._form, self._alone, self._limit = form, alone, limit
        self.code = 0

    def failed(self, name: str, error: UnstickError) -> None:
        """Say what is wrong with a source. With no other there is nothing else to tell: raises it."""
        if self._alone or isinstance(error, WindowError):
            raise error
        said = sentence(error)
        narrate(f"unstick: {said}" if name in said else f"unstick: {safe(name)}: {said}")
        self._form.problem(name, said, error.exit_code)
        self.code = max(self.code, error.exit_code)

    async def tell(self, stories: Sequence[Story]) -> None:
        """Write everything in the order in which it began."""
        opened = await asyncio.gather(*(self._open(story) for story in stories))
        left = [story for story, there in zip(stories, opened, strict=True) if there]
        self._form.begin([story.profile for story in left])
        told = 0
        while left := [story for story in left if story.next]:
            if told == self._limit:
                self._form.more()
                break
            story = min(left, key=_began)
            try:
                await self._one(story)
            except UnstickError as error:
                left.remove(story)
                self.failed(story.name, error)
            told += 1

    async def _open(self, story: Story) -> bool:
        try:
            await story.open()
        except UnstickError as error:
            self.failed(story.name, error)
            return False
        return True

    async def _one(self, story: Story) -> None:
        operation = story.next
        assert operation is not None
        self._form.operation(operation)
        try:
            if self._form.wants_rows:
                async for row in story.rows(operation):
                    self._form.row(operation, row)
        finally:
            self._form.operation_over(operation)
        await story.take()


def _began(story: Story) -> tuple[datetime, str]:
    assert story.next is not None
    return (story.next.started_at, story.name)


def _names(session: Session) -> Sequence[str]:
    """Return the source that is named, else every configured one. Raises UsageError where there is none."""
    named = session.args.source or os.environ.get("UNSTICK_SOURCE")
    return [named] if named else tuple(session.config.sources) or [only(session.config, os.environ)]


def _form(session: Session, *, many: bool) -> Form:
    args = session.args
    if args.csv:
        return Lines()
    return Objects(args.since, args.until) if args.json else Words(many=many)


async def _export(session: Session, window: Window) -> int:
    names = _names(session)
    alone = len(names) == 1
    form = _form(session, many=not alone)
    telling = Telling(form, alone=alone, limit=session.args.limit or form.most)
    stories: list[Story] = []
    try:
        for name in names:
            try:
                # One after the other: a command that prints a URL may ask on the terminal.
                source = session.resolve(name).source
                stories.append(Story(source, session.backend(source), window))
            except UnstickError as error:
                telling.failed(name, error)
        await telling.tell(stories)
        form.end(stories[0].name if alone else None)
    finally:
        form.close()
        await asyncio.gather(*(story.close() for story in stories))
    return telling.code
