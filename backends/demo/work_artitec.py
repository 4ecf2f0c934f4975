"""The artitec worker: one job at a time, the most urgent first, then the oldest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from unstick.backends.demo.connection import Connection, Row
from unstick.backends.demo.seed_artitec import FIRST_SECOND, PRIORITIES
from unstick.backends.demo.work import Fate, Holder

_ANY_RUNNING = "SELECT 1 FROM collection_jobs WHERE status = 'running' LIMIT 1"
_NEXT = """
    SELECT job_id, entity_type, entity_id, items_found FROM collection_jobs WHERE status = 'pending'
    ORDER BY priority DESC, created_at, id LIMIT 1
"""
_CLAIM = """
    UPDATE collection_jobs SET status = 'running', started_at = {seconds}, updated_at = {touched}
    WHERE job_id = ? AND status = 'pending'
"""
_STARTED = "SELECT started_at FROM collection_jobs WHERE job_id = ?"
_ADOPT = """
    SELECT job_id, entity_type, entity_id, items_found, started_at FROM collection_jobs
    WHERE status = 'running' AND started_at > {seconds-1800} AND updated_at > {touched-300}
    ORDER BY started_at DESC LIMIT 1
"""
# Every write names the start that this worker knows: a job that was reset meanwhile, and perhaps started by
# somebody else, is no longer ours.
_MOVE = """
    UPDATE collection_jobs SET items_found = ?, changes_detected = ?, updated_at = {touched}
    WHERE job_id = ? AND status = 'running' AND started_at = ?
"""
_FINISH = """
    UPDATE collection_jobs SET status = ?, error_message = ?, completed_at = {seconds}, updated_at = {touched}
    WHERE job_id = ? AND status = 'running' AND started_at = ?
"""
_LOG = "INSERT INTO collection_job_logs (job_id, level, message, log_data, stage) VALUES (?, ?, ?, ?, ?)"
_CHANGE = """
    INSERT INTO collection_changes
        (job_id, entity_type, entity_id, field_name, old_value, new_value, change_type, confidence)
    VALUES (?, ?, ?, 'phone', '512-555-0144', ?, 'modified', 0.9)
"""
_PENDING = "SELECT count(*) FROM collection_jobs WHERE status = 'pending'"
_COUNT = "SELECT coalesce(max(id), 0) FROM collection_jobs"
_FEED = """
    INSERT INTO collection_jobs (job_id, entity_type, job_type, priority, search_query, initiated_by)
    VALUES (?, ?, 'discovery', ?, ?, 'scheduler')
"""
_ERROR = "Background execution failed: 429 Too Many Requests from www.foxglove.example"
_STAGES = ("searching", "parsing", "matching", "saving")


@dataclass(slots=True)
class _Held:
    job_id: str
    started_at: str
    entity_type: str
    entity_id: int | None
    items: int
    fate: Fate
    step: int = 0


class ArtitecWork(Holder):
    """Takes up a job only when none at all is running, so a stuck one holds up the queue, as in the original.

    ``feed`` is how many pending jobs to keep in stock by adding new ones.
    """

    def __init__(self, connection: Connection, *, seed: int = 0, feed: int = 0, failing: float = 1.0) -> None:
        self._connection = connection
        self._seed = seed
        self._feed = feed
        self._failing = failing
        self._held: _Held | None = None

    def adopt(self) -> list[str]:
        found = self._connection.execute(_ADOPT).fetchone()
        if found is None:
            return []
        self._held = self._hold(found, found["started_at"])
        return [f"took over {self._held.job_id}"]

    def tick(self) -> list[str]:
        with self._transaction():
            said = self._add_job()
            said += self._claim() if self._held is None else self._advance(self._held)
        return said

    def _hold(self, row: Row, started_at: str) -> _Held:
        fate = Fate.of(self._seed, row["job_id"], least=6, most=18, failing=self._failing)
        items = row["items_found"] or 0
        return _Held(row["job_id"], started_at, row["entity_type"], row["entity_id"], items, fate)

    def _claim(self) -> list[str]:
        if self._connection.execute(_ANY_RUNNING).fetchone() is not None:
            return []
        found = self._connection.execute(_NEXT).fetchone()
        if found is None:
            return []
        job_id: str = found["job_id"]
        if not self._connection.execute(_CLAIM, (job_id,)).rowcount:
            return []
        started_at: str = self._connection.execute(_STARTED, (job_id,)).value
        self._log(job_id, "INFO", f"Executing job {job_id} in background", _STAGES[0])
        self._held = self._hold(found, started_at)
        return [f"started {job_id}"]

    def _advance(self, held: _Held) -> list[str]:
        held.step += 1
        if held.step == held.fate.fails_at:
            return self._finish(held, "failed", _ERROR)
        if held.step >= held.fate.steps:
            return self._finish(held, "completed", None)
        percent = 100 * held.step // held.fate.steps
        held.items += 1
        changes = held.step // 3
        moved = self._connection.execute(_MOVE, (held.items, changes, held.job_id, held.started_at))
        if not moved.rowcount:
            return self._lost(held)
        stage = _STAGES[min(percent // 25, 3)]
        self._log(held.job_id, "DEBUG", f"Progress: {percent}%", stage, {"progress": percent})
        if held.step % 3 == 0:
            phone = f"512-555-{1000 + held.step:04d}"
            self._connection.execute(_CHANGE, (held.job_id, held.entity_type, held.entity_id, phone))
        return []

    def _finish(self, held: _Held, status: str, error: str | None) -> list[str]:
        ended = self._connection.execute(_FINISH, (status, error, held.job_id, held.started_at))
        if not ended.rowcount:
            return self._lost(held)
        if error is None:
            self._log(held.job_id, "SUCCESS", f"Job {held.job_id} completed successfully", _STAGES[-1])
        else:
            self._log(held.job_id, "ERROR", f"Background job {held.job_id} failed: {error}", None)
        self._held = None
        return [f"{status} {held.job_id}"]

    def _lost(self, held: _Held) -> list[str]:
        self._held = None
        return [f"gave up {held.job_id}: somebody else changed it"]

    def _log(
        self, job_id: str, level: str, message: str, stage: str | None, data: dict[str, int] | None = None
    ) -> None:
        text = None if data is None else json.dumps(data)
        self._connection.execute(_LOG, (job_id, level, message, text, stage))

    def _add_job(self) -> list[str]:
        if self._connection.execute(_PENDING).value >= self._feed:
            return []
        number = self._connection.execute(_COUNT).value + 1
        random = Random(f"feed:{self._seed}:{number}")
        kind = random.choice(sorted(PRIORITIES))
        name = f"JOB-{FIRST_SECOND + number}-{random.getrandbits(24):06X}"
        self._connection.execute(_FEED, (name, kind, PRIORITIES[kind], f"new {kind} in Katy, TX"))
        return [f"added a job for a {kind}"]
