"""Asks all sources at once: each by a task of its own, at its own pace, with its own limits and backoff."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from textual.screen import Screen

from unstick.tui.feed import Feed
from unstick.tui.session import Session

T = TypeVar("T")


class Feeds(Generic[T]):
    """One feed per source, so that one that hangs or fails holds up no other.

    `ask` is called for each source at its pace, `show` with each answer, `told` after each try.
    """

    def __init__(
        self,
        screen: Screen[None],
        ask: Callable[[Session], Awaitable[T]],
        show: Callable[[Session, T], None],
        told: Callable[[Session], None],
    ) -> None:
        self._screen, self._ask, self._show, self._told = screen, ask, show, told
        self._feeds: dict[int, Feed[T]] = {}

    def of(self, session: Session) -> Feed[T]:
        """Return the feed of a source; it begins with `start`."""
        feed = self._feeds.get(id(session))
        if feed is None:
            feed = self._feeds[id(session)] = Feed(
                self._screen,
                session,
                lambda: self._ask(session),
                lambda answer: self._show(session, answer),
                lambda: self._told(session),
            )
        return feed

    def start(self, sessions: Iterable[Session]) -> None:
        """Ask all of these now and from then on."""
        for session in sessions:
            self.of(session).start()

    def stop(self) -> None:
        """Ask nothing any more; answers on their way are dropped."""
        for feed in self._feeds.values():
            feed.stop()

    def now(self) -> None:
        """Ask all of them now."""
        for feed in self._feeds.values():
            feed.now()
