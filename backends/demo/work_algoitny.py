"""The algoitny worker: jobs of two tables, each step told in the progress history and never in the job."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID

from unstick.backends.demo.connection import Connection, Row, Statement
from unstick.backends.demo.seed_algoitny import (
    CONTENT_TYPES,
    EXTRACTION,
    EXTRACTION_STEPS,
    GENERATION,
    GENERATION_STEPS,
)
from unstick.backends.demo.work import Fate, Holder

CONCURRENCY = 3
"""Jobs held at the same time, per table."""

_STEPS = {EXTRACTION: EXTRACTION_STEPS, GENERATION: GENERATION_STEPS}
_ERROR = "Gemini API error: 503 The model is overloaded. Please try again later."


@dataclass(frozen=True, slots=True)
class _Statements:
    """The statements of one job table. None moves updated_at: the original's writes leave it out, too.

    Every write names the task that this worker is: a job that was reset meanwhile, and perhaps started by
    somebody else, has another one.
    """

    table: str

    @property
    def following(self) -> str:
        return f"""
            SELECT id, platform, problem_id FROM {self.table} WHERE status = 'PENDING'
            ORDER BY created_at, id LIMIT ? {{skip_locked}}
        """  # noqa: S608

    @property
    def claim(self) -> str:
        return f"UPDATE {self.table} SET status = 'PROCESSING', celery_task_id = ? WHERE id = ?"  # noqa: S608

    @property
    def adopt(self) -> str:
        return f"""
            SELECT id, platform, problem_id, celery_task_id FROM {self.table} AS j WHERE status = 'PROCESSING'
                AND {{greatest}}(updated_at, coalesce((
                    SELECT max(h.created_at) FROM job_progress_history AS h
                    WHERE h.content_type_id = {CONTENT_TYPES[self.table]} AND h.object_id = j.id
                ), updated_at)) > {{micros-1800}}
            ORDER BY created_at, id LIMIT ?
        """  # noqa: S608

    @property
    def mine(self) -> str:
        return f"""
            SELECT 1 FROM {self.table} WHERE id = ? AND status = 'PROCESSING' AND celery_task_id = ?
            {{locked}}
        """  # noqa: S608

    @property
    def finish(self) -> str:
        return f"UPDATE {self.table} SET status = ?, error_message = ? WHERE id = ?"  # noqa: S608

    @property
    def pending(self) -> str:
        return f"SELECT count(*) FROM {self.table} WHERE status = 'PENDING'"  # noqa: S608


_SQL = {table: _Statements(table) for table in CONTENT_TYPES}
_HISTORY = """
    INSERT INTO job_progress_history (content_type_id, object_id, step, message, status, created_at)
    VALUES (?, ?, ?, ?, ?, {micros})
"""
_SET_IN_TEXT = """
    UPDATE problems SET metadata = json_set(
        metadata, '$.extraction_status', ?, '$.extraction_job_id', ?, '$.progress', ?, '$.error_message', ?
    ), is_completed = is_completed OR ? WHERE platform = ? AND problem_id = ?
"""
_PROBLEM: Statement = {
    "sqlite": _SET_IN_TEXT,
    "mysql": _SET_IN_TEXT,
    "postgresql": """
        UPDATE problems SET metadata = metadata || jsonb_build_object(
            'extraction_status', ?::text, 'extraction_job_id', ?::bigint, 'progress', ?::text,
            'error_message', ?::text
        ), is_completed = is_completed OR ? WHERE platform = ? AND problem_id = ?
    """,
}
_NEWEST_PROBLEM = "SELECT coalesce(max(id), 0) FROM problems"
_FEED_PROBLEM = """
    INSERT INTO problems (platform, problem_id, title, problem_url, tags, is_completed, is_deleted, metadata,
        needs_review, verified_by_admin, created_at)
    VALUES ('codeforces', ?, ?, ?, '[]', FALSE, FALSE, '{"extraction_status": "PENDING"}', FALSE, FALSE,
        {micros})
"""
_FEED_EXTRACTION = """
    INSERT INTO problem_extraction_jobs (platform, problem_id, problem_url, problem_identifier, status,
        created_at, updated_at)
    SELECT platform, problem_id, problem_url, title, 'PENDING', {micros}, {micros} FROM problems
    ORDER BY id DESC LIMIT 1
