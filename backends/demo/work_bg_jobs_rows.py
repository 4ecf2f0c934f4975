"""The rows that the bg_jobs worker reads and writes: the queue's, the jobs', and the documents in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from unstick.backends.demo.connection import Connection, Row, Statement
from unstick.backends.demo.seed_bg_jobs_queue import UNIQUE_STATES, unique_key
from unstick.backends.demo.work import made_up

WORKER = "demo-worker"
RECENT_SECONDS = 300.0

_DUE = "{instant scheduled_at} <= {instant}"
_PROMOTE = f"""
    UPDATE river_job SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND {_DUE}
"""  # noqa: S608
# The queue's own help, an hour later: another attempt where there is one left, else the end.
_RESCUED = "Stuck job rescued by Rescuer"
_OLD = "state = 'running' AND {instant attempted_at} < {instant-3600}"
_RESCUE: Statement = {
    "sqlite": f"""
        UPDATE river_job SET state = iif(attempt < max_attempts, 'retryable', 'discarded'),
            finalized_at = iif(attempt < max_attempts, NULL, {{zoned}}), scheduled_at = {{zoned}},
            errors = json_insert(coalesce(errors, '[]'), '$[#]', json_object(
                'at', {{rfc3339}}, 'attempt', attempt, 'error', '{_RESCUED}', 'trace', ''
            ))
        WHERE {_OLD}
    """,  # noqa: S608
    "postgresql": f"""
        UPDATE river_job SET
            state = (CASE WHEN attempt < max_attempts THEN 'retryable' ELSE 'discarded' END)::river_job_state,
            finalized_at = CASE WHEN attempt < max_attempts THEN NULL ELSE now() END, scheduled_at = now(),
            errors = array_append(errors, jsonb_build_object(
                'at', now(), 'attempt', attempt, 'error', '{_RESCUED}', 'trace', ''
            ))
        WHERE {_OLD}
    """,  # noqa: S608
    # MySQL assigns from left to right, so the state comes last.
    "mysql": f"""
        UPDATE river_job SET
            finalized_at = IF(attempt < max_attempts, NULL, {{zoned}}), scheduled_at = {{zoned}},
            errors = json_array_append(coalesce(errors, '[]'), '$', json_object(
                'at', {{rfc3339}}, 'attempt', attempt, 'error', '{_RESCUED}', 'trace', ''
            )),
            state = IF(attempt < max_attempts, 'retryable', 'discarded')
        WHERE {_OLD}
    """,  # noqa: S608
}
_NEXT = f"""
    SELECT id, kind, args FROM river_job WHERE state = 'available' AND {_DUE}
    ORDER BY priority, scheduled_at, id LIMIT ? {{skip_locked}}
"""  # noqa: S608
_TAKEN = (
    "UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_at = {zoned}, attempted_by = "
)
_CLAIM: Statement = {
    "sqlite": _TAKEN + "json_insert(coalesce(attempted_by, '[]'), '$[#]', ?) WHERE id = ?",
    "postgresql": _TAKEN + "array_append(attempted_by, ?) WHERE id = ?",
    "mysql": _TAKEN + "json_array_append(coalesce(attempted_by, '[]'), '$', ?) WHERE id = ?",
}
_ATTEMPTED = "SELECT attempted_at FROM river_job WHERE id = ?"
_MINE = "SELECT 1 FROM river_job WHERE id = ? AND state = 'running' AND attempted_at = ? {locked}"
_FINISH = "UPDATE river_job SET state = 'completed', finalized_at = {zoned} WHERE id = ?"
_SOON = "kind = 'interval_job' AND state IN ('available', 'scheduled', 'retryable')"
_WAITING = f"SELECT args FROM river_job WHERE {_SOON}"  # noqa: S608
_QUEUED = f"SELECT id, args FROM river_job WHERE state = 'scheduled' AND {_SOON} ORDER BY scheduled_at, id"  # noqa: S608
_DUE_RUNS = "SELECT count(*) FROM river_job WHERE kind = 'interval_job' AND state = 'available'"
_FORWARD = "UPDATE river_job SET scheduled_at = {zoned} WHERE id = ?"
_INTO_QUEUE = """
    {insert_new} river_job (state, max_attempts, kind, args, scheduled_at, unique_key, unique_states)
