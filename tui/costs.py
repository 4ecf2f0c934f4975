"""What each kind of question costs, measured where it is asked: from here to the database and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from unstick.recovery.errors import QueryTimeout

if TYPE_CHECKING:
    from unstick.recovery.port import Backend

QUESTIONS = (
    *("page", "counts", "queue", "variant_page", "job", "variant", "variants", "attempts", "events"),
    *("statistics", "verdicts", "operations", "operation", "plan", "plan_undo", "health"),
)
"""The reading methods of the port, in the order in which they are told of."""

ALIKE = 2.0
"""By how much a time has to change before another one is shown: the rest is noise, and noise is bytes."""

LITTLE_S = 0.01
"""Below this all times are alike."""


def steady(shown: float, now: float) -> float:
    """Return the seconds to show: what was shown as long as it is about right."""
    if max(shown, now) < LITTLE_S or shown / ALIKE <= now <= shown * ALIKE:
        return shown
    return now


def time_text(seconds: float) -> str:
    """Return `<10 ms`, `45 ms` or `1.2 s`."""
    if seconds < LITTLE_S:
        return "<10 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


@dataclass(slots=True)
class Cost:
    """Of one kind of question: seconds of the last one (steady, for showing) and of the slowest one, how
    often it was answered, and how often the time limit ended it."""

    usual_s: float = 0.0
    worst_s: float = 0.0
    answered: int = 0
    cut_off: int = 0

    def took(self, seconds: float) -> None:
        """Take an answer into account."""
        self.usual_s = steady(self.usual_s, seconds) if self.answered else seconds
        self.worst_s = max(self.worst_s, seconds)
        self.answered += 1


@dataclass(slots=True)
class Costs:
    """The costs of one source by the name of the question."""

    by_question: dict[str, Cost] = field(default_factory=dict)

    def of(self, question: str) -> Cost:
        """Return the cost of a question, which may not have been asked yet."""
        return self.by_question.setdefault(question, Cost())

    def told(self) -> list[tuple[str, Cost]]:
        """Return what there is to tell, in a fixed order."""
        return [(name, self.by_question[name]) for name in QUESTIONS if name in self.by_question]


class _Measured:
    """A backend that notes how long its answers take; everything else of it is untouched."""

    def __init__(self, backend: Backend, costs: Costs, clock: Callable[[], float]) -> None:
        self._backend, self._costs, self._clock = backend, costs, clock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        return self._timed(name, found) if name in QUESTIONS else found

    def _timed(self, name: str, ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(ask)
        async def timed(*given: object, **more: object) -> Any:
            started = self._clock()
            try:
                answer = await ask(*given, **more)
            except QueryTimeout:
                self._costs.of(name).cut_off += 1
                raise
            self._costs.of(name).took(self._clock() - started)
            return answer

        return timed


def measured(backend: Backend, costs: Costs, clock: Callable[[], float]) -> Backend:
    """Return the backend with its answers timed by the (monotonic) clock."""
    return cast("Backend", _Measured(backend, costs, clock))
