"""Calls hooks: several at once, their outcomes journalled as they come, stoppable between two rows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .errors import BackendError, QueryTimeout
from .hooks import Hook, Send
from .hooks_outcome import NOT_CALLED
from .hooks_request import Subject, request
from .port import Backend

AT_ONCE = 8
"""Calls that are under way at the same time, and outcomes that are journalled together."""
PAUSES = (0.0, 0.2, 1.0)
"""Seconds before each attempt to journal outcomes: a lock or a lost connection need not last."""


@dataclass(slots=True)
class Caller:
    """Calls the hook of one operation. `error` is why outcomes could not be journalled, if they couldn't.

    `stopped` is asked before each call; `told` hears the outcomes by row number as they are journalled.
    """

    backend: Backend
    hook: Hook
    operation: str
    send: Send
    stopped: Callable[[], bool]
    told: Callable[[Mapping[int, str]], None] = lambda outcomes: None
    error: BackendError | QueryTimeout | None = None

    async def call(self, subjects: Sequence[Subject]) -> dict[int, str]:
        """Call the hook for each row; return the outcomes by row number. A stop leaves rows `not called`."""
        todo, found = deque(subjects), {subject.number: NOT_CALLED for subject in subjects}
        news: dict[int, str] = {}

        async def work() -> None:
            nonlocal news
            while todo and not self.stopped():
                subject = todo.popleft()
                asked = request(self.hook, subject, operation=self.operation, source=self.backend.source)
                found[subject.number] = news[subject.number] = await self.send(asked)
                if len(news) >= AT_ONCE:
                    ready, news = news, {}
                    await self._journal(ready)

        await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(todo)))))
        if news:
            await self._journal(news)
        return found

    async def _journal(self, outcomes: Mapping[int, str]) -> None:
        """Journal outcomes, which may be done twice; a journal that is out of reach stops no other call."""
        lost: BackendError | QueryTimeout | None = None
        for pause in PAUSES:
            try:
                if lost is not None:
                    await asyncio.sleep(pause)
                    await self.backend.open()
                await self.backend.record_hooks(self.operation, outcomes)
                lost = None
                break
            except (BackendError, QueryTimeout) as error:
                lost = error
        self.error = lost or self.error
        self.told(outcomes)


@asynccontextmanager
async def caller(
    backend: Backend,
    hook: Hook,
    operation: str,
    stopped: Callable[[], bool],
    told: Callable[[Mapping[int, str]], None] = lambda outcomes: None,
) -> AsyncIterator[Caller]:
    """Give what calls the hook of one operation; its connections are closed at the end."""
    async with backend.hooks.sender() as send:
        yield Caller(backend, hook, operation, send, stopped, told)
