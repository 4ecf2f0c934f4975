"""Keeps a screen as it was asked for: for questions that are too expensive to be asked every few seconds."""

from __future__ import annotations

from unstick.tui.feed import Feed, T


class Once(Feed[T]):
    """Asks when it is told to, and then no more. A source that can't be reached is tried again with backoff;
    a question that took too long is not: it would take as long again."""

    def resume(self) -> None:
        """Go on without asking."""
        self._running = True

    def _schedule(self, delay: float | None) -> None:
        super()._schedule(delay if self._session.problem and not self._session.connected else None)
