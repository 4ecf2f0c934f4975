"""Believable rows for the bg_jobs system: jobs with the progress of their interval, tasks, the queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from unstick.backends.demo.rows import Moment, SeedRow
from unstick.backends.demo.seed_bg_jobs_queue import Queue

MINUTE = 60.0
HOUR = 3600.0
DAY = 24 * HOUR

_NAMES = (
    "Competitor price digest",
    "Support inbox summary",
    "Warehouse stock check",
    "Weekly churn report",
    "Invoice reminder",
    "Release notes draft",
    "Sentiment of reviews",
)
_INTERVALS = (
    ("minutes", "*/15 * * * *"),
    ("minutes", "*/30 * * * *"),
    ("hours", "0 */2 * * *"),
    ("days", "0 6 * * *"),
)
_ERROR = 'agent request failed: Post "https://agents.example/v1/run": context deadline exceeded'


@dataclass(frozen=True, slots=True)
class _Case:
    """How many jobs of a life there are per unit of scale; ages in seconds before now.

    ``tasks`` are the states of the interval's tasks, ``total`` how many it says it has; a ``progress`` of
    None means that no interval was ever begun.
    """

    count: int
    progress: str | None = None
    tasks: tuple[str, ...] = ()
    silent: float = 0.0
    total: int | None = None
    kind: str = "interval"
    status: str = "active"
    is_deleted: bool = False
    is_recoverable: bool = True
    queue: str = "scheduled"


_HALF = ("completed", "completed", "running", "created", "created")
_CASES = {
    "scheduled": _Case(6, kind="scheduled"),
    "scheduled_done": _Case(4, kind="scheduled", status="inactive", queue="completed"),
    "interval": _Case(10, "completed", ("completed",) * 4, 20 * MINUTE),
    "failed_tasks": _Case(2, "completed", ("completed", "failed", "completed"), 40 * MINUTE),
    "new": _Case(2),
    # A worker is at it.
    "young": _Case(2, "running", _HALF, 20.0, queue="running"),
    # Its worker is gone: some tasks done, one begun, the rest waiting.
    "stuck": _Case(3, "running", _HALF, 25 * MINUTE, queue="running"),
    "all_finished": _Case(1, "running", ("completed", "failed", "completed"), 40 * MINUTE, queue="running"),
    # Begun, and gone before the first task was noted.
    "no_tasks": _Case(1, "running", (), 15 * MINUTE, total=4, queue="running"),
    "malformed": _Case(1, "malformed", _HALF, 50 * MINUTE, queue="discarded"),
    "odd_time": _Case(1, "odd time", _HALF, 50 * MINUTE, queue="discarded"),
    "disabled": _Case(1, "running", _HALF, 35 * MINUTE, is_recoverable=False, queue="running"),
    # A recovery waits in the queue already.
    "recovering": _Case(1, "running", _HALF, 30 * MINUTE, queue="recovering"),
    # Three recoveries have been tried.
    "at_limit": _Case(1, "running", _HALF, 3 * HOUR, queue="at limit"),
    "inactive": _Case(1, "running", _HALF, 2 * DAY, status="inactive", queue="discarded"),
    "deleted": _Case(1, "running", _HALF, 3 * DAY, is_deleted=True, queue="discarded"),
    "paused": _Case(1, "paused", _HALF, 5 * HOUR, queue="completed"),
    # The path of before: tasks in the table, nothing about them in the job.
    "original": _Case(2, is_recoverable=False),
}


def job_id(life: str, number: int = 0) -> str:
    """The job of a given life, by which tests find it; the same for every seed."""
    return str(uuid5(NAMESPACE_URL, f"bg_jobs:{life}:{number}"))


def interval_id(life: str, number: int = 0) -> str:
    """The current interval of that job."""
    return str(uuid5(NAMESPACE_URL, f"bg_jobs:{life}:{number}:interval"))


def task_id(life: str, number: int = 0, index: int = 0) -> str:
    """One of that interval's tasks, counted from 0."""
    return str(uuid5(NAMESPACE_URL, f"bg_jobs:{life}:{number}:task:{index}"))


def rows(random: Random, scale: int) -> Iterator[SeedRow]:
    """Jobs, tasks, then the rows of the queue, which are about them."""
    queue = Queue()
    jobs: list[SeedRow] = []
    tasks: list[SeedRow] = []
    for life, case in _CASES.items():
        for number in range(case.count * scale):
            job = _job(random, life, number, case, queue)
            jobs.append(job)
            tasks += _tasks(life, number, job)
    yield from sorted(jobs, key=lambda row: -(row.ages["created_at"] or 0))
    yield from tasks
    yield from queue.rows()
    values = {"name": "default", "metadata": {}}
    yield SeedRow("river_queue", values, {"created_at": 30 * DAY, "paused_at": None, "updated_at": 30.0})


