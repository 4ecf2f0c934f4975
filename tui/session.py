"""One source while the console is open: connected or not, how fresh its rows are, and why not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from unstick.recovery import errors
from unstick.recovery.display import display_text
from unstick.recovery.errors import QueryTimeout, Unreachable
from unstick.recovery.source import Source
from unstick.tui.costs import Costs, measured, steady
from unstick.tui.pace import Pace

if TYPE_CHECKING:
    from unstick.recovery.health import Health
    from unstick.recovery.model import Capabilities, Counts
    from unstick.recovery.port import Backend
    from unstick.tui.source_sweep import SourceSweep

T = TypeVar("T")

OLD_S = 2.0
"""Seconds beyond two refreshes after which rows are not called fresh any more."""

END_S = 0.3
"""Seconds that a sweep's run may take to end when its source is closed."""

REPLICA_S = 30.0
"""Seconds after which a server that took no writes is looked at again: it may have been promoted."""

PROD = ("prod", "production")

Make = Callable[[], "Backend"]
"""Returns a backend that is not open yet. Called in a thread: it imports what the database needs."""


_ADDRESS = re.compile(r" \((?:postgres(?:ql)?|mysql|mariadb|sqlite)[^\s()]*://[^\s()]*\)")


def sentence(error: BaseException, *, address: bool = False) -> str:
    """Return what went wrong as one line that may be shown; in the console the header has the address."""
    return on_a_line(errors.told(error), address=address)


def on_a_line(text: str, *, address: bool = False) -> str:
    """Return a text as one line that may be shown."""
    told = " ".join(text.split())
    return display_text(told if address else _ADDRESS.sub("", told), limit=400)


@dataclass(slots=True)
class Session:
    """A source, its backend, and its health. `clock` is monotonic, passed in so that tests need not wait.

    `report` is the last result here; `slow` says that an answer is taking its time; `warned` holds
    what is wrong with the source and was told already. `counts` are the last ones known, `health` what was
    found when somebody last looked, `trip_s` the last refresh in seconds, for showing, and `statements` how
    many it asked. `added` marks a source
    that was added while the console was open. `applying` says that the operator changes rows here right now,
    `sweep` is what runs in the background, once it was looked at.
    """

    make: Make
    source: Source
    clock: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    connected: bool = False
    problem: str | None = None
    good_at: float | None = None
    took_s: float = 0.0
    last_operation: str | None = None
    report: str = ""
    slow: bool = False
    error: Exception | None = None
    warned: tuple[str, ...] = ()
    counts: Counts | None = None
    health: Health | None = None
    costs: Costs = field(default_factory=Costs)
    trip_s: float | None = None
    statements: int | None = None
    added: bool = False
    applying: bool = False
    sweep: SourceSweep | None = None
    _backend: Backend | None = None
    _opened_at: float = 0.0

    @property
    def backend(self) -> Backend:
        """The source's backend. Raises Unreachable before the first connection."""
        if self._backend is None:
            raise Unreachable(f"{self.source.name} is not connected yet")
        return self._backend

    @property
    def capabilities(self) -> Capabilities | None:
        """What the source can do, once connected."""
        if self.good_at is None and not self.connected:
            return None
        able = self.backend.capabilities
        return replace(able, read_only=True) if self.source.read_only and not able.read_only else able

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written; believed before the database was asked."""
        able = self.capabilities
        return self.source.read_only if able is None else able.read_only

    @property
    def is_prod(self) -> bool:
        """Whether the stricter rules of production apply."""
        return self.source.environment.lower() in PROD

    async def call(self, work: Callable[[], Awaitable[T]], limit_s: float | None = None) -> T:
        """Run one question with a time limit of our own: a hanging driver must never look fresh."""
        limit = limit_s or self.source.statement_timeout_s + 1.0
        try:
            async with asyncio.timeout(limit):
                return await work()
        except TimeoutError:
            raise QueryTimeout(f"{self.source.name} did not answer within {limit:g} s") from None

    async def connect(self) -> None:
        """Connect unless connected; look again at a server that took no writes."""
        if self.connected and not self._may_be_promoted:
            return
        if self._backend is None:
            self._backend = measured(await asyncio.to_thread(self.make), self.costs, self.clock)
        await self.call(self._backend.open, self.source.connect_timeout_s + 1.0)
        self.connected, self._opened_at = True, self.clock()

    @property
    def _may_be_promoted(self) -> bool:
        replica = self.backend.capabilities.read_only and not self.source.read_only
        return replica and self.clock() - self._opened_at >= REPLICA_S

    async def close(self) -> None:
        """Let go of the connections, if there ever were any; the sweep ends too."""
        closing = [self._backend.close()] if self._backend is not None else []
        ending = [self.sweep.ended(END_S)] if self.sweep is not None else []
        await asyncio.gather(*closing, *ending)

    async def refresh(self, read: Callable[[], Awaitable[T]]) -> T:
        """Connect where needed, read, and note how it went. Raises what the backend raised."""
        try:
            await self.connect()
            started, asked = self.clock(), self._asked
            result = await self.call(read, self.source.statement_timeout_s * 3 + 1.0)
        except Exception as error:
            self.failed(error)
            raise
        now = self.clock()
        self.statements = None if asked is None or self._asked is None else self._asked - asked
        self.problem, self.error, self.good_at, self.took_s = None, None, now, now - started
        first, self.trip_s = self.trip_s is None, steady(self.trip_s or 0.0, self.took_s)
        # The first one also warms up what is slow only once.
        self.pace.took_s = 0.0 if first else self.trip_s
        self.pace.failures, self.slow = 0, False
        return result

    @property
    def _asked(self) -> int | None:
        # A backend of somebody else may not count them.
        return getattr(self._backend, "statements", None)

    def failed(self, error: Exception) -> None:
        """Note a failure: what it says, and that the connection may be gone."""
        self.problem, self.error, self.slow = sentence(error), error, False
        self.pace.failures += 1
        if not isinstance(error, QueryTimeout):
            self.connected = False

    def age_s(self) -> float | None:
        """Return how old the rows on the screen are."""
        return None if self.good_at is None else max(self.clock() - self.good_at, 0.0)

    @property
    def is_old(self) -> bool:
        """Whether the last answer is from before the refresh that should have been by now."""
        age = self.age_s()
        return age is not None and age > 2 * self.pace.interval_s + OLD_S

    def old_for(self) -> str:
        """Return the age of the last answer as `12s`, `3m` or `2h`; empty before the first one."""
        age = self.age_s()
        return "" if age is None else _coarse(age)

    def freshness(self) -> str:
        """Return the header's word about age. It is coarse on purpose: an idle console writes nothing."""
        age = self.age_s()
        if age is None:
            return "connecting" if self.problem is None else "down"
        old = f"rows {_coarse(age)} old"
        if self.problem is not None:
            return f"{'slow' if self.connected else 'down'}, {old}"
        if self.slow:
            return f"waiting, {old}"
        if self.is_old:
            return old
        return "fresh" if self.took_s < 1 else f"fresh, took {self.took_s:.0f}s"


def _coarse(seconds: float) -> str:
    if seconds < 60:
        return f"{int(seconds)}s"
    return f"{int(seconds // 60)}m" if seconds < 7200 else f"{int(seconds // 3600)}h"