"""
_STATES: Statement = {
    "sqlite": f"VALUES (?, ?, ?, ?, {{zoned+?}}, ?, {UNIQUE_STATES}) {{or_nothing}}",
    "postgresql": f"VALUES (?, ?, ?, ?, {{zoned+?}}, ?, B'{UNIQUE_STATES:08b}') {{or_nothing}}",
    "mysql": f"VALUES (?, ?, ?, ?, {{zoned+?}}, ?, {UNIQUE_STATES}) {{or_nothing}}",
}
_NUMBER = "SELECT max(id) FROM river_job WHERE unique_key = ?"
_SCHEDULED = """
    UPDATE jobs SET river_job_id = ?, last_run_at = {zoned}, updated_at = {zoned}, next_run_at = {zoned+?}
    WHERE id = ?
"""
# Named by their table: only so is one of them, a word of the language, a column on all three.
_JOB = """
    SELECT j.id, j.user_id, j.workspace_id, j.payload, j.type, j.interval, j.current_interval_id,
        j.interval_progress, j.enable_recovery
    FROM jobs AS j
"""
_LIVE = "status = 'active' AND NOT is_deleted"
_LIVE_JOB = f"{_JOB} WHERE {{text j.id}} = ? AND {_LIVE} {{locked}}"
_LIVE_INTERVALS = f"{_JOB} WHERE type = 'interval' AND {_LIVE}"
_MISSED = f"{_LIVE_INTERVALS} AND {{instant next_run_at}} <= {{instant}}"
_RUNNING = "SELECT id, attempted_at, kind, args FROM river_job WHERE state = 'running' ORDER BY id"
# All four together, as every write of the original does.
_SAVE = f"""
    UPDATE jobs SET interval_progress = ?, current_interval_id = ?, updated_at = {{zoned}},
        interval_started_at = ?
    WHERE id = ? AND {_LIVE} AND type = 'interval'
"""  # noqa: S608
_TASK = """
    INSERT INTO tasks (id, job_id, status, payload, created_at, updated_at, version)
    SELECT ?, id, 'running', payload, {zoned}, {zoned}, 1 FROM jobs WHERE id = ?
