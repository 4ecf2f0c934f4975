"""A system's short tour without a console: a worker is killed in the middle of a job, which then finishes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unstick.backends import create_backend
from unstick.backends.demo import database, waiting
from unstick.backends.demo.pace import PACES
from unstick.backends.demo.workers import Workers
from unstick.recovery import engine
from unstick.recovery.errors import UnstickError
from unstick.recovery.model import Job, JobId, State, VariantId, Verdict
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

INTERVAL = 0.12
"""Seconds between two rounds of a worker."""

ROUNDS = 6
"""After which the worker is killed: whatever the seed, one of its jobs is then in the middle."""

PATIENCE = 20.0
"""Seconds after which something that should happen by itself has not."""

_LOOK = 0.05
_ROUNDS = 4

Say = Callable[[str, str], None]
"""Takes what was done, in a word, and what came of it, in a line."""


class TourFailed(Exception):
    """Something that the tour is about did not happen."""


@dataclass(slots=True)
class Facts:
    """What happened on one tour, in numbers."""

    created: int = 0
    worker: int | None = None
    killed: list[JobId] = field(default_factory=list)
    stuck: list[dict[str, Any]] = field(default_factory=list)
    planned: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    next_worker: int | None = None
    finished: dict[JobId, str] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every job of the killed worker has ended well."""
        return self.problem is None and bool(self.killed) and set(self.finished) == set(self.killed)


async def tour(system: str, folder: Path, *, seed: int, say: Say) -> Facts:
    """Take the tour through one system, in a database of its own below ``folder``."""
    facts, started = Facts(), time.monotonic()
    path = database.path_of(folder, system)
    database.fill(path, system, waiting.rows(system, number=seed))
    source = Source(f"demo-{system}", f"sqlite:///{path.resolve()}", thresholds=PACES[system].tour)
    backend = create_backend(source)
    first, second = (
        Workers({system: path}, seed=seed, interval=INTERVAL, feed=due, failing=0, rounds=rounds, adopt=False)
        for due, rounds in ((PACES[system].due, ROUNDS), (0, None))
    )
    try:
        await backend.open()
        await _Tour(system, backend, first, second, facts, say).take()
    except (TourFailed, UnstickError) as error:
        facts.problem = str(error)
        say("failed", facts.problem)
    finally:
        first.stop()
        second.stop()
        await backend.close()
        facts.seconds = time.monotonic() - started
    return facts


