"""Work beside the painting: a coroutine function and what it is given, in a worker of Textual's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from textual.dom import DOMNode
from textual.worker import Worker, WorkType

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """Begins work for one screen or for the whole console, and ends with it.

    The function is handed over, not its coroutine: a worker that is cancelled before it has begun would leave
    that behind unawaited.
    """

    def __init__(
        self, node: DOMNode, group: str, *, exclusive: bool = False, exit_on_error: bool = True
    ) -> None:
        self._node, self._group = node, group
        self._exclusive, self._exit_on_error = exclusive, exit_on_error

    def begin(
        self, work: Callable[P, Coroutine[Any, Any, T]], *given: P.args, **named: P.kwargs
    ) -> Worker[T]:
        """Begin; where it is exclusive, whatever of the group still runs is cancelled."""
        return self._node.run_worker(
            cast("WorkType[T]", partial(work, *given, **named)),
            name=self._group,
            group=self._group,
            exclusive=self._exclusive,
            exit_on_error=self._exit_on_error,
        )
