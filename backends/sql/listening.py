"""Live updates: LISTEN on a connection of its own, which exists only while somebody watches.

Nothing here raises to who watches. While it can't listen, `listening` is false and `problem` says why; the
console asks at its usual pace anyway.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from unstick.recovery.errors import UnstickError
from unstick.recovery.model import Capabilities
from unstick.recovery.source import Source, mask_text

from .errors import said
from .session import Session

if TYPE_CHECKING:
    import asyncpg

GAP_S = 0.25
"""Between two ticks at least: a burst of notifications is one tick, and one more after its end."""
FIRST_S, MOST_S = 0.5, 30.0
"""The waits before the connection is made anew: doubled from try to try, begun anew once it has held."""
ALIVE_S = 30.0
"""A connection that has been silent for so long is asked whether it is still there."""
ECHO_S = 5.0
"""Within this time a notification of our own has to come back, or an answer."""
DEAF_S = 300.0
"""The wait where it does not: a pooler is not put right within seconds."""


class Listener:
    """Ticks for everybody who watches one source. `channels` is asked when the first one begins."""

    def __init__(
        self, source: Source, channels: Callable[[], Awaitable[tuple[str, ...]]], reading: Session
    ) -> None:
        self._source, self._channels, self._reading = source, channels, reading
        self._watchers: set[_Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._missed = False
        self.listening = False
        self.problem: str | None = None

    def told(self, capabilities: Capabilities) -> Capabilities:
        """Return the capabilities as they are now: whether it listens, and what keeps it from that."""
        if not self.listening and self.problem is None:
            return capabilities
        problems = (*capabilities.problems, self.problem) if self.problem else capabilities.problems
        return replace(capabilities, notify=self.listening, problems=problems)

    async def watch(self) -> AsyncIterator[None]:
        """Tick when something changed, or may have while nobody listened; ends when the source is closed.
        Raises what opening the source raises."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        try:
            channels = await self._channels()
            if channels and self._task is None and not watcher.over:
                self._task = asyncio.create_task(self._stay(channels))
            while await watcher.changed():
                yield
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._stop()

    async def close(self) -> None:
        """End every watch, and let go of the connection."""
        for watcher in self._watchers:
            watcher.end()
        task = self._task
        self._stop()
        if task is not None:
            await asyncio.wait({task}, timeout=0.5)

    def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _stay(self, channels: tuple[str, ...]) -> None:
        """Listen, and again whenever the connection is lost."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began, deaf = loop.time(), False
            try:
                await self._listen(channels)
            except _Deaf as error:
                deaf, self.problem = True, f"{self._source.name}: no live updates: {error}"
            except Exception as error:
                # Whatever it is, the console goes on without live updates, and it is tried again.
                self.problem = f"{self._source.name}: no live updates: {self._sentence(error)}"
            failures = 0 if loop.time() - began > MOST_S else failures + 1
            wait = min(FIRST_S * 2.0 ** min(failures - 1, 10), MOST_S) * (0.75 + 0.5 * random.random())
            self._missed = True
            await asyncio.sleep(DEAF_S if deaf else wait)

    async def _listen(self, channels: tuple[str, ...]) -> None:
        """Listen until the connection is lost. Raises what the driver raises."""
        from .asyncpg import connect

        connection = await connect(self._source, write=False)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            # First, so that a pooler in transaction mode is left no channels that anybody uses.
            await self._check(connection)
            for channel in channels:
                await connection.add_listener(channel, self._heard)
            self.listening, self.problem = True, None
            if self._missed:
                self._missed = False
                self._tick()
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALIVE_S):
                        await lost.wait()
                    break
                await connection.execute("SELECT 1", timeout=ECHO_S)
        finally:
            self.listening = False
            connection.terminate()
        raise ConnectionResetError("the connection was lost")

    async def _check(self, connection: asyncpg.Connection[Any]) -> None:
        """See that notifications arrive at all: a pooler that lends connections takes a LISTEN without a
        word, and then passes nothing on. Raises _Deaf."""
        heard = asyncio.Event()
        channel = f"unstick_{uuid4().hex}"

        def echo(*_: object) -> None:
            heard.set()

        await connection.add_listener(channel, echo)
        # From another connection: its own notifications a connection gets even through such a pooler.
        notify = sa.select(sa.func.pg_notify(channel, ""))
        await self._reading.run(lambda reading: reading.execute(notify).close())
        try:
            async with asyncio.timeout(ECHO_S):
                await heard.wait()
        except TimeoutError:
            raise _Deaf(
                "notifications do not come through; connect to the server itself, or to a pooler in session "
                "mode"
            ) from None
        await connection.remove_listener(channel, echo)

    def _heard(self, *_: object) -> None:
        self._tick()

    def _tick(self) -> None:
        for watcher in self._watchers:
            watcher.wake()

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, UnstickError):
            return str(error)
        return f"{mask_text(said(error), self._source.url)}; it is tried again"


class _Deaf(Exception):
    """LISTEN was taken, but nothing is heard."""


class _Watcher:
    """One who watches: many changes in a short time become one tick."""

    def __init__(self) -> None:
        self.over = False
        self._event = asyncio.Event()
        self._last = -GAP_S

    def wake(self) -> None:
        """Something changed."""
        self._event.set()

    def end(self) -> None:
        """There is nothing to watch any more."""
        self.over = True
        self._event.set()

    async def changed(self) -> bool:
        """Wait for the next tick; false at the end."""
        loop = asyncio.get_running_loop()
        await self._event.wait()
        rest = self._last + GAP_S - loop.time()
        if rest > 0 and not self.over:
            await asyncio.sleep(rest)
        self._event.clear()
        self._last = loop.time()
        return not self.over