"""
_FEED_GENERATION = """
    INSERT INTO script_generation_jobs (platform, problem_id, title, problem_url, tags, language, constraints,
        status, created_at, updated_at)
    SELECT platform, problem_id, title, problem_url, tags, 'python', coalesce(constraints, ''), 'PENDING',
        {micros}, {micros} FROM problems WHERE is_completed ORDER BY id DESC LIMIT 1
"""


@dataclass(slots=True)
class _Held:
    table: str
    id: int
    platform: str
    problem_id: str
    task: str
    fate: Fate
    step: int = 0

    @property
    def name(self) -> str:
        return f"{'extraction' if self.table == EXTRACTION else 'generation'} {self.id}"


class AlgoItnyWork(Holder):
    """Holds up to ``CONCURRENCY`` jobs of each table and tells a progress step of each in every round.

    ``feed`` is how many pending jobs of each table to keep in stock by adding new ones.
    """

    def __init__(self, connection: Connection, *, seed: int = 0, feed: int = 0, failing: float = 1.0) -> None:
        self._connection = connection
        self._seed = seed
        self._feed = feed
        self._failing = failing
        self._random = Random()  # No two workers, started when they may be, are the same task.
        self._held: list[_Held] = []

    def adopt(self) -> list[str]:
        for table, sql in _SQL.items():
            for row in self._connection.execute(sql.adopt, (CONCURRENCY,)).fetchall():
                self._hold(table, row, row["celery_task_id"])
        return [f"took over {held.name}" for held in self._held]

    def tick(self) -> list[str]:
        said: list[str] = []
        with self._transaction():
            for table in _SQL:
                said += self._add_job(table)
            for held in list(self._held):
                said += self._advance(held)
            for table in _SQL:
                said += self._claim(table)
        return said

    def _hold(self, table: str, row: Row, task: str) -> _Held:
        steps = len(_STEPS[table])
        fate = Fate.of(self._seed, f"{table}:{row['id']}", least=steps, most=steps, failing=self._failing)
        held = _Held(table, row["id"], row["platform"], row["problem_id"], task, fate)
        self._held.append(held)
        return held

    def _claim(self, table: str) -> list[str]:
        free = CONCURRENCY - sum(held.table == table for held in self._held)
        said = []
        for row in self._connection.execute(_SQL[table].following, (free,)).fetchall():
            task = str(UUID(int=self._random.getrandbits(128), version=4))
            self._connection.execute(_SQL[table].claim, (task, row["id"]))
            held = self._hold(table, row, task)
            self._tell(held, "started")
            said.append(f"started {held.name}")
        return said

    def _advance(self, held: _Held) -> list[str]:
        if self._connection.execute(_SQL[held.table].mine, (held.id, held.task)).fetchone() is None:
            self._held.remove(held)
            return [f"gave up {held.name}: somebody else changed it"]
        held.step += 1
        if held.step == held.fate.fails_at:
            return self._finish(held, "FAILED", _ERROR)
        if held.step >= held.fate.steps:
            return self._finish(held, "COMPLETED", None)
        self._tell(held, "in_progress")
        return []

    def _finish(self, held: _Held, status: str, error: str | None) -> list[str]:
        self._connection.execute(_SQL[held.table].finish, (status, error, held.id))
        self._held.remove(held)
        self._tell(held, status.lower(), error, status)
        return [f"{status.lower()} {held.name}"]

    def _tell(
        self, held: _Held, status: str, error: str | None = None, job_status: str = "PROCESSING"
    ) -> None:
        steps = _STEPS[held.table]
        step, message = steps[min(held.step, len(steps) - 1)]
        history = (CONTENT_TYPES[held.table], held.id, step, error or message, status)
        self._connection.execute(_HISTORY, history)
        if held.table == EXTRACTION:
            progress = "Extraction completed" if job_status == "COMPLETED" else message
            key = (held.platform, held.problem_id)
            values = (job_status, held.id, progress, error, job_status == "COMPLETED")
            self._connection.execute(_PROBLEM, (*values, *key))

    def _add_job(self, table: str) -> list[str]:
        if self._connection.execute(_SQL[table].pending).value >= self._feed:
            return []
        if table == EXTRACTION:
            number = 200_001 + self._connection.execute(_NEWEST_PROBLEM).value
            url = f"https://codeforces.com/problem/{number}"
            self._connection.execute(_FEED_PROBLEM, (str(number), f"Draft {number}", url))
        self._connection.execute(_FEED_EXTRACTION if table == EXTRACTION else _FEED_GENERATION)
        return [f"added a job to {table}"]
