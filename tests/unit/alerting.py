"""Runs as a sweep tells them, and a target that only writes down what it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from unstick.recovery.alerting import Alerter, Subject
from unstick.recovery.alerts import Alert, AlertSettings, Target
from unstick.recovery.alerts_looks import Words
from unstick.recovery.alerts_memory import Memory
from unstick.recovery.model import Counts, Job, JobId, State, Verdict
from unstick.recovery.plan import LeftOut, Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.sweep import Decision, Forecast, Mode, grouped
from unstick.recovery.sweeping import Run

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
WEBHOOK = Target("json-1", "json://hooks/t0ken")


def job(name: str, kind: str = "mail", retries: int = 0) -> Job:
    verdict = Verdict("stuck", "stuck", "idle 14m > 5m", 840.0, 300.0)
    return Job(JobId(name), "jobs", State.RUNNING, "RUNNING", kind, retries=retries, verdict=verdict)


def run(
    *stuck: str | Job,
    decision: Decision = Decision.REPORT,
    at_limit: Iterable[str] = (),
    brake: str | None = None,
    number: int | None = None,
    source: str = "prod",
) -> Run:
    """A run that saw these jobs, `number` in all."""
    jobs = tuple(each if isinstance(each, Job) else job(each) for each in stuck)
    left = tuple(LeftOut(JobId(name), "needs a person: 3 of 3 attempts made") for name in at_limit)
    found = Plan(source, "db", "p", "recover", "set failed", NOW, Options(), (), left)
    seen = Forecast(len(jobs), (), 0, len(left), grouped(left), brake)
    counts = Counts({State.RUNNING: 40}, {"RUNNING": 40}, len(jobs) if number is None else number, NOW)
    return Run(
        source, Mode.SHADOW, 1, decision, at=NOW, counts=counts, seen=seen, plan=found, stuck=jobs
    )  # fmt: skip


def away(problem: str = "no route to host", source: str = "prod") -> Run:
    """A run that found no database."""
    return Run(source, Mode.SHADOW, 1, Decision.FAILED, problem=problem, down=True)


def broken(problem: str = "permission denied", source: str = "prod") -> Run:
    """A run that failed although the database was there."""
    return Run(source, Mode.SHADOW, 1, Decision.FAILED, problem=problem)


@dataclass
class Desk:
    """An alerter of one source, whose time stands still, and what it sent and said."""

    settings: AlertSettings = field(default_factory=lambda: AlertSettings((WEBHOOK,)))
    backend: Backend | None = None
    memory: Memory = field(default_factory=Memory)
    now: float = 1_000_000.0
    problem: str | None = None
    sent: list[tuple[str, Alert]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        subject = Subject(self.backend, self.settings, Words("prod"))
        self.alerter = Alerter(
            {"prod": subject}, self._deliver, self.said.append, self.memory, lambda: self.now
        )

    async def _deliver(self, target: Target, alert: Alert, timeout_s: float) -> str | None:
        self.sent.append((target.name, alert))
        return self.problem

    async def saw(self, *runs: Run) -> list[str]:
        """Let it see runs; the titles of what it sent for them."""
        before = len(self.sent)
        for each in runs:
            self.alerter.saw(each)
            await self.alerter.drain()
        return [alert.title for _, alert in self.sent[before:]]

    @property
    def last(self) -> Alert:
        return self.sent[-1][1]
