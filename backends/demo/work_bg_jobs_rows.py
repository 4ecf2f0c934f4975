"""The rows that the bg_jobs worker reads and writes: the queue's, the jobs', and the documents in them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from uuid import uuid4

from unstick.backends.demo.seed_bg_jobs_queue import UNIQUE_STATES, unique_key

WORKER = "demo-worker"

_NOW = "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
_JSON_NOW = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
_JOB_OF = "CASE WHEN json_valid(args) THEN json_extract(args, '$.job_id') END"
_LIVE_JOB = "id = ? AND status = 'active' AND NOT is_deleted"
_DUE = "julianday(scheduled_at) <= julianday('now')"
_PROMOTE = f"""
    UPDATE river_job SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND {_DUE}
"""  # noqa: S608
# The queue's own help, an hour later: another attempt where there is one left, else the end.
_RESCUE = f"""
    UPDATE river_job SET state = iif(attempt < max_attempts, 'retryable', 'discarded'),
        finalized_at = iif(attempt < max_attempts, NULL, {_NOW}), scheduled_at = {_NOW},
        errors = json_insert(coalesce(errors, '[]'), '$[#]', json_object(
            'at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'attempt', attempt,
            'error', 'Stuck job rescued by Rescuer', 'trace', ''
        ))
    WHERE state = 'running' AND julianday(attempted_at) < julianday('now', '-3600 seconds')
"""  # noqa: S608
_NEXT = f"""
    SELECT id, kind, args FROM river_job WHERE state = 'available' AND {_DUE}
    ORDER BY priority, scheduled_at, id LIMIT ?
"""  # noqa: S608
_CLAIM = f"""
    UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = {_NOW},
        attempted_by = json_insert(coalesce(attempted_by, '[]'), '$[#]', ?) WHERE id = ?
"""  # noqa: S608
_FINISH = f"UPDATE river_job SET state = 'completed', finalized_at = {_NOW} WHERE id = ?"  # noqa: S608
_WAITING = f"""
    SELECT 1 FROM river_job WHERE kind = 'interval_job' AND state IN ('available', 'scheduled', 'retryable')
        AND {_JOB_OF} = ? LIMIT 1
