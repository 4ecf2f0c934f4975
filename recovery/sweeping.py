"""The background sweep of one source: find, plan, apply within limits, again and again.

A run never ends the loop: whatever goes wrong is what the run tells. Knows the port and the engine, never a
database; what comes of a run is told to whoever listens (the console, a log, alerts, metrics).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from . import errors
from .durations import long_duration
from .engine import Result, Stop, apply
from .errors import QueryTimeout, Unreachable, UnstickError
from .model import Counts, Job, Schedule, State
from .outcome import Tally
from .plan import Options, Plan
from .port import Backend
from .query import Query, Term
from .source import Source
from .sweep import Decision, Forecast, Mode, brake, decide, forecast

RECOVER = "recover"
KEPT = 50
"""Decisions that are kept to be looked at."""
SHOWN = 500
"""Stuck jobs that a run looks at one by one, for alerts and figures by kind."""
AGAIN_S = 30.0
"""Seconds after which a source that could not be reached is tried again, where the interval is longer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a sweep, told.

    `at` is the database's time, None where it could not be asked. `plan` is that of everything stuck,
    `result` what became of the rows that were taken. `stuck` are the first stuck jobs, the longest silent
    first, `pending` the first that wait for a worker, the oldest first.
    `waiting_s` is how long the oldest pending job has been waiting (seconds; None: none is). `leader` says
    who else sweeps here, `problem` in a sentence why the run failed, `down` that the database was not there,
    `code` the exit code that this would be.
    """

    source: str
    mode: Mode
    number: int
    decision: Decision
    took_s: float = 0.0
    at: datetime | None = None
    counts: Counts | None = None
    seen: Forecast | None = None
    plan: Plan | None = None
    result: Result | None = None
    stuck: tuple[Job, ...] = ()
    pending: tuple[Job, ...] = ()
    waiting_s: float | None = None
    leader: str | None = None
    problem: str | None = None
    down: bool = False
    code: int = 0

    @property
    def outcomes(self) -> Tally:
        """What became of the rows that the run took, counted."""
        return self.result.counts if self.result is not None else Tally()

    @property
    def failed(self) -> bool:
        """Whether the run counts for the brake: it broke, or most of what it tried was refused. A database
        that is away is no reason to be careful with it once it is back."""
        if self.down:
            return False
        return self.decision is Decision.FAILED or self.outcomes.failed * 2 > self.outcomes.total


@dataclass(slots=True)
class Sweeper:
    """Sweeps one source. `who` is told to other sweepers and written into the journal.

    `runs` are the last ones, the newest first. `failed_runs` counts those in a row that failed; at
    `sweep.FAILED_RUNS` the brake holds until `rearm`. `overruled` says that a person has looked at what
    the brake holds and lets it be recovered all the same, until there are few enough again.
    """

    backend: Backend
    source: Source
    mode: Mode
    who: str
    reason: str = ""
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    stop: Stop = field(default_factory=Stop)
    clock: Callable[[], float] = time.monotonic
    failed_runs: int = 0
    number: int = 0
    runs: deque[Run] = field(default_factory=lambda: deque(maxlen=KEPT))
    overruled: bool = False

    def rearm(self, mode: Mode, *, overrule: bool = False) -> None:
        """Change what the sweep may do, and let go of the brake that failed runs have pulled; with `overrule`
        of the other one too. A run that goes on may do no more than it could when it began."""
        self.mode, self.failed_runs, self.overruled = mode, 0, overrule

    @property
    def schedule(self) -> Schedule:
        """When it looks; known once the source was opened."""
        return self.backend.capabilities.schedule

    async def run(self, hold_s: float = 0.0) -> Run:
        """Make one run and tell what came of it. Raises nothing but cancellation. `hold_s` is when the next
        one follows (seconds), 0 for never: the place of the leader is then given up at the end."""
        started, self.number = self.clock(), self.number + 1
        told = Run(self.source.name, self.mode, self.number, Decision.FAILED)
        try:
            await self.backend.open()
            told = await self._run(told, hold_s)
        except (Unreachable, QueryTimeout) as error:
            told = replace(told, problem=sentence(error), down=True, code=error.exit_code)
        except Exception as error:
            code = error.exit_code if isinstance(error, UnstickError) else 1
            told = replace(told, problem=sentence(error), code=code)
        finally:
            if not hold_s or self.mode is not Mode.ARMED:
                await self.backend.resign()
        told = replace(told, took_s=self.clock() - started)
        if told.failed:
            self.failed_runs += 1
        elif told.decision is Decision.RECOVER:
            self.failed_runs = 0
        self.runs.appendleft(told)
        return told

    async def _run(self, told: Run, hold_s: float) -> Run:
        if self.mode is Mode.OFF or not self.schedule.enabled:
            return replace(told, decision=Decision.REST)
        read_only = self.source.read_only or self.backend.capabilities.read_only
        if self.mode is Mode.ARMED and not read_only:
            leader = await self.backend.lead(self.who, hold_s)
            if leader is not None:
                return replace(told, decision=Decision.FOLLOW, leader=leader)
        seen, told = await self._look(told)
        told = replace(told, mode=self._still(told.mode))
        told = replace(told, decision=decide(told.mode, seen, read_only=read_only))
        return await self._recover(told, seen) if told.decision is Decision.RECOVER else told

    def _still(self, mode: Mode) -> Mode:
        """What a run that began with this mode may do now: less at once, more from the next one on."""
        return self.mode if mode is Mode.ARMED else mode

    async def _look(self, told: Run) -> tuple[Forecast, Run]:
        """Plan the recovery of everything stuck, and gather what there is to tell."""
        plan = await self.backend.plan(RECOVER, Query(stuck_only=True), self._options)
        counts = await self.backend.counts(self.thresholds)
        settings = self.source.sweep
        self.overruled = self.overruled and brake(counts) is not None
        shares = settings.brake and not self.overruled
        seen = forecast(plan, counts, cap=settings.cap, failed_runs=self.failed_runs, shares=shares)
        told = replace(told, at=counts.now, counts=counts, seen=seen, plan=plan)
        try:
            told = replace(told, stuck=await self._stuck(counts))
            pending = await self._pending(counts)
            told = replace(told, pending=pending, waiting_s=waited_s(pending[0], counts) if pending else None)
        except QueryTimeout:
            # Only figures: on a large table without an index for them the recovery is worth more.
            return seen, told
        return seen, told

    async def _stuck(self, counts: Counts) -> tuple[Job, ...]:
        if not counts.stuck:
            return ()
        return (await self.backend.page(Query(stuck_only=True, limit=SHOWN, thresholds=self.thresholds))).rows

    async def _pending(self, counts: Counts) -> tuple[Job, ...]:
        if not counts.by_state.get(State.PENDING):
            return ()
        pending = (Term("state", "=", State.PENDING),)
        return (await self.backend.page(Query(pending, sort="created", limit=SHOWN))).rows

    async def _recover(self, told: Run, seen: Forecast) -> Run:
        """Plan just the rows of this run, and apply that."""
        plan = await self.backend.plan(RECOVER, seen.targets, self._options)
        if not plan.rows:
            # All of it moved on between the two looks.
            return replace(told, decision=Decision.CLEAR)
        if self.mode is not Mode.ARMED:
            return replace(told, mode=self.mode, decision=Decision.REPORT)
        result = await apply(self.backend, plan, stop=self.stop)
        lost = result.error
        return replace(
            told,
            result=result,
            decision=Decision.RECOVER if lost is None else Decision.FAILED,
            problem=None if lost is None else sentence(lost),
            down=isinstance(lost, Unreachable | QueryTimeout),
            code=0 if lost is None else lost.exit_code,
        )

    @property
    def _options(self) -> Options:
        return Options(self.thresholds, operator=self.who, reason=self.reason, by_sweep=True)


@dataclass(slots=True)
class Timer:
    """Runs a sweeper every so many seconds until it is stopped.

    `due` is when the next run begins, by `clock` (seconds, monotonic); while `running` one is under way.
    No run begins while `held`: somebody who changes that calls `wake`. `on_begin` is called before
    each run.
    """

    sweeper: Sweeper
    on_run: Callable[[Run], None]
    every_s: float | None = None
    due: float = 0.0
    held: Callable[[], bool] = lambda: False
    on_begin: Callable[[], None] = lambda: None
    running: bool = False
    _again: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Run at once instead of when it is due; after the run that is under way, if one is."""
        self.due, self._again = self.sweeper.clock(), True
        self._wake.set()

    def wake(self) -> None:
        """Look again whether a run is due."""
        self._wake.set()

    def end(self) -> None:
        """Stop: after the chunk that is being applied, if one is."""
        self.sweeper.stop.requested = True
        self._wake.set()

    @property
    def pause_s(self) -> float:
        """Seconds from one run to the next."""
        if self.every_s is not None:
            return self.every_s
        try:
            return self.sweeper.schedule.every_s
        except UnstickError:
            return AGAIN_S

    async def run(self) -> None:
        """Sweep until `end`; then give the place of the leader up."""
        try:
            while await self._is_due():
                await self._run()
        finally:
            await self.sweeper.backend.resign()

    async def _run(self) -> None:
        clock = self.sweeper.clock
        began, self._again, self.running = clock(), False, True
        self.on_begin()
        try:
            told = await self.sweeper.run(self.pause_s)
        finally:
            self.running = False
        pause = min(self.pause_s, AGAIN_S) if told.down else self.pause_s
        self.due = clock() if self._again else max(began + pause, clock())
        self.on_run(told)

    async def _is_due(self) -> bool:
        """Wait for the next run; whether there is to be one."""
        while not self.sweeper.stop.requested:
            held, left = self.held(), self.due - self.sweeper.clock()
            if left <= 0 and not held:
                return True
            self._wake.clear()
            try:
                async with asyncio.timeout(None if held else left):
                    await self._wake.wait()
            except TimeoutError:
                continue
        return False


