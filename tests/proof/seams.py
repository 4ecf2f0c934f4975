"""Places inside an apply where a test can let something happen."""

from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import pytest

from unstick.backends.sql.backend import SqlBackend
from unstick.backends.sql.chunk import Chunk
from unstick.backends.sql.journal import Journal

Act = Callable[[], object]


class Seam(Protocol):
    """A place in an apply, and at which of its calls to act there."""

    def __call__(self, patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None: ...


def at_call(number: int, act: Act) -> Act:
    """Something that acts the given time it is called, and only then."""
    calls = count(1)
    return lambda: act() if next(calls) == number else None


def before_a_chunk(patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None:
    """Act before a chunk is begun, when no transaction is open."""
    original, act = SqlBackend.apply_chunk, at_call(number, act)

    async def apply_chunk(self: SqlBackend, *given: Any) -> Any:
        act()
        return await original(self, *given)

    patch.setattr(SqlBackend, "apply_chunk", apply_chunk)


def under_the_lock(patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None:
    """Act when a chunk holds its locks and has not compared anything yet."""
    original, act = Chunk.lock, at_call(number, act)

    def lock(self: Chunk, *given: Any) -> Any:
        found = original(self, *given)
        act()
        return found

    patch.setattr(Chunk, "lock", lock)


def before_the_lock(patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None:
    """Act when a chunk's transaction is open and holds no lock yet."""
    original, act = Chunk.lock, at_call(number, act)

    def lock(self: Chunk, *given: Any) -> Any:
        act()
        return original(self, *given)

    patch.setattr(Chunk, "lock", lock)


def before_the_commit(patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None:
    """Act when a chunk has written everything and commits next."""
    original, act = Journal.write, at_call(number, act)

    def write(self: Journal, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        act()

    patch.setattr(Journal, "write", write)


def after_the_commit(patch: pytest.MonkeyPatch, act: Act, number: int = 1) -> None:
    """Act when a chunk is committed and nobody knows it yet."""
    original, act = Journal.confirm, at_call(number, act)

    def confirm(self: Journal, *given: Any) -> None:
        act()
        original(self, *given)

    patch.setattr(Journal, "confirm", confirm)


SEAMS: dict[str, Seam] = {
    "before a chunk": before_a_chunk,
    "before the lock": before_the_lock,
    "under the lock": under_the_lock,
    "before the commit": before_the_commit,
    "after the commit": after_the_commit,
}
