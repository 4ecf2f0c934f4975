"""Applies plans: chunks, outcomes, resume, unknown commits. Knows the port, never a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from . import hooks_applying
from .errors import BackendError, CommitUnknown, PlanError, QueryTimeout, ReadOnlySource, Unreachable
from .model import Capabilities
from .outcome import Outcome, RowOutcome, Tally, tally
from .plan import Plan, PlanRow
from .port import Backend

CHUNK = 500
BRAKE = 10
"""So many failed rows, if they are more than half of those tried, stop an apply: what refuses them will
refuse the others too, and a person has to look."""
POLL_S = 0.1
"""How often a pause looks whether it was asked to stop."""
RECONNECTS = (0.2, 1.0, 3.0, 6.0)
"""Seconds to wait before each attempt to reach a lost database again in the middle of an apply."""


@dataclass(slots=True)
class Stop:
    """Asks an apply to stop between two chunks; what is done stays done, the rest stays untouched."""

    requested: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What an apply did. `stopped` is set when it ended early: every row not in `rows` is untouched.

    `error` says why it ended early, when that wasn't the operator. With a CommitUnknown there,
    one more chunk may have been changed: the database stayed away, and only its journal knows. `brake` says
    in a sentence that too many rows failed to go on.
    """

    operation: str
    plan: Plan
    rows: tuple[RowOutcome, ...]
    stopped: bool = False
    error: BackendError | QueryTimeout | None = None
    brake: str | None = None

    @property
    def counts(self) -> Tally:
        """The outcomes counted."""
        return tally(self.rows)


@dataclass(slots=True)
class Progress:
    """Where an apply is: rows handled of rows planned, and the outcomes that are new.

    A row comes once when it was handled, and once more when its hook was called; `hooks` counts those calls.
    """

    done: int
    planned: int
    rows: Sequence[RowOutcome] = field(default_factory=tuple)
    hooks: int = 0


def check_applicable(plan: Plan, source: str, capabilities: Capabilities) -> None:
    """Raise PlanError when the plan belongs to another source, ReadOnlySource when nothing may be written."""
    if why := capabilities.why_read_only(f"{source} is read-only; open it with --write to change rows"):
        raise ReadOnlySource(why)
    check_source(plan, source, capabilities)


def check_source(plan: Plan, source: str, capabilities: Capabilities) -> None:
    """Raise PlanError when the plan belongs to another database or job system."""
    if plan.profile != capabilities.profile or plan.database != capabilities.database:
        raise PlanError(
            f"the plan was made for {plan.profile} on {plan.database}, "
            f"but {source} is {capabilities.profile} on {capabilities.database}; choose the right --source"
        )


async def apply(
    backend: Backend,
    plan: Plan,
    *,
    chunk: int = CHUNK,
    stop: Stop | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    max_rate: float | None = None,
    brake: bool = True,
) -> Result:
    """Apply a plan in chunks and return one outcome per handled row.

    Each chunk is one transaction. A lost connection is made again, an unknown chunk looked up in the journal.
    When the database stays away the result carries the error and the rows that are known. At most `max_rate`
    rows a second are changed, in chunks of about a second. With `brake` it ends where more rows fail than
    not. After each chunk the plan's hook is called for the rows that it changed. Raises ConfigError or
    PlanError, before anything is changed, when that is not the hook that the plan shows.
    """
    check_applicable(plan, backend.source, backend.capabilities)
    stop = stop or Stop()
    if not plan.rows:
        return Result("", plan, ())
    hook = hooks_applying.hook_for(plan, backend)
    operation = await _begin(backend, plan)
    hooked = hooks_applying.AfterChunks(backend, plan, operation, hook, lambda: stop.requested)
    done: list[RowOutcome] = []
    failed: list[RowOutcome] = []

    def tell(rows: Sequence[RowOutcome], hooks: int = 0) -> None:
        if on_progress is not None:
            on_progress(Progress(len(done), len(plan.rows), rows, hooks))

    error: BackendError | QueryTimeout | None = None
    braked: str | None = None
    try:
        async for outcomes in _chunks(backend, plan, operation, chunk, stop, max_rate):
            done.extend(outcomes)
            tell(outcomes)
            done[-len(outcomes) :] = await hooked.call(outcomes, tell)
            failed += [row for row in outcomes if row.outcome is Outcome.FAILED]
            braked = _brake(failed, len(done)) if brake and len(done) < len(plan.rows) else None
            if braked is not None:
                break
        if len(done) == len(plan.rows):
            await _finish(backend, operation)
    except (BackendError, QueryTimeout) as lost:
        error = lost
    stopped = len(done) < len(plan.rows)
    return Result(operation, plan, tuple(done), stopped, error or hooked.error, braked)


def _brake(failed: Sequence[RowOutcome], done: int) -> str | None:
    if len(failed) < BRAKE or len(failed) * 2 <= done:
        return None
    return f"{len(failed)} of {done} rows failed, the last one: {failed[-1].detail or 'no reason given'}"


async def _begin(backend: Backend, plan: Plan) -> str:
    try:
        return await backend.begin(plan)
    except (CommitUnknown, Unreachable) as lost:
        # A connection that idled too long is only found out when it is used. To begin twice is to begin once.
        await _reconnect(backend, lost)
        return await backend.begin(plan)


async def _finish(backend: Backend, operation: str) -> None:
    try:
        await backend.finish(operation)
    except (CommitUnknown, Unreachable) as lost:
        await _reconnect(backend, lost)
        await backend.finish(operation)


async def _chunks(
    backend: Backend, plan: Plan, operation: str, size: int, stop: Stop, max_rate: float | None
) -> AsyncIterator[tuple[RowOutcome, ...]]:
    clock, begun = asyncio.get_running_loop().time, asyncio.get_running_loop().time()
    size = size if max_rate is None else min(size, max(1, int(max_rate)))
    for start in range(0, len(plan.rows), size):
        while max_rate is not None and not stop.requested:
            early = begun + start / max_rate - clock()
            if early <= 0:
                break
            await asyncio.sleep(min(early, POLL_S))
        if stop.requested:
            return
        yield await _chunk(backend, plan, plan.rows[start : start + size], operation)


async def _chunk(
    backend: Backend, plan: Plan, rows: Sequence[PlanRow], operation: str
) -> tuple[RowOutcome, ...]:
    unknown: CommitUnknown | None = None
    for _ in RECONNECTS:
        try:
            known = await backend.recall(plan, rows, operation) if unknown else None
            unknown = None
            return known if known is not None else await backend.apply_chunk(plan, rows, operation)
        except CommitUnknown as lost:
            unknown = lost
            await _reconnect(backend, lost)
        except Unreachable as lost:
            await _reconnect(backend, unknown or lost)
    if unknown is not None:
        raise unknown
    return await backend.apply_chunk(plan, rows, operation)


async def _reconnect(backend: Backend, cause: BackendError) -> None:
    for pause in RECONNECTS:
        await asyncio.sleep(pause)
        try:
            await backend.open()
        except Unreachable:
            continue
        return
    raise cause


def unhandled(plan: Plan, rows: Sequence[RowOutcome]) -> tuple[PlanRow, ...]:
    """Return the planned rows that an apply never came to."""
    handled = {(row.job, row.variant) for row in rows}
    return tuple(row for row in plan.rows if row.ref not in handled)


def complete(plan: Plan, result: Result) -> Tally:
    """Return the counts with every row that was never reached as failed, so that they add up to the plan."""
    rest = [
        RowOutcome(row.job, Outcome.FAILED, "not reached", row.variant)
        for row in unhandled(plan, result.rows)
    ]
    return tally((*result.rows, *rest))