def _job(random: Random, life: str, number: int, case: _Case, queue: Queue) -> SeedRow:
    # At a larger scale the later ones of a life are some minutes older, but no young one gets old.
    silent = case.silent + (number % 10 if life == "young" else number % 50 * 40 * MINUTE)
    created = silent + random.uniform(1, 12) * DAY
    begun = None if case.progress is None else silent + 3 * MINUTE
    # What runs was due when it began; nothing is due as long as the run has not ended.
    next_run = -random.uniform(2, 55) * MINUTE if case.queue == "scheduled" else begun
    last_run = {"scheduled_done": 5 * HOUR, "original": 50 * MINUTE}.get(life, begun)
    kind, value = _INTERVALS[number % len(_INTERVALS)]
    prompt = random.choice(_NAMES)
    args = {
        "job_id": job_id(life, number),
        "user_id": f"user-{random.randint(1, 6)}",
        "workspace_id": f"ws-{random.randint(1, 3)}",
        "payload": _payload(prompt),
    }
    interval = None if case.progress is None else interval_id(life, number)
    ids = queue.add_job(case.queue, args, interval, begun=begun, last_run=last_run, next_run=next_run)
    values: dict[str, Any] = {
        "id": args["job_id"],
        "name": prompt,
        "user_id": args["user_id"],
        "workspace_id": args["workspace_id"],
        "payload": args["payload"],
        "status": case.status,
        "type": case.kind,
        "schedule": "0 9 * * 1" if case.kind == "scheduled" else None,
        "interval": {"interval_type": kind, "value": value} if case.kind == "interval" else None,
        "is_deleted": case.is_deleted,
        "version": 1,
        "river_job_id": ids,
        "current_interval_id": interval,
        "interval_progress": None if begun is None else _progress(life, number, case, silent, begun),
        "enable_recovery": case.is_recoverable,
    }
    ages = {
        "next_run_at": next_run,
        "last_run_at": last_run,
        "created_at": created,
        "updated_at": created if last_run is None else silent or last_run,
        "interval_started_at": begun,
    }
    return SeedRow("jobs", values, ages)


def _payload(prompt: str) -> str:
    payload = {"prompt": f"{prompt}.", "resource_name": "ai_agent", "resource_data": {"agent": "digest"}}
    return json.dumps(payload)


def _progress(life: str, number: int, case: _Case, silent: float, begun: float) -> Any:
    """The document of an interval; some workers write the time of their own zone, as Go does."""
    hours = 7 if number % 2 else 0
    count = len(case.tasks)
    spacing = (begun - silent) / max(count, 1)
    results = {}
    for index, status in enumerate(case.tasks):
        started = begun - spacing * index * 0.9
        results[task_id(life, number, index)] = _result(life, number, index, status, started, hours)
    found: dict[str, Any] = {
        "interval_id": interval_id(life, number),
        "total_tasks": count if case.total is None else case.total,
        "completed_tasks": case.tasks.count("completed"),
        "failed_tasks": case.tasks.count("failed"),
        "task_results": results,
        "status": "running" if case.progress in ("malformed", "odd time") else case.progress,
        "started_at": Moment(begun, hours),
        "last_updated_at": Moment(silent, hours),
    }
    if case.progress == "odd time":
        return {**found, "last_updated_at": "yesterday, before lunch"}
    # Cut off in the middle of the first task.
    return (
        '{"interval_id": "' + found["interval_id"] + '", "task_res' if case.progress == "malformed" else found
    )


def _result(life: str, number: int, index: int, status: str, started: float, hours: int) -> dict[str, Any]:
    found: dict[str, Any] = {"task_id": task_id(life, number, index), "status": status}
    if status == "completed":
        found["result"] = f"3 items summarised in part {index + 1}"
    if status == "failed":
        found["error"] = _ERROR
    found["started_at"] = Moment(started, hours)
    if status in ("completed", "failed"):
        found["ended_at"] = Moment(started - 5, hours)
    return found


def _tasks(life: str, number: int, job: SeedRow) -> Iterator[SeedRow]:
    states = {"original": ("completed", "failed", "running"), "scheduled_done": ("completed",)}.get(life, ())
    for index, status in enumerate(states):
        values = {
            "id": task_id(life, number, index),
            "job_id": job.values["id"],
            "status": status,
            "payload": job.values["payload"],
            "result": {"completed": "done", "failed": _ERROR}.get(status),
            "is_deleted": False,
            "version": 1,
        }
        age = (job.ages["last_run_at"] or HOUR) - 30 * index
        yield SeedRow("tasks", values, {"created_at": age, "updated_at": age})
