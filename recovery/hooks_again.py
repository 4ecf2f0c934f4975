"""Hooks that failed or were never called: found in the journal, and called again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .errors import BackendError, PlanError, QueryTimeout, ReadOnlySource
from .hooks import Hook, Hooks, usable
from .hooks_applying import status_text
from .hooks_calling import caller
from .hooks_outcome import NOT_CALLED, due
from .hooks_request import Subject
from .outcome import Operation, OperationRow, Outcome
from .port import Backend


def due_rows(operation: Operation) -> tuple[OperationRow, ...]:
    """Return the changed rows of an operation whose hook failed or was never called, unless they were put
    back since."""
    return tuple(
        row
        for row in operation.rows
        if row.outcome == Outcome.APPLIED.value and row.undone_by is None and due(row.hook)
    )


@dataclass(frozen=True, slots=True)
class Called:
    """Hooks that were called again: the rows with their new outcomes. `error` as in `Caller`."""

    rows: tuple[OperationRow, ...]
    error: BackendError | QueryTimeout | None = None


def hook_again(backend: Backend, operation: Operation, *, reading: bool = False) -> Hook:
    """Return the hook to call for the due rows of an operation. Raises PlanError where none is configured,
    ConfigError when it can't be called, ReadOnlySource except when only `reading`."""
    why = backend.capabilities.why_read_only(
        f"{backend.source} is read-only; open it with --write to call hooks"
    )
    if why and not reading:
        raise ReadOnlySource(why)
    hook = backend.hooks.of(operation.action)
    if hook is None:
        raise PlanError(
            f"no hook is configured for {operation.action} any more; "
            f"add [sources.{backend.source}.hooks.{operation.action}]"
        )
    usable(hook, {row.table: tuple(row.key or ()) for row in due_rows(operation)}.values())
    return hook


async def call_again(
    backend: Backend,
    operation: Operation,
    *,
    stopped: Callable[[], bool] = lambda: False,
    told: Callable[[Mapping[int, str]], None] = lambda outcomes: None,
) -> Called:
    """Call the hooks of an operation that failed or were never called. Raises as `hook_again`."""
    hook, rows = hook_again(backend, operation), due_rows(operation)
    async with caller(backend, hook, operation.id, stopped, told) as calls:
        outcomes = await calls.call([_subject(row, backend.hooks) for row in rows])
    # A call that was not made again leaves the journal as it is: failed, if it had failed.
    found = tuple(replace(row, hook=_newer(row.hook, outcomes[row.number])) for row in rows)
    return Called(found, calls.error)


def _newer(before: str | None, now: str) -> str | None:
    return before if now == NOT_CALLED else now


def _subject(row: OperationRow, hooks: Hooks) -> Subject:
    status = hooks.statuses.get(row.table, "")
    before, after = (row.before or {}).get(status), (row.after or {}).get(status)
    return Subject(row.number, row.job, row.variant, row.key or {}, status_text(before), status_text(after))
