"""Tells people what sweeps see: beside them, never in their way.

A run is taken in at once and looked at in a task of its own. Whatever goes wrong with an alert is said and
counted; the sweep never hears of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from .alerts import Alert, AlertSettings, Kind, Look, Target
from .alerts_looks import Words, looks, retries
from .alerts_memory import Memory
from .alerts_text import over, told
from .port import Backend
from .sweeping import Run

RETRIES_EVERY_S, RETRIES_WITHIN_S = 300.0, 20.0
"""How often a source is asked for its retries (seconds), and how long that may take."""
WAITING = 100
"""Runs that may wait to be looked at; the oldest are left out."""

Deliver = Callable[[Target, Alert, float], Awaitable[str | None]]
"""Sends one alert to one target within so many seconds; returns why it could not, without any secret, or
None. Raises nothing but cancellation."""


@dataclass(slots=True)
class Count:
    """What became of one target's messages."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A source whose runs are looked at. Without a `backend` nothing is asked beside the runs, so that
    nothing is known of retries."""

    backend: Backend | None
    settings: AlertSettings
    words: Words


@dataclass(slots=True)
class Alerter:
    """Looks at runs, and delivers what there is to tell. `say` hears what became of it where that is not
    plain success; `clock` is seconds since 1970."""

    subjects: dict[str, Subject]
    deliver: Deliver
    say: Callable[[str], None]
    memory: Memory = field(default_factory=Memory)
    clock: Callable[[], float] = time.time
    counts: dict[str, Count] = field(default_factory=dict)
    _runs: deque[Run] = field(default_factory=lambda: deque(maxlen=WAITING))
    _failed: dict[str, int] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Begin to count at nothing for every target, so that there is something to compare with."""
        for name, subject in self.subjects.items():
            self.watch(name, subject)

    def watch(self, source: str, subject: Subject) -> None:
        """Look at a source's runs from now on."""
        self.subjects[source] = subject
        for target in subject.settings.targets:
            self.counts.setdefault(target.name, Count())

    def saw(self, run: Run) -> None:
        """Take a run in. Returns at once."""
        if run.source not in self.subjects:
            return
        self._runs.append(run)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def drain(self, within_s: float | None = None) -> None:
        """Wait until everything is told, at most so many seconds (None: as long as it takes, which is
        bounded by the time-outs)."""
        task = self._task
        if task is None or task.done():
            return
        done, _ = await asyncio.wait([task], timeout=within_s)
        if not done:
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        while self._runs:
            run = self._runs.popleft()
            try:
                await self._tell(run)
            except Exception as error:
                words = self.subjects[run.source].words
                self.say(f"alerts of {run.source}: {type(error).__name__}: {words.mask(str(error))}")

    async def _tell(self, run: Run) -> None:
        subject = self.subjects[run.source]
        settings, now = subject.settings, self.clock()
        book = self.memory.book(run.source)
        alerts: list[Alert] = []
        for look in await self._looks(run, subject, now):
            if look.kind not in settings.on:
                continue
            news = book.note(look, now, settings.repeat_s)
            good = over(look, news, run.source) if settings.resolved else None
            alerts += [each for each in (told(look, news, run.source), good) if each is not None]
        try:
            await self._send(settings, alerts, now)
        finally:
            self.memory.save(run.source)

    async def _looks(self, run: Run, subject: Subject, now: float) -> list[Look]:
        failed = self._failed[run.source] = self._failed.get(run.source, 0) + 1 if run.failed else 0
        found = looks(run, failed, subject.words)
        if subject.backend is not None and Kind.RETRIES in subject.settings.on and run.seen is not None:
            found += await self._retries(subject.backend, subject, run.source, now)
        return found

    async def _retries(self, backend: Backend, subject: Subject, source: str, now: float) -> list[Look]:
        """Ask for what was retried within the hour, now and then: on a large table it may take its time."""
        if now - self._asked.get(source, float("-inf")) < RETRIES_EVERY_S:
            return []
        self._asked[source] = now
        try:
            async with asyncio.timeout(RETRIES_WITHIN_S):
                return [retries(await backend.statistics(timedelta(hours=1)), subject.words)]
        except Exception as error:
            # The next run may have more luck, and a database that is gone is told by the run itself.
            self.say(f"alerts of {source}: retries could not be looked at: {subject.words.mask(str(error))}")
            return []

    async def _send(self, settings: AlertSettings, alerts: list[Alert], now: float) -> None:
        await asyncio.gather(*(self._to(target, settings, alerts, now) for target in settings.targets))

    async def _to(self, target: Target, settings: AlertSettings, alerts: Iterable[Alert], now: float) -> None:
        if settings.dry_run:
            for alert in alerts:
                self.say(f"alert (dry run) to {target.name}: {alert.title}")
            return
        count = self.counts[target.name]
        alerts = list(alerts)
        if target.problem:
            count.failed += len(alerts)
            return
        outbox = self.memory.outbox(target.url, settings.limit)
        for alert in outbox.put(alerts, now):
            try:
                problem = await self._deliver(target, alert, settings.timeout_s)
            except asyncio.CancelledError:
                outbox.hold(alert)
                raise
            if problem is None:
                count.sent += 1
                continue
            count.failed += 1
            outbox.hold(alert)
            self.say(f"alert to {target.name} failed: {problem}")

    async def _deliver(self, target: Target, alert: Alert, timeout_s: float) -> str | None:
        try:
            return await self.deliver(target, alert, timeout_s)
        except Exception as error:
            return f"{type(error).__name__} while sending"
