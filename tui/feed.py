"""Keeps one screen fresh: one question in flight, late answers dropped, backoff while the source is down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from unstick.tui.session import Session
from unstick.tui.working import Work

T = TypeVar("T")

AGING_S = 10.0
"""Seconds between two looks at how old the rows are while there are no new ones."""

LEAST_S = 0.001
"""Seconds: at once, for a timer."""

SLOW_S = 3.0
"""Seconds without an answer after which the header stops calling the rows fresh."""


class Feed(Generic[T]):
    """Calls `read` at the session's pace, `show` with each result still wanted, `told` after each try."""

    def __init__(
        self,
        screen: Screen[None],
        session: Session,
        read: Callable[[], Awaitable[T]],
        show: Callable[[T], None],
        told: Callable[[], None],
    ) -> None:
        self._screen, self._session = screen, session
        self._read, self._show, self._told = read, show, told
        self._generation = 0
        self._again = self._woken = False
        self._running = False
        self._timer: Timer | None = None
        self._slow: Timer | None = None
        self._aging: Timer | None = None
        self._worker: Worker[None] | None = None

    @property
    def in_flight(self) -> bool:
        """Whether a question is being answered."""
        return self._worker is not None and not self._worker.is_finished

    def start(self) -> None:
        """Refresh now and from then on."""
        self._running = True
        self.now()

    def stop(self) -> None:
        """Ask no more; an answer on its way is dropped."""
        self._running = False
        self._generation += 1
        self._cancel_timer()
        self._stop_aging()
        self._drop()

    def now(self) -> None:
        """Refresh as soon as the question in flight is answered."""
        if not self._running:
            return
        self._cancel_timer()
        if self.in_flight:
            self._again = True
            return
        self._again = self._woken = False
        self._generation += 1
        self._slow = self._screen.set_timer(SLOW_S, self._waits)
        self._worker = Work(self._screen, "refresh").begin(self._ask, self._generation)

    def restart(self) -> None:
        """The question changed: drop the one in flight and ask the new one at once."""
        self._drop()
        self.now()

    def give_up(self) -> None:
        """Wait no longer for the answer: the question ends in the server too, and is asked again when it is
        due."""
        self._generation += 1
        self._drop()
        self._schedule(self._session.pace.next_delay())

    def wake(self) -> None:
        """The database says that something changed: refresh, but no faster than the floor."""
        if not self._running or self._session.pace.paused:
            return
        if self.in_flight:
            # The answer on its way may be from before the change.
            self._woken = True
            return
        age = self._session.age_s()
        floor = self._session.pace.floor_s
        self._schedule(max(floor - age, 0.0) if age is not None else 0.0)

    def pace_changed(self) -> None:
        """Take a new interval, or a pause, into account at once."""
        if self._running and not self.in_flight:
            self._schedule(self._session.pace.next_delay())

    def _waits(self) -> None:
        self._session.slow = True
        self._age()

    def _age(self) -> None:
        self._stop_aging()
        self._told()
        self._aging = self._screen.set_interval(AGING_S, self._told)

    def _stop_aging(self) -> None:
        if self._aging is not None:
            self._aging.stop()
            self._aging = None

    async def _ask(self, generation: int) -> None:
        result: T | None = None
        ok = False
        try:
            result = await self._session.refresh(self._read)
            ok = True
        except Exception:
            pass
        if generation != self._generation or not self._running:
            return
        self._stop_slow()
        if ok:
            self._stop_aging()
            self._show(result)  # type: ignore[arg-type]
            self._told()
        else:
            self._age()
        self._worker = None
        if self._again:
            self.now()
        elif self._woken and ok:
            self._schedule(self._session.pace.floor_s)
        else:
            self._schedule(self._session.pace.next_delay())

    def _schedule(self, delay: float | None) -> None:
        self._cancel_timer()
        if delay is not None:
            # Textual divides by the time of a timer that comes late.
            self._timer = self._screen.set_timer(max(delay, LEAST_S), self.now)

    def _stop_slow(self) -> None:
        self._session.slow = False
        if self._slow is not None:
            self._slow.stop()
            self._slow = None

    def _drop(self) -> None:
        self._stop_slow()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
