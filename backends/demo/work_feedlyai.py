"""The feedlyai worker: eight steps per variant, each begun by an event and never by looking for work.

The original is told by NOTIFY that a variant has changed, and an event that nobody hears is gone. SQLite has
no NOTIFY, so an event here is a row whose ``updated_at`` moved since this worker looked last; what changed
before it was started is as lost as in the original.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from random import Random

from unstick.backends.demo.seed_feedlyai import STEPS, TENANTS
from unstick.backends.demo.work import Watch, transaction

CONCURRENCY = 2
"""Jobs held at the same time, of three variants each."""

_NOW = "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
_VARIANT = "job_variants_id, job_id, status, current_step, retry_count, julianday(updated_at) AS moved"
# Five seconds, in days: a change may be committed that much later than the time that it carries.
_SLACK = 5 / 86_400
_NEWEST = (
    "SELECT max(julianday(updated_at)) FROM jobs_variants WHERE julianday(updated_at) <= julianday('now')"
)
# As in the original, a row that was only inserted is no event.
_EVENTS = f"""
    SELECT {_VARIANT} FROM jobs_variants
    WHERE julianday(updated_at) BETWEEN ? AND julianday('now') AND updated_at IS NOT created_at
    ORDER BY julianday(updated_at), pk
"""  # noqa: S608
_ALIVE = f"""
    SELECT {_VARIANT} FROM jobs_variants
    WHERE (status = 'running' AND julianday(updated_at) > julianday('now', '-300 seconds'))
       OR (status = 'done' AND julianday(updated_at) > julianday('now', '-30 seconds'))
    ORDER BY pk LIMIT {3 * CONCURRENCY}
"""  # noqa: S608
_BEGIN = f"""
    UPDATE jobs_variants SET status = 'running', current_step = ?, updated_at = {_NOW}
    WHERE job_variants_id = ?
"""  # noqa: S608
_JOB_RUNS = f"""
    UPDATE jobs SET status = 'running', updated_at = {_NOW} WHERE job_id = ? AND status <> 'running'
"""  # noqa: S608
_STAMP = "SELECT status, current_step, retry_count, updated_at FROM jobs_variants WHERE job_variants_id = ?"
_ONE = f"SELECT {_VARIANT} FROM jobs_variants WHERE job_variants_id = ?"  # noqa: S608
_END = f"UPDATE jobs_variants SET status = ?, updated_at = {_NOW} WHERE job_variants_id = ?"  # noqa: S608
_QUEUED = "SELECT job_id FROM jobs WHERE status = 'queued' ORDER BY created_at, pk LIMIT ?"
_CLAIM = f"""
    UPDATE jobs SET status = 'running', current_step = 'vlm_analyze', updated_at = {_NOW} WHERE job_id = ?
"""  # noqa: S608
_WAITING = f"""
    SELECT {_VARIANT} FROM jobs_variants WHERE job_id = ? AND status = 'queued' ORDER BY creation_order
