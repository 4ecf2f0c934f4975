"""What an apply has to do with hooks: which one a plan calls, and for which rows of a chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .errors import BackendError, PlanError, QueryTimeout
from .hooks import Hook, Hooks, usable
from .hooks_calling import caller
from .hooks_request import Subject
from .model import Image, Scalar
from .outcome import Outcome, RowOutcome
from .plan import Plan
from .port import Backend


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
            gone = row.before and not row.after
            after = None if gone else row.after.get(status, before)
            found.append(
                Subject(number, row.job, row.variant, row.key, status_text(before), status_text(after))
            )
    return found


def status_text(value: Scalar) -> str | None:
    """Return a native status as a hook is told of it."""
    return None if value is None else str(value)
