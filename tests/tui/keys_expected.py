"""What each key of each screen is expected to do. A new action needs an entry here: see `expect`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.tui.driver import Console
from unstick.tui.screens.base import ConsoleScreen

Keys = tuple[str, ...]
Check = Callable[[Console, Keys], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Expected:
    """`check` presses every one of the keys and asserts what comes of it. After one that `stays` the screen
    is as it was, so that the next is tried on the same one."""

    check: Check
    stays: bool


EXPECTED: dict[tuple[str, str], Expected] = {}
"""Screen and action -> what its keys do there."""


def expect(action: str, *screens: str, stays: bool = False) -> Callable[[Check], Check]:
    """Say what the keys of an action do on these screens: put this over `async def ...(c, keys)`.

    The console is open on the screen, see `keys_screens.py`. Press each of `keys`, then assert what can be
    seen: the screen on top, the rows, the text. `stays=True` when nothing is left of it afterwards.
    """

    def take(check: Check) -> Check:
        for screen in screens:
            assert (screen, action) not in EXPECTED, f"{action} on {screen} is told twice"
            EXPECTED[screen, action] = Expected(check, stays)
        return check

    return take


def top(c: Console) -> Any:
    """Return the screen on top; tests look into it."""
    return c.app.screen


async def opens(c: Console, key: str, scope: str) -> ConsoleScreen:
    """Press a key that opens a screen, and return that."""
    before = c.app.screen
    await c.press(key)
    await c.until(lambda: c.app.screen is not before and scope_of(c) == scope, f"for the screen {scope}")
    await c.pilot.pause()
    assert isinstance(c.app.screen, ConsoleScreen)
    return c.app.screen


async def leaves(c: Console, key: str) -> None:
    """Press a key that leaves the screen, to wherever."""
    before = c.app.screen
    await c.press(key)
    await c.until(lambda: c.app.screen is not before, "to leave")


async def comes_back(c: Console, to: ConsoleScreen) -> None:
    """Leave what was opened."""
    await c.read_first()
    await c.press("escape")
    await c.until(lambda: c.app.screen is to, "to be back")
    await c.read_first()


def scope_of(c: Console) -> str:
    return getattr(c.app.screen, "SCOPE", "")


def status(c: Console) -> str:
    """What the status line says, without the cuts of a narrow screen."""
    return c.app._said or c.app.session.report


@contextmanager
def copies_of(c: Console) -> Iterator[list[str]]:
    """Catch what is copied; the terminal takes all of it."""
    with pytest.MonkeyPatch.context() as patch:
        found: list[str] = []

        def take(app: object, text: str) -> bool:
            found.append(text)
            return True

        patch.setattr(type(c.app), "copy", take)
        yield found