@dataclass(slots=True)
class _Tour:
    system: str
    backend: Backend
    first: Workers
    second: Workers
    facts: Facts
    say: Say

    async def take(self) -> None:
        self.facts.created = (await self.backend.counts()).total
        self.say("created", f"{_many(self.facts.created, 'job')} in {_base(self.backend)}; all of them wait")
        await self._work()
        killed = await self._kill()
        await self._find(killed)
        await self._dry_run()
        await self._work_again()
        await self._recover(killed)
        await self._see_them_finish()

    async def _work(self) -> None:
        self.first.start()
        jobs = await self._until(self._begun, "the worker has begun a job")
        self.facts.worker = self.first.pid(self.system)
        self.say("working", f"worker {self.facts.worker} is at {_names([job.id for job in jobs])}")

    async def _begun(self) -> list[Job]:
        """The running jobs, once one of them is in the middle, and the same ones for the same seed."""
        if not self.first.is_holding(self.system):
            return []
        jobs = await self._running()
        return jobs if any(job.progress is None or 0 < job.progress < 1 for job in jobs) else []

    async def _running(self) -> list[Job]:
        page = await self.backend.page(Query(limit=500))
        return [job for job in page.rows if job.state is State.RUNNING]

    async def _kill(self) -> list[Job]:
        pid = self.first.kill(self.system)
        left = await self._running()
        if pid is None or not left:
            raise TourFailed("the worker left no job behind")
        self.facts.killed = sorted(job.id for job in left)
        statuses = ", ".join(sorted({str(job.status) for job in left}))
        self.say("killed", f"SIGKILL to worker {pid}; {_names(self.facts.killed)} will stay {statuses}")
        return left

    async def _find(self, killed: Sequence[Job]) -> None:
        wanted = {job.id for job in killed}

        async def stuck() -> Sequence[tuple[JobId, VariantId | None, Verdict]]:
            found = await self.backend.verdicts()
            return found if wanted <= {job for job, _, _ in found} else ()

        found = await self._until(stuck, "every one of them is stuck")
        self.facts.stuck = [
            {"job": job, "variant": variant, "rule": verdict.rule, "why": verdict.why}
            for job, variant, verdict in found
        ]
        job, variant, verdict = found[0]
        more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        self.say("found", f"{_ref(job, variant)} is stuck: {verdict.why}{more}")

    async def _dry_run(self) -> None:
        before = await self._statuses()
        plan = await self._plan("recover", Query(stuck_only=True))
        if not plan.rows:
            raise TourFailed("a recovery would change nothing")
        if await self._statuses() != before:
            raise TourFailed("the dry run changed something")
        self.facts.planned = len(plan.rows)
        row = plan.rows[0]
        self.say("dry run", f"recover would change {_many(len(plan.rows), 'row')}: {plan.verb}")
        changes = ", ".join(f"{name}: {row.before.get(name)} -> {new}" for name, new in row.after.items())
        self.say("", f"{_ref(row.job, row.variant)}: {changes or '; '.join(row.related)}")

    async def _statuses(self) -> Mapping[str, int]:
        return (await self.backend.counts()).by_status

    async def _work_again(self) -> None:
        self.second.start()
        await self._until(self._is_ready, "another worker has begun")
        self.facts.next_worker = self.second.pid(self.system)
        self.say("restarted", f"worker {self.facts.next_worker} knows nothing of these jobs")

    async def _is_ready(self) -> bool:
        return self.second.is_ready(self.system)

    async def _recover(self, killed: Sequence[Job]) -> None:
        first, *then = PACES[self.system].actions
        plan = await self._plan(first, Query(stuck_only=True))
        await self._apply(plan)
        for action in then:
            await self._apply(await self._plan(action, [job.id for job in killed]))

    async def _plan(self, action: str, selection: Query | Sequence[JobId]) -> Plan:
        return await self.backend.plan(action, selection, Options(operator="the demo", reason="a short tour"))

    async def _apply(self, plan: Plan) -> None:
        result = await engine.apply(self.backend, plan)
        counts = engine.complete(plan, result)
        for name, number in counts.as_dict().items():
            self.facts.outcomes[name] = self.facts.outcomes.get(name, 0) + number
        told = ", ".join(f"{name} {number}" for name, number in counts.as_dict().items())
        word = "retried" if plan.action == "retry" else "recovered"
        self.say(word, f"{told} (operation {result.operation})")
        # A living worker that was slow may have looked stuck for a moment; then it wins, as it should.
        if counts.failed:
            raise TourFailed(f"{plan.action} failed for {_many(counts.failed, 'row')}")

    async def _see_them_finish(self) -> None:
        async def ended() -> bool:
            for job in self.facts.killed:
                found = await self.backend.job(job)
                if found.state is State.DONE:
                    self.facts.finished[job] = str(found.status)
                else:
                    self.facts.finished.pop(job, None)
            return len(self.facts.finished) == len(self.facts.killed)

        await self._until(ended, "every one of them has ended well", also=self._help_on)
        statuses = ", ".join(sorted(set(self.facts.finished.values())))
        self.say("finished", f"{_names(self.facts.killed)}: {statuses}")

    async def _help_on(self) -> None:
        """Recover what has got stuck after that: a job of several parts may need it more than once."""
        plan = await self._plan("recover", Query(stuck_only=True))
        if plan.rows:
            await self._apply(plan)

    async def _until(
        self,
        condition: Callable[[], Awaitable[Any]],
        what: str,
        also: Callable[[], Awaitable[None]] | None = None,
    ) -> Any:
        deadline = time.monotonic() + PATIENCE
        help_at = time.monotonic() + PATIENCE / _ROUNDS
        while not (found := await condition()):
            if time.monotonic() > deadline:
                raise TourFailed(f"waited {PATIENCE:g} s in vain until {what}")
            if also is not None and time.monotonic() > help_at:
                help_at += PATIENCE / _ROUNDS
                await also()
            await asyncio.sleep(_LOOK)
        return found


def _base(backend: Backend) -> str:
    able = backend.capabilities
    return f"{able.engine} {able.version}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _ref(job: JobId, variant: VariantId | None) -> str:
    return f"{job}/{variant}" if variant else str(job)


def _names(jobs: Sequence[JobId]) -> str:
    more = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
    return f"{jobs[0]}{more}"