"""  # noqa: S608
_COUNT_QUEUED = "SELECT count(*) FROM jobs WHERE status = 'queued'"
_FEED = (
    "INSERT INTO jobs (tenant_id, current_step, version) VALUES (?, 'user_img_input', 'v1') RETURNING job_id"
)
_ADD_VARIANT = "INSERT INTO jobs_variants (job_id, creation_order) VALUES (?, ?)"


@dataclass(slots=True)
class _Held:
    variant: str
    job: str
    step: str
    stamp: str
    rounds: int


class FeedlyAIWork:
    """Begins queued jobs, and for each variant the step after the one that it is told is done.

    ``feed`` is how many queued jobs to keep in stock by adding new ones.
    """

    def __init__(self, connection: sqlite3.Connection, *, seed: int = 0, feed: int = 0) -> None:
        self._connection = connection
        self._seed = seed
        self._feed = feed
        self._random = Random(f"feed:{seed}")
        self._held: dict[str, _Held] = {}
        self._watch = Watch(connection)
        # How far the changes have been seen, and which ones of the last moments.
        (newest,) = connection.execute(_NEWEST).fetchone()
        self._until: float = newest or 0.0
        self._seen: set[tuple[object, ...]] = set()
        self._events()

    def adopt(self) -> list[str]:
        with transaction(self._connection):
            for row in self._connection.execute(_ALIVE).fetchall():
                if row["status"] == "running":
                    self._hold(row["job_variants_id"], row["job_id"], row["current_step"])
                else:
                    self._next(row)
        return [f"took over {held.variant} at {held.step}" for held in self._held.values()]

    def tick(self) -> list[str]:
        with transaction(self._connection):
            said = self._add_job()
            for held in list(self._held.values()):
                said += self._advance(held)
            if self._watch.is_news():
                for row in self._events():
                    self._next(row)
            said += self._claim()
        return said

    def _events(self) -> list[sqlite3.Row]:
        found = self._connection.execute(_EVENTS, (self._until - _SLACK,)).fetchall()
        news = [row for row in found if tuple(row) not in self._seen]
        self._seen = set(map(tuple, found))
        if found:
            self._until = found[-1]["moved"]
        return [row for row in news if row["job_variants_id"] not in self._held]

    def _next(self, row: sqlite3.Row) -> None:
        """What a change of a variant brings about: done begins the next step, queued the same one again."""
        step: str = row["current_step"]
        if row["status"] == "queued" and step in STEPS:
            self._begin(row, step)
        elif row["status"] == "done" and step in STEPS[:-1]:
            self._begin(row, STEPS[STEPS.index(step) + 1])

    def _begin(self, row: sqlite3.Row, step: str) -> None:
        self._connection.execute(_BEGIN, (step, row["job_variants_id"]))
        self._connection.execute(_JOB_RUNS, (row["job_id"],))
        self._hold(row["job_variants_id"], row["job_id"], step)

    def _hold(self, variant: str, job: str, step: str) -> None:
        stamp = self._connection.execute(_STAMP, (variant,)).fetchone()["updated_at"]
        rounds = Random(f"{self._seed}:{variant}:{step}").randint(1, 4)
        self._held[variant] = _Held(variant, job, step, stamp, rounds)

    def _advance(self, held: _Held) -> list[str]:
        row = self._connection.execute(_STAMP, (held.variant,)).fetchone()
        if row is None or tuple(row)[:2] != ("running", held.step) or row["updated_at"] != held.stamp:
            del self._held[held.variant]
            return [f"gave up {held.variant}: somebody else changed it"]
        held.rounds -= 1
        if held.rounds:
            return []
        del self._held[held.variant]
        # A variant that somebody helped along does not fail again.
        fails = self._fails_at(held.variant) == held.step and not row["retry_count"]
        self._connection.execute(_END, ("failed" if fails else "done", held.variant))
        self._next(self._connection.execute(_ONE, (held.variant,)).fetchone())
        return [f"{'failed' if fails else 'done'} {held.step} of {held.variant}"]

    def _fails_at(self, variant: str) -> str | None:
        """Fewer than one in ten fail, since each keeps its job from being done."""
        random = Random(f"{self._seed}:{variant}")
        return random.choice(STEPS) if random.random() < 0.08 else None

    def _claim(self) -> list[str]:
        free = CONCURRENCY - len({held.job for held in self._held.values()})
        said = []
        for (job,) in self._connection.execute(_QUEUED, (max(free, 0),)).fetchall():
            self._connection.execute(_CLAIM, (job,))
            for row in self._connection.execute(_WAITING, (job,)).fetchall():
                self._next(row)
            said.append(f"started {job}")
        return said

    def _add_job(self) -> list[str]:
        (queued,) = self._connection.execute(_COUNT_QUEUED).fetchone()
        if queued >= self._feed:
            return []
        (job,) = self._connection.execute(_FEED, (self._random.choice(TENANTS),)).fetchone()
        for order in range(1, 4):
            self._connection.execute(_ADD_VARIANT, (job, order))
        return ["added a job"]