"""
_TASK_DONE = "UPDATE tasks SET status = ?, result = ?, updated_at = {zoned} WHERE id = ?"
# Until the next one is due; the expression beside it is not looked at.
_PERIODS = {"minutes": 900, "hours": 7200, "days": 86_400, "months": 2_592_000}
_EFFECTS = "CREATE TABLE IF NOT EXISTS demo_side_effects (task_id VARCHAR(64) NOT NULL)"


class Rows:
    """All that the worker says to its database, within transactions that the worker opens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # The demo's own table, which tells what the tasks have really done.
        connection.execute(_EFFECTS)

    def now(self) -> str:
        """The database's now, as it stands in a document."""
        text: str = self._connection.execute("SELECT {rfc3339}").value
        return text

    def is_recent(self, text: object) -> bool:
        """Whether the time in a document is one of the last five minutes."""
        try:
            age = _instant(self.now()) - _instant(str(text))
        except ValueError:
            return False
        return age.total_seconds() < RECENT_SECONDS

    def job(self, job: str) -> Row | None:
        """The job, unless it was paused or deleted; nobody else writes it until the transaction ends."""
        found: Row | None = self._connection.execute(_LIVE_JOB, (job,)).fetchone()
        return found

    def move_queue(self) -> None:
        """What the queue's leader does: rescue what hangs for an hour, make available what is due."""
        self._connection.execute(_RESCUE)
        self._connection.execute(_PROMOTE)

    def bring_forward(self, wanted: int) -> bool:
        """Let one more run be due now while fewer than ``wanted`` are."""
        if self._connection.execute(_DUE_RUNS).value >= wanted:
            return False
        live = {str(job["id"]) for job in self._connection.execute(_LIVE_INTERVALS)}
        for number, args in self._connection.execute(_QUEUED):
            if _job_of(args) in live:
                self._connection.execute(_FORWARD, (number,))
                return True
        return False

    def missed(self) -> list[Row]:
        """Jobs that are due, that nothing is queued for, and that are not in the middle of an interval."""
        waiting = {_job_of(args) for (args,) in self._connection.execute(_WAITING)}
        found = [job for job in self._connection.execute(_MISSED) if job["id"] not in waiting]
        return [job for job in found if _is_idle(job["interval_progress"])]

    def available(self, limit: int) -> list[Row]:
        """Runs that may be taken up now, the first first."""
        return self._connection.execute(_NEXT, (limit,)).fetchall()

    def running(self) -> list[tuple[Row, Row]]:
        """The rows of the queue that somebody is said to work on, each with its live interval job."""
        found = []
        for row in self._connection.execute(_RUNNING).fetchall():
            job = self.job(_job_of(row["args"]) or "")
            if job is not None and job["type"] == "interval":
                found.append((row, job))
        return found

    def claim(self, number: int) -> str:
        """Take up a row of the queue; the time of this attempt, which is how it is known to be ours."""
        self._connection.execute(_CLAIM, (WORKER, number))
        stamp: str = self._connection.execute(_ATTEMPTED, (number,)).value
        return stamp

    def is_mine(self, number: int, stamp: str) -> bool:
        """Whether that attempt still is the running one."""
        return self._connection.execute(_MINE, (number, stamp)).fetchone() is not None

    def finish(self, number: int) -> None:
        """Note a row of the queue as completed."""
        self._connection.execute(_FINISH, (number,))

    def schedule(self, job: Row, *, seconds: int | None = None) -> None:
        """Queue the job's next run, unless one waits already."""
        if any(_job_of(args) == job["id"] for (args,) in self._connection.execute(_WAITING)):
            return
        document = parse(job["interval"]) or {}
        delay = _PERIODS.get(str(document.get("interval_type")), 900) if seconds is None else seconds
        args = _args(job)
        key = unique_key("interval_job", args, f"{self.now()}+{delay}")
        self._enqueue("scheduled", 1, "interval_job", args, delay, key)
        number = self._connection.execute(_NUMBER, (key,)).value
        self._connection.execute(_SCHEDULED, (number, delay, job["id"]))

    def recover(self, job: Row) -> None:
        """Queue a recovery of the job's interval; one that is there already stays the only one."""
        args = {**_args(job), "interval_id": job["current_interval_id"]}
        self._enqueue("available", 25, "task_recovery", args, 0, unique_key("task_recovery", args))

    def _enqueue(
        self, state: str, attempts: int, kind: str, args: dict[str, Any], delay: int, key: bytes
    ) -> None:
        dialect = self._connection.dialect
        values = _STATES if isinstance(_STATES, str) else _STATES[dialect]
        self._connection.execute(_INTO_QUEUE + values, (state, attempts, kind, json.dumps(args), delay, key))

    def save(self, job: str, progress: dict[str, Any]) -> None:
        """Write the interval's document back, with the columns that go with it."""
        progress["last_updated_at"] = self.now()
        text = json.dumps(progress, ensure_ascii=False)
        self._connection.execute(_SAVE, (text, progress["interval_id"], _naive(progress["started_at"]), job))

    def add_task(self, job: str, number: int) -> str:
        """A task of the way before, in a table of its own; ``number`` is its run's row of the queue."""
        task = made_up("task", job, number)
        self._connection.execute(_TASK, (task, job))
        return task

    def end_task(self, task: str, status: str, result: str) -> None:
        """Note the end of such a task."""
        self._connection.execute(_TASK_DONE, (status, result, task))

    def side_effect(self, task: str) -> None:
        """The task was really carried out."""
        self._connection.execute("INSERT INTO demo_side_effects (task_id) VALUES (?)", (task,))


def _args(job: Row) -> dict[str, Any]:
    return {
        "job_id": job["id"],
        **{name: job[name] for name in ("user_id", "workspace_id", "payload")},
    }


def _job_of(args: object) -> str | None:
    """The job that a row of the queue is about."""
    return str((parse(args) or {}).get("job_id"))


def _is_idle(text: object) -> bool:
    """Whether no interval is in the way of the next. Broken text is in the way."""
    if text is None:
        return True
    progress = parse(text)
    return progress is not None and progress.get("status") != "running"


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _naive(text: str) -> str | None:
    """The time of a document as a column of UTC without a zone has it; None for what is no time."""
    try:
        return _instant(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError):
        return None


def parse(text: object) -> dict[str, Any] | None:
    """The document, None when it is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