def waited_s(job: Job, counts: Counts) -> float | None:
    """Return how long a pending job has been waiting, in seconds; None where it doesn't tell."""
    return (counts.now - job.created).total_seconds() if job.created is not None else None


def sentence(error: BaseException) -> str:
    """Return what went wrong on one line."""
    return " ".join(errors.told(error).split())


def told(run: Run) -> str:
    """Return what came of a run as a sentence, without the source's name."""
    if run.decision is Decision.REST:
        return "the sweep is switched off here; nothing was looked at"
    if run.decision is Decision.FOLLOW:
        return f"{run.leader} sweeps here; nothing was done"
    if run.decision is Decision.FAILED:
        done = f"recovered {run.outcomes.applied}, then " if run.outcomes.applied else ""
        return f"{done}the run failed: {run.problem}"
    seen = run.seen
    assert seen is not None, "a run that looked has seen something"
    if run.decision is Decision.RECOVER:
        return _recovered(run, seen)
    if run.decision is Decision.CLEAR:
        return _clear(run, seen)
    rows = _rows(len(seen.rows))
    if run.decision is Decision.BRAKED:
        return f"brake: {seen.brake}; {rows} left as they are until a person has looked"
    why = "" if run.mode is Mode.SHADOW else " (the source is read-only)"
    return f"would recover {rows}{why}{_rest(seen)}"


