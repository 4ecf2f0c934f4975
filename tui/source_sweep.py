"""The sweep of one source in the console: off at the start, on a connection of its own, and ended in time."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from unstick.recovery.operator import describe_operator
from unstick.recovery.sweep import FAILED_RUNS, Decision, Mode
from unstick.recovery.sweeping import AGAIN_S, KEPT, Run, Sweeper, Timer, told
from unstick.tui.session import on_a_line, sentence

if TYPE_CHECKING:
    from unstick.recovery.port import Backend
    from unstick.tui.session import Session

REASON = "background sweep, armed in the console"
PATIENCE_S = 5.0
"""Seconds that a run may take to end its chunk when the sweep was switched off."""
DISARMED = "sweep disarmed: the source is read-only now; it only tells what it would do"
NAMED = "background sweep: {reason}"


class SourceSweep:
    """`mode` is what it may do. `on_change` is called when there is something else to show, `on_run` after
    each run, `on_disarm` with the reason where it can't be armed any more; what they raise is kept in
    `problem` and ends nothing.

    `runs` are the last runs of this console, the newest first.
    """

    def __init__(
        self,
        session: Session,
        on_change: Callable[[], None],
        on_run: Callable[[Run], None],
        on_disarm: Callable[[str], None],
    ) -> None:
        self._session, self._on_change, self._on_run = session, on_change, on_run
        self._on_disarm = on_disarm
        self.mode = Mode.OFF
        self.runs: deque[Run] = deque(maxlen=KEPT)
        self.problem: str | None = None
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def last(self) -> Run | None:
        """The last run since it was switched on."""
        return self.runs[0] if self._timer is not None and self._timer.sweeper.number and self.runs else None

    @property
    def on(self) -> bool:
        """Whether it runs at all."""
        return self.mode is not Mode.OFF

    @property
    def armed(self) -> bool:
        """Whether it may change rows by itself."""
        return self.mode is Mode.ARMED

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._timer is not None and self._timer.running

    @property
    def held(self) -> bool:
        """Whether it waits until the operator's own plan is applied."""
        return self._session.applying and self.mode is not Mode.OFF and not self.running

    @property
    def due_s(self) -> float | None:
        """Seconds until the next run; None where none is to come, or its time isn't known yet."""
        if self.mode is Mode.OFF or self._timer is None or self.last is None:
            return None
        return max(self._timer.due - self._session.clock(), 0.0)

    @property
    def brake(self) -> str | None:
        """Why nothing is recovered although it may be, until a person has looked; None: nothing stops it."""
        if self.failed_runs >= FAILED_RUNS:
            return f"{self.failed_runs} runs in a row failed"
        last = self.last
        if last is None or last.seen is None or last.decision is not Decision.BRAKED:
            return None
        return last.seen.brake

    @property
    def failed_runs(self) -> int:
        """How many runs in a row failed."""
        return self._timer.sweeper.failed_runs if self._timer is not None else 0

    @property
    def overruled(self) -> bool:
        """Whether somebody has armed it although so many look stuck."""
        return self._timer is not None and self._timer.sweeper.overruled

    @property
    def leader(self) -> str | None:
        """Who else sweeps this database, as far as the last run knows."""
        return self.last.leader if self.last is not None else None

    @property
    def leads(self) -> bool:
        """Whether this console is the one sweeper of the database."""
        last = self.last
        return self.mode is Mode.ARMED and last is not None and last.mode is Mode.ARMED and not (
            last.leader or last.down or last.decision is Decision.REST
        )  # fmt: skip

    def set(self, mode: Mode, *, reason: str = "", overrule: bool = False) -> None:
        """Change what it may do; the first run that may do it begins at once. To arm it again lets go of the
        brake: with `overrule` also where so many look stuck."""
        self.mode, self.problem = mode, None
        if mode is Mode.OFF:
            self.end()
        elif self._timer is None or self._task is None or self._task.done():
            self._start(mode, reason, overrule=overrule)
        else:
            self._timer.sweeper.reason = _named(reason)
            self._timer.sweeper.rearm(mode, overrule=overrule)
            self._timer.begin()
        self._on_change()

    def run_now(self) -> None:
        """Run at once instead of when it is due."""
        if self._timer is not None:
            self._timer.begin()

    def wake(self) -> None:
        """The operator's own plan is applied, or another one begins."""
        if self._timer is not None:
            self._timer.wake()

    def end(self) -> None:
        """Switch it off: the chunk that is being applied is ended, then the place of the leader given up."""
        self.mode = Mode.OFF
        timer, self._timer = self._timer, None
        task, self._task = self._task, None
        if timer is not None:
            timer.sweeper.mode = Mode.OFF
            timer.end()
        if task is not None and not task.done():
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def ended(self, patience_s: float) -> None:
        """Switch it off and wait until that is done; what takes longer is broken off, and gives the place of
        the leader up all the same."""
        self.end()
        await _finish(self._ending, patience_s)

    def _start(self, mode: Mode, reason: str, *, overrule: bool) -> None:
        before = frozenset(self._ending)
        task = asyncio.get_running_loop().create_task(self._serve(mode, reason, before, overrule=overrule))
        self._task = task

    async def _serve(
        self, mode: Mode, reason: str, before: frozenset[asyncio.Task[None]], *, overrule: bool
    ) -> None:
        """Sweep on a backend of its own, so that no question of the screens waits for a run."""
        me = asyncio.current_task()
        await _finish(before, PATIENCE_S)
        backend = await self._made(me)
        if backend is None or self._task is not me:
            return
        session = self._session
        sweeper = Sweeper(
            backend, session.source, self.mode, sweeper_name(), _named(reason),
            clock=session.clock, runs=self.runs, overruled=overrule,
        )  # fmt: skip
        timer = self._timer = Timer(
            sweeper, self._told, held=lambda: session.applying, on_begin=self._on_change
        )
        try:
            await timer.run()
        finally:
            with suppress(Exception):
                await backend.close()

    async def _made(self, me: asyncio.Task[None] | None) -> Backend | None:
        while self._task is me:
            try:
                return await asyncio.to_thread(self._session.make)
            except Exception as error:
                self.problem = sentence(error)
                self._on_change()
                await asyncio.sleep(AGAIN_S)
        return None

    def _told(self, run: Run) -> None:
        """Nothing that listens may end the loop."""
        self.problem = None
        if self.mode is Mode.ARMED and run.at is not None and self._may_not_write():
            # A replica has taken over, or rights were taken away: when they return, a person arms it again.
            self.set(Mode.SHADOW)
            self._on_disarm(DISARMED)
        try:
            self._on_run(run)
            self._on_change()
        except Exception as error:
            self.problem = sentence(error)

    def _may_not_write(self) -> bool:
        timer = self._timer
        return timer is not None and (self._session.read_only or timer.sweeper.backend.capabilities.read_only)


def news(run: Run, before: Run | None) -> str | None:
    """Return what is worth a notice: rows were changed, or what stops the sweep has just begun."""
    again = before is not None and before.decision is run.decision
    stops = run.decision is Decision.FAILED or (run.decision is Decision.BRAKED and run.mode is Mode.ARMED)
    if run.outcomes.total or (stops and not again):
        return f"sweep: {run_text(run)}"
    return None


def run_text(run: Run) -> str:
    """Return what came of a run as one line that may be shown."""
    return on_a_line(told(run))


def sweeper_name() -> str:
    """Return what other sweepers, and the journal, know this console by."""
    return f"{describe_operator()} pid {os.getpid()}"


def _named(reason: str) -> str:
    return NAMED.format(reason=reason) if reason else REASON


async def _finish(tasks: set[asyncio.Task[None]] | frozenset[asyncio.Task[None]], patience_s: float) -> None:
    """Wait for tasks, then break off what is left of them."""
    left = [task for task in tasks if not task.done()]
    if left:
        _, late = await asyncio.wait(left, timeout=patience_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=0.2)
