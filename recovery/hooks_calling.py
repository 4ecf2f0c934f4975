"""Calls hooks, and calls them again: several at once, journalled as they end, stoppable between two rows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from .errors import BackendError, PlanError, QueryTimeout, ReadOnlySource
from .hooks import NOT_CALLED, Hook, Hooks, Send, Subject, due, request, usable
from .model import Image, Scalar
from .outcome import Operation, OperationRow, Outcome, RowOutcome
from .plan import Plan
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


def planned(hooks: Hooks, action: str, keys: Sequence[Image]) -> str | None:
    """Return the hook that a plan of the action shows, None without one. `keys` as in `usable`.

    Raises ConfigError when the hook can't be called.
    """
    return usable(hooks.of(action), [tuple(key) for key in keys])


def hook_for(plan: Plan, backend: Backend) -> Hook | None:
    """Return the hook that applying the plan calls. Raises PlanError when it is not the one that was shown,
    ConfigError when it can't be called."""
    hooks = backend.hooks
    keys = list({row.table: row.key for row in plan.rows}.values())
    if planned(hooks, plan.action, keys) == plan.hook:
        return hooks.of(plan.action)
    now = hooks.of(plan.action)
    was = f"calls {plan.hook}" if plan.hook else "calls no hook"
    raise PlanError(
        f"the plan {was}, but for {plan.action} {backend.source} is now configured with "
        f"{now.shown if now else 'none'}; make the plan again"
    )


@dataclass(slots=True)
class AfterChunks:
    """Calls a plan's hook, if it has one, for the rows of each chunk. `error` as in `Caller`."""

    backend: Backend
    plan: Plan
    operation: str
    hook: Hook | None
    stopped: Callable[[], bool]
    error: BackendError | QueryTimeout | None = None

    async def call(
        self, outcomes: Sequence[RowOutcome], tell: Callable[[Sequence[RowOutcome], int], None]
    ) -> list[RowOutcome]:
        """Return a chunk's outcomes with those of the hooks. `tell` hears of rows as their hooks are called,
        with the number of calls so far."""
        found = list(outcomes)
        asked = _subjects(self.plan, self.backend.hooks, outcomes) if self.hook is not None else []
        if self.hook is None or not asked:
            return found
        refs = {row.ref: place for place, row in enumerate(outcomes)}
        places = {subject.number: refs[subject.job, subject.variant] for subject in asked}
        called = 0

        def note(results: Mapping[int, str]) -> list[RowOutcome]:
            for number, result in results.items():
                found[places[number]] = replace(found[places[number]], hook=result)
            return [found[places[number]] for number in results]

        def told(results: Mapping[int, str]) -> None:
            nonlocal called
            called += len(results)
            tell(note(results), called)

        async with caller(self.backend, self.hook, self.operation, self.stopped, told) as calls:
            note(await calls.call(asked))
        self.error = calls.error or self.error
        return found


def _subjects(plan: Plan, hooks: Hooks, outcomes: Sequence[RowOutcome]) -> list[Subject]:
    """Return the rows that this very apply changed, as what the hook is called for."""
    applied = {
        (row.job, row.variant) for row in outcomes if row.outcome is Outcome.APPLIED and not row.already
    }
    found = []
    for number, row in enumerate(plan.rows):
        if row.ref in applied:
            status = hooks.statuses.get(row.table, "(status)")
            before = row.token.get(status)
            after = row.after.get(status, before) if row.after else None
            found.append(Subject(number, row.job, row.variant, row.key, _text(before), _text(after)))
    return found


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
    if backend.capabilities.read_only and not reading:
        raise ReadOnlySource(f"{backend.source} is read-only; open it with --write to call hooks")
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
    return Subject(row.number, row.job, row.variant, row.key or {}, _text(before), _text(after))


def _text(value: Scalar) -> str | None:
    return None if value is None else str(value)