def _recovered(run: Run, seen: Forecast) -> str:
    counts = run.outcomes.as_dict()
    parts = [f"recovered {counts.pop('applied')}", *(f"{name} {n}" for name, n in counts.items() if n)]
    stopped = "; stopped before the rest" if run.result is not None and run.result.stopped else ""
    operation = f"; operation {run.result.operation}" if run.result is not None else ""
    return f"{', '.join(parts)}{_rest(seen)}{stopped}{operation}"


def _clear(run: Run, seen: Forecast) -> str:
    if not seen.found:
        running = run.counts.by_state.get(State.RUNNING, 0) if run.counts is not None else 0
        return f"all clear: nothing is stuck, {running:,} running"
    if seen.rows:
        return f"all clear: {_rows(len(seen.rows))} moved on by themselves"
    return f"nothing to recover{_rest(seen)}"


def _rest(seen: Forecast) -> str:
    left = sum(group.number for group in seen.left_out) - seen.at_limit
    parts = (
        f"; {seen.waiting:,} wait for the next runs" if seen.waiting else "",
        f"; {seen.at_limit:,} at the retry limit need a person" if seen.at_limit else "",
        f"; {left:,} left out" if left > 0 else "",
    )
    return "".join(parts)


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"


def schedule_words(schedule: Schedule) -> str:
    """Return when a sweep looks, in words."""
    if not schedule.enabled:
        return f"switched off: {schedule.enabled_by}"
    return f"every {long_duration(schedule.every_s)} ({schedule.every_by})"
