"""What the demo's workers have in common: what they are asked to do, and how long a job takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol
from uuid import UUID

from unstick.backends.demo.connection import Connection

FAILURES = 0.2
"""How many of the jobs fail."""


class Work(Protocol):
    """One system's worker, without the process around it."""

    def adopt(self) -> list[str]:
        """Take over the running jobs that still show life; says which, a line each."""
        ...

    def tick(self) -> list[str]:
        """One round: take up what may be taken up, move what is held on by a step; says what happened."""
        ...


class Holder:
    """A worker that remembers what it holds, and changes that together with the rows."""

    _connection: Connection
    _held: Any

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A write transaction; where the database undoes it, what is held is as before, too."""
        before = deepcopy(self._held)
        try:
            with self._connection.transaction():
                yield
        except BaseException:
            self._held = before
            raise


@dataclass(frozen=True, slots=True)
class Fate:
    """How a job will go: the number of its steps, and the step at which it fails (None: it succeeds)."""

    steps: int
    fails_at: int | None

    @classmethod
    def of(cls, seed: int, job: str, *, least: int, most: int, failing: float = 1.0) -> Fate:
        """The same for the same seed and job, in whatever order jobs are taken up.

        ``failing`` multiplies the share of those that fail: 0 is none.
        """
        random = Random(f"{seed}:{job}")
        steps = random.randint(least, most)
        chance, at = random.random(), random.randint(1, steps)
        return cls(steps, at if chance < FAILURES * failing else None)


def made_up(*parts: object) -> str:
    """A UUID that is the same for the same parts."""
    return str(UUID(int=Random(":".join(map(str, parts))).getrandbits(128), version=4))