"""  # noqa: S608
_ENQUEUE = f"""
    INSERT INTO river_job (state, max_attempts, kind, args, scheduled_at, unique_key, unique_states)
    VALUES (?, ?, ?, ?, strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', ?), ?, {UNIQUE_STATES})
    ON CONFLICT DO NOTHING
"""  # noqa: S608
_SCHEDULED = f"""
    UPDATE jobs SET river_job_id = ?, last_run_at = {_NOW}, updated_at = {_NOW},
        next_run_at = strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', ?) WHERE id = ?
"""  # noqa: S608
# All four together, as every write of the original does.
_SAVE = f"""
    UPDATE jobs SET interval_progress = ?, current_interval_id = ?, updated_at = {_NOW},
        interval_started_at = strftime('%Y-%m-%d %H:%M:%f000', ?)
    WHERE {_LIVE_JOB} AND type = 'interval'
"""  # noqa: S608
_MISSED = f"""
    SELECT * FROM jobs WHERE type = 'interval' AND status = 'active' AND NOT is_deleted
        AND julianday(next_run_at) <= julianday('now')
        AND iif(json_valid(interval_progress), coalesce(json_extract(interval_progress, '$.status'), ''), iif(
            interval_progress IS NULL, '', 'running'
        )) <> 'running'
        AND id NOT IN (
            SELECT {_JOB_OF} FROM river_job
            WHERE kind = 'interval_job' AND state IN ('available', 'scheduled', 'retryable')
                AND json_valid(args)
        )
"""  # noqa: S608
_RUNNING = f"""
    SELECT r.id AS number, r.attempted_at, r.kind, j.* FROM river_job AS r JOIN jobs AS j ON j.id = {_JOB_OF}
    WHERE r.state = 'running' AND j.type = 'interval' AND j.status = 'active' AND NOT j.is_deleted
"""  # noqa: S608
_DUE_RUNS = "SELECT count(*) FROM river_job WHERE kind = 'interval_job' AND state = 'available'"
# One queue, one priority: so its index gives the earliest without looking at the rest.
_FORWARD = f"""
    UPDATE river_job SET scheduled_at = {_NOW} WHERE id = (
        SELECT id FROM river_job
        WHERE state = 'scheduled' AND queue = 'default' AND priority = 1 AND kind = 'interval_job'
            AND EXISTS (
                SELECT 1 FROM jobs
                WHERE jobs.id = {_JOB_OF} AND type = 'interval' AND status = 'active' AND NOT is_deleted
            )
        ORDER BY scheduled_at, id LIMIT 1
    )
"""  # noqa: S608
_TASK = f"""
    INSERT INTO tasks (id, job_id, status, payload, created_at, updated_at, version)
    SELECT ?, id, 'running', payload, {_NOW}, {_NOW}, 1 FROM jobs WHERE id = ?
"""  # noqa: S608
_TASK_DONE = f"UPDATE tasks SET status = ?, result = ?, updated_at = {_NOW} WHERE id = ?"  # noqa: S608
# Until the next one is due; the expression beside it is not looked at.
_PERIODS = {"minutes": 900, "hours": 7200, "days": 86_400, "months": 2_592_000}


class Rows:
    """All that the worker says to its database, within transactions that the worker opens."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def now(self) -> str:
        """The database's now, as it stands in a document."""
        text: str = self._connection.execute(_JSON_NOW).fetchone()[0]
        return text

    def is_recent(self, text: object) -> bool:
        query = "SELECT julianday(?) > julianday('now', '-300 seconds')"
        return bool(self._connection.execute(query, (str(text),)).fetchone()[0])

    def job(self, job: str) -> sqlite3.Row | None:
        """The job, unless it was paused or deleted."""
        row: sqlite3.Row | None = self._connection.execute(
            f"SELECT * FROM jobs WHERE {_LIVE_JOB}",  # noqa: S608
            (job,),
        ).fetchone()
        return row

    def move_queue(self) -> None:
        """What the queue's leader does: rescue what hangs for an hour, make available what is due."""
        self._connection.execute(_RESCUE)
        self._connection.execute(_PROMOTE)

    def bring_forward(self, wanted: int) -> bool:
        """Let one more run be due now while fewer than ``wanted`` are."""
        (due,) = self._connection.execute(_DUE_RUNS).fetchone()
        return due < wanted and self._connection.execute(_FORWARD).rowcount > 0

    def missed(self) -> list[sqlite3.Row]:
        """Jobs that are due, that nothing is queued for, and that are not in the middle of an interval."""
        return self._connection.execute(_MISSED).fetchall()

    def available(self, limit: int) -> list[sqlite3.Row]:
        return self._connection.execute(_NEXT, (limit,)).fetchall()

    def running(self) -> list[sqlite3.Row]:
        return self._connection.execute(_RUNNING).fetchall()

    def claim(self, number: int) -> str:
        """Take up a row of the queue; the time of this attempt, which is how it is known to be ours."""
        self._connection.execute(_CLAIM, (WORKER, number))
        stamp: str = self._connection.execute(
            "SELECT attempted_at FROM river_job WHERE id = ?", (number,)
        ).fetchone()[0]
        return stamp

    def is_mine(self, number: int, stamp: str) -> bool:
        query = "SELECT 1 FROM river_job WHERE id = ? AND state = 'running' AND attempted_at = ?"
        return self._connection.execute(query, (number, stamp)).fetchone() is not None

    def finish(self, number: int) -> None:
        self._connection.execute(_FINISH, (number,))

    def schedule(self, job: sqlite3.Row, *, seconds: int | None = None) -> None:
        """Queue the job's next run, unless one waits already."""
        if self._connection.execute(_WAITING, (job["id"],)).fetchone() is not None:
            return
        document = parse(job["interval"]) or {}
        delay = _PERIODS.get(str(document.get("interval_type")), 900) if seconds is None else seconds
        args = _args(job)
        key = unique_key("interval_job", args, f"{self.now()}+{delay}")
        values = ("scheduled", 1, "interval_job", json.dumps(args), f"+{delay} seconds", key)
        number = self._connection.execute(_ENQUEUE, values).lastrowid
        self._connection.execute(_SCHEDULED, (number, f"+{delay} seconds", job["id"]))

    def recover(self, job: sqlite3.Row) -> None:
        """Queue a recovery of the job's interval; one that is there already stays the only one."""
        args = {**_args(job), "interval_id": job["current_interval_id"]}
        key = unique_key("task_recovery", args)
        self._connection.execute(
            _ENQUEUE, ("available", 25, "task_recovery", json.dumps(args), "+0 seconds", key)
        )

    def save(self, job: str, progress: dict[str, Any]) -> None:
        progress["last_updated_at"] = self.now()
        text = json.dumps(progress, ensure_ascii=False)
        self._connection.execute(_SAVE, (text, progress["interval_id"], progress["started_at"], job))

    def add_task(self, job: str) -> str:
        """A task of the way before, in a table of its own."""
        task = str(uuid4())
        self._connection.execute(_TASK, (task, job))
        return task

    def end_task(self, task: str, status: str, result: str) -> None:
        self._connection.execute(_TASK_DONE, (status, result, task))

    def side_effect(self, task: str) -> None:
        """The task was really carried out."""
        self._connection.execute("INSERT INTO demo_side_effects (task_id) VALUES (?)", (task,))


def _args(job: sqlite3.Row) -> dict[str, Any]:
    return {
        "job_id": job["id"],
        **{name: job[name] for name in ("user_id", "workspace_id", "payload")},
    }


def parse(text: object) -> dict[str, Any] | None:
    """The document, None when it is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
