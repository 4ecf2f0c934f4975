"""Waiting for a condition with a deadline: the only place in the tests that ever sleeps."""

import asyncio
import time
from collections.abc import Awaitable, Callable

INTERVAL = 0.01
PATIENCE_S = 45.0
"""Seconds after which what a test waits for will not come; long, because machines are busy."""


def eventually(condition: Callable[[], object], *, what: str, timeout: float = PATIENCE_S) -> None:
    """Returns as soon as `condition()` is true; fails, naming `what` was waited for, when the time is up."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain until {what}")
        time.sleep(INTERVAL)


async def eventually_async(
    condition: Callable[[], Awaitable[object]], *, what: str, timeout: float = PATIENCE_S
) -> None:
    """The same for a coroutine function, leaving the event loop free meanwhile."""
    deadline = time.monotonic() + timeout
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain until {what}")
        await asyncio.sleep(INTERVAL)
