"""The bg_jobs worker: takes up rows of the queue, runs intervals task by task, goes on with interrupted ones.

Unlike the original it does not look for interrupted intervals when it starts: that is left to the console.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from unstick.backends.demo.connection import Connection, Row
from unstick.backends.demo.work import Holder, made_up
from unstick.backends.demo.work_bg_jobs_rows import Rows, parse

CONCURRENCY = 2
"""Rows of the queue held at the same time."""

_FAILURES = 0.1
_ERROR = "agent request failed: context deadline exceeded"
_FINISHED = ("completed", "failed")


@dataclass(slots=True)
class _Held:
    number: int
    stamp: str
    job: str
    is_recovery: bool
    interval: str | None
    """None for the way of before, where a run is one task in a table of its own."""
    task: str | None = None


class BgJobsWork(Holder):
    """Holds up to ``CONCURRENCY`` runs; each round a task of each is begun or ended.

    ``feed`` is how many runs to keep going by letting scheduled ones be due earlier.
    """

    def __init__(self, connection: Connection, *, seed: int = 0, feed: int = 0, failing: float = 1.0) -> None:
        self._connection = connection
        self._rows = Rows(connection)
        self._seed = seed
        self._feed = feed
        self._failing = failing
        self._held: list[_Held] = []

    def adopt(self) -> list[str]:
        for row, job in self._rows.running():
            progress = _running(job)
            is_free = len(self._held) < CONCURRENCY
            if is_free and progress is not None and self._rows.is_recent(progress.get("last_updated_at")):
                is_recovery = row["kind"] == "task_recovery"
                interval = job["current_interval_id"]
                self._held.append(_Held(row["id"], row["attempted_at"], job["id"], is_recovery, interval))
        return [f"took over interval {held.interval} of {held.job}" for held in self._held]

    def tick(self) -> list[str]:
        said: list[str] = []
        with self._transaction():
            self._rows.move_queue()
            if self._rows.bring_forward(self._feed - len(self._held)):
                said.append("let a run be due earlier")
            if self._connection.is_news():
                said += self._reschedule()
            for held in list(self._held):
                said += self._advance(held)
            for row in self._rows.available(max(CONCURRENCY - len(self._held), 0)):
                said += self._take_up(row)
        return said

    def _reschedule(self) -> list[str]:
        busy = {held.job for held in self._held}
        missed = [job for job in self._rows.missed() if job["id"] not in busy]
        for job in missed:
            self._rows.schedule(job, seconds=0)
        return [f"rescheduled {job['id']}, which was missed" for job in missed]

    def _take_up(self, row: Row) -> list[str]:
        stamp = self._rows.claim(row["id"])
        args = parse(row["args"]) or {}
        job = self._rows.job(str(args.get("job_id")))
        if job is None:
            self._rows.finish(row["id"])
            return [f"nothing to do for {row['kind']} {row['id']}"]
        held = _Held(row["id"], stamp, job["id"], row["kind"] == "task_recovery", None)
        if held.is_recovery:
            return self._resume(held, job, args)
        if job["type"] == "interval" and job["enable_recovery"] and job["interval_progress"] is not None:
            if _running(job) is not None:
                self._rows.recover(job)
                self._rows.schedule(job)
                self._rows.finish(held.number)
                return [f"scheduled a recovery of interval {job['current_interval_id']}"]
            if parse(job["interval_progress"]) is None:
                return self._start_as_before(held)
        if job["type"] != "interval" or not job["enable_recovery"]:
            return self._start_as_before(held)
        return self._start(held)

    def _start(self, held: _Held) -> list[str]:
        held.interval = made_up("interval", self._seed, held.job, held.number)
        now = self._rows.now()
        progress = {
            "interval_id": held.interval,
            "total_tasks": Random(f"{self._seed}:{held.job}").randint(3, 5),
            "completed_tasks": 0,
            "failed_tasks": 0,
            "task_results": {},
            "status": "running",
            "started_at": now,
        }
        self._rows.save(held.job, progress)
        self._held.append(held)
        return [f"started interval {held.interval} of {held.job}"]

    def _start_as_before(self, held: _Held) -> list[str]:
        held.task = self._rows.add_task(held.job, held.number)
        self._held.append(held)
        return [f"started {held.job}"]

    def _resume(self, held: _Held, job: Row, args: dict[str, Any]) -> list[str]:
        progress = _running(job)
        if progress is None or progress.get("interval_id") != args.get("interval_id"):
            self._rows.finish(held.number)
            return [f"interval {args.get('interval_id')} needs no recovery"]
        held.interval = progress["interval_id"]
        self._held.append(held)
        return [f"recovering interval {held.interval} of {held.job}"]

    def _advance(self, held: _Held) -> list[str]:
        job = self._rows.job(held.job)
        if not self._rows.is_mine(held.number, held.stamp):
            return self._lost(held)
        if held.interval is None:
            return self._end_as_before(held, job)
        progress = None if job is None else _running(job)
        if job is None or progress is None or progress.get("interval_id") != held.interval:
            self._rows.finish(held.number)
            return self._lost(held)
        results = progress["task_results"]
        if not results:
            # Also where its first worker came no further: an interval without a task has not been run.
            for index in range(progress["total_tasks"] or 1):
                task = made_up("task", held.interval, index)
                results[task] = {"task_id": task, "status": "created", "started_at": self._rows.now()}
        elif held.task in results and results[held.task]["status"] == "running":
            self._end_task(held, progress, results[held.task])
        else:
            waiting = [result for result in results.values() if result["status"] not in _FINISHED]
            if not waiting:
                return self._complete(held, job, progress)
            held.task = waiting[0]["task_id"]
            waiting[0].pop("error", None)
            waiting[0] |= {"status": "running", "started_at": self._rows.now()}
        self._rows.save(held.job, progress)
        return []

    def _end_task(self, held: _Held, progress: dict[str, Any], result: dict[str, Any]) -> None:
        task: str = result["task_id"]
        fails = not held.is_recovery and self._fails(task)
        result |= (
            {"status": "failed", "error": _ERROR} if fails else {"status": "completed", "result": "done"}
        )
        result["ended_at"] = self._rows.now()
        if not fails:
            # In the transaction that notes it, so that no crash comes between the two.
            self._rows.side_effect(task)
        states = [one["status"] for one in progress["task_results"].values()]
        progress["completed_tasks"], progress["failed_tasks"] = map(states.count, _FINISHED)

    def _fails(self, task: str) -> bool:
        return Random(f"{self._seed}:{task}").random() < _FAILURES * self._failing

    def _complete(self, held: _Held, job: Row, progress: dict[str, Any]) -> list[str]:
        progress["status"] = "completed"
        self._rows.save(held.job, progress)
        self._rows.finish(held.number)
        self._rows.schedule(job)
        self._held.remove(held)
        return [f"completed interval {held.interval} of {held.job}"]

    def _end_as_before(self, held: _Held, job: Row | None) -> list[str]:
        if held.task is not None:
            self._rows.end_task(held.task, "completed", "done")
            self._rows.side_effect(held.task)
        self._rows.finish(held.number)
        if job is not None and job["type"] == "interval":
            self._rows.schedule(job)
        self._held.remove(held)
        return [f"completed {held.job}"]

    def _lost(self, held: _Held) -> list[str]:
        self._held.remove(held)
        return [f"gave up {held.job}: somebody else changed it"]


def _running(job: Row) -> dict[str, Any] | None:
    """The progress of the job's interval while it is running and whole, None otherwise."""
    progress = parse(job["interval_progress"])
    if progress is None or progress.get("status") != "running":
        return None
    results = progress.get("task_results")
    is_whole = (
        isinstance(results, dict)
        and all(isinstance(one, dict) and {"task_id", "status"} <= one.keys() for one in results.values())
        and isinstance(progress.get("total_tasks"), int)
        and isinstance(progress.get("started_at"), str)
    )
    return progress if is_whole else None
