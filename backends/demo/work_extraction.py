"""The extraction worker: several jobs at once, the oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from unstick.backends.demo.connection import Connection
from unstick.backends.demo.work import Fate, Holder, made_up

BATCH = 5
"""Jobs held at the same time (the original's EXTRACTION_WORKER_BATCH_SIZE)."""

_NEXT = """
    SELECT id, total_items, processed_items FROM {kb}object_extraction_jobs WHERE status = 'pending'
    ORDER BY created_at, id LIMIT ? {skip_locked}
"""
_CLAIM = """
    UPDATE {kb}object_extraction_jobs SET status = 'running', total_items = ?, processed_items = 0,
        successful_items = 0, failed_items = 0, started_at = {zoned}, updated_at = {zoned}
    WHERE id = ?
"""
_STARTED = "SELECT started_at FROM {kb}object_extraction_jobs WHERE id = ?"
_ADOPT = """
    SELECT id, total_items, processed_items, started_at FROM {kb}object_extraction_jobs
    WHERE status = 'running' AND updated_at > {zoned-300}
    ORDER BY created_at, id LIMIT ?
"""
# Every write names the start that this worker knows: a job that was reset meanwhile, and perhaps started by
# somebody else, is no longer ours.
_MOVE = """
    UPDATE {kb}object_extraction_jobs
    SET processed_items = processed_items + 1, successful_items = successful_items + 1, updated_at = {zoned}
    WHERE id = ? AND status = 'running' AND started_at = ?
"""
_FINISH = """
    UPDATE {kb}object_extraction_jobs
    SET status = ?, error_message = coalesce(?, error_message), completed_at = {zoned}, updated_at = {zoned}
    WHERE id = ? AND status = 'running' AND started_at = ?
"""
_LOG = """
    INSERT INTO {kb}object_extraction_logs
        (extraction_job_id, step_index, operation_type, operation_name, status, message, error_message,
         duration_ms)
    VALUES (?, ?, ?, 'extract_entities', ?, ?, ?, ?)
"""
_PENDING = "SELECT count(*) FROM {kb}object_extraction_jobs WHERE status = 'pending'"
_COUNT = "SELECT count(*) FROM {kb}object_extraction_jobs"
_FEED = """
    INSERT INTO {kb}object_extraction_jobs (id, org_id, project_id, source_type, source_metadata)
    SELECT ?, org_id, id, ?, '{"filename": "upload.pdf"}' FROM {kb}projects ORDER BY name LIMIT 1
"""
_ERROR = (
    "LLM extraction failed\n\n"
    "GoogleGenerativeAIError: [503 Service Unavailable] The model is overloaded. Please try again later."
)


@dataclass(slots=True)
class _Held:
    id: str
    started_at: str
    step: int
    fate: Fate


class ExtractionWork(Holder):
    """Holds up to ``BATCH`` jobs and sends a life sign for each in every round.

    ``feed`` is how many pending jobs to keep in stock by adding new ones.
    """

    def __init__(self, connection: Connection, *, seed: int = 0, feed: int = 0, failing: float = 1.0) -> None:
        self._connection = connection
        self._seed = seed
        self._feed = feed
        self._failing = failing
        self._held: list[_Held] = []

    def adopt(self) -> list[str]:
        for row in self._connection.execute(_ADOPT, (BATCH,)).fetchall():
            done = row["processed_items"] or 0
            fate = Fate(max(row["total_items"] or 0, done + 1), None)
            self._held.append(_Held(row["id"], row["started_at"], done, fate))
        return [f"took over {held.id}" for held in self._held]

    def tick(self) -> list[str]:
        with self._transaction():
            said = self._add_job()
            for held in list(self._held):
                said += self._advance(held)
            said += self._claim(BATCH - len(self._held))
        return said

    def _claim(self, free: int) -> list[str]:
        said = []
        for row in self._connection.execute(_NEXT, (free,)).fetchall():
            job: str = row["id"]
            fate = Fate.of(self._seed, job, least=5, most=30, failing=self._failing)
            self._connection.execute(_CLAIM, (fate.steps, job))
            started_at: str = self._connection.execute(_STARTED, (job,)).value
            self._held.append(_Held(job, started_at, 0, fate))
            said.append(f"started {job}")
        return said

    def _advance(self, held: _Held) -> list[str]:
        held.step += 1
        if held.step == held.fate.fails_at:
            return self._finish(held, "failed", _ERROR)
        moved = self._connection.execute(_MOVE, (held.id, held.started_at))
        if not moved.rowcount:
            return self._lost(held)
        self._log(held, "chunk_processing", f"chunk {held.step} of {held.fate.steps}", None)
        if held.step >= held.fate.steps:
            return self._finish(held, "requires_review" if held.fate.steps % 7 == 0 else "completed", None)
        return []

    def _finish(self, held: _Held, status: str, error: str | None) -> list[str]:
        ended = self._connection.execute(_FINISH, (status, error, held.id, held.started_at))
        if not ended.rowcount:
            return self._lost(held)
        if error is not None:
            self._log(held, "error", "extraction failed", error)
        self._held.remove(held)
        return [f"{status} {held.id}"]

    def _lost(self, held: _Held) -> list[str]:
        self._held.remove(held)
        return [f"gave up {held.id}: somebody else changed it"]

    def _log(self, held: _Held, operation: str, message: str, error: str | None) -> None:
        status = "success" if error is None else "error"
        duration = 200 + 137 * held.step
        self._connection.execute(_LOG, (held.id, held.step, operation, status, message, error, duration))

    def _add_job(self) -> list[str]:
        if self._connection.execute(_PENDING).value >= self._feed:
            return []
        made = ("feed", self._seed, self._connection.execute(_COUNT).value)
        kind = Random(":".join(map(str, made))).choice(("document", "api", "bulk_import"))
        self._connection.execute(_FEED, (made_up(*made), kind))
        return ["added a job"]
