"""The feedlyai worker: eight steps per variant, each begun by an event and never by looking for work.

The original is told by NOTIFY that a variant has changed, and an event that nobody hears is gone: so is what
happened before a worker was started. Where there is no NOTIFY, see ``feedlyai_events``.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from unstick.backends.demo.connection import Connection, Row
from unstick.backends.demo.feedlyai_events import Event, events_of
from unstick.backends.demo.seed_feedlyai import STEPS, TENANTS
from unstick.backends.demo.work import Holder, made_up

CONCURRENCY = 2
"""Jobs held at the same time, of three variants each."""

_FAILURES = 0.08
"""Fewer than one in ten variants fail, since each keeps its job from being done."""
_VARIANT = "job_variants_id, job_id, status, current_step, retry_count, updated_at"
_ALIVE = f"""
    SELECT {_VARIANT} FROM jobs_variants
    WHERE (status = 'running' AND {{instant updated_at}} > {{instant-300}})
       OR (status = 'done' AND {{instant updated_at}} > {{instant-30}})
    ORDER BY pk LIMIT {3 * CONCURRENCY}
"""  # noqa: S608
_ONE = f"SELECT {_VARIANT} FROM jobs_variants WHERE job_variants_id = ? {{locked}}"  # noqa: S608
_BEGIN = """
    UPDATE jobs_variants SET status = 'running', current_step = ?, updated_at = {zoned}
    WHERE job_variants_id = ?
"""
_JOB_RUNS = """
    UPDATE jobs SET status = 'running', updated_at = {zoned} WHERE job_id = ? AND status <> 'running'
"""
_END = "UPDATE jobs_variants SET status = ?, updated_at = {zoned} WHERE job_variants_id = ?"
_QUEUED = """
    SELECT job_id FROM jobs WHERE status = 'queued' ORDER BY created_at, pk LIMIT ? {skip_locked}
"""
_CLAIM = """
    UPDATE jobs SET status = 'running', current_step = 'vlm_analyze', updated_at = {zoned} WHERE job_id = ?
"""
_WAITING = f"""
    SELECT {_VARIANT} FROM jobs_variants WHERE job_id = ? AND status = 'queued' ORDER BY creation_order
"""  # noqa: S608
_COUNT_QUEUED = "SELECT count(*) FROM jobs WHERE status = 'queued'"
_COUNT = "SELECT count(*) FROM jobs"
_FEED = """
    INSERT INTO jobs (job_id, tenant_id, current_step, version) VALUES (?, ?, 'user_img_input', 'v1')
"""
_ADD_VARIANT = "INSERT INTO jobs_variants (job_variants_id, job_id, creation_order) VALUES (?, ?, ?)"


@dataclass(slots=True)
class _Held:
    variant: str
    job: str
    step: str
    stamp: str
    rounds: int


class FeedlyAIWork(Holder):
    """Begins queued jobs, and for each variant the step after the one that it is told is done.

    What ends is committed before what comes next is begun, as in the original, where another request does
    that. ``feed`` is how many queued jobs to keep in stock by adding new ones.
    """

    def __init__(self, connection: Connection, *, seed: int = 0, feed: int = 0, failing: float = 1.0) -> None:
        self._connection = connection
        self._seed = seed
        self._feed = feed
        self._failing = failing
        self._held: dict[str, _Held] = {}
        self._ended: list[Event] = []
        self._events = events_of(connection)

    def adopt(self) -> list[str]:
        with self._transaction():
            for row in self._connection.execute(_ALIVE).fetchall():
                if row["status"] == "running":
                    self._hold(row["job_variants_id"], row["job_id"], row["current_step"])
                else:
                    self._next(row)
        return [f"took over {held.variant} at {held.step}" for held in self._held.values()]

    def tick(self) -> list[str]:
        # A transaction for each variant: the triggers lock its job, too, and whoever holds several of these
        # in another order than a console does keeps both waiting for ever.
        with self._transaction():
            said = self._add_job()
        for variant in list(self._held):
            with self._transaction():
                said += self._advance(self._held[variant])
        events, self._ended = [*self._ended, *self._events.news()], []
        for event in events:
            with self._transaction():
                self._react(event)
        with self._transaction():
            said += self._claim()
        return said

    def _react(self, event: Event) -> None:
        """Begin what the event calls for, if the variant still is as it says."""
        if event.variant in self._held:
            return
        row = self._connection.execute(_ONE, (event.variant,)).fetchone()
        if row is not None and (row["status"], row["current_step"]) == (event.status, event.step):
            self._next(row)

    def _next(self, row: Row) -> None:
        """What a change of a variant brings about: done begins the next step, queued the same one again."""
        step: str = row["current_step"]
        if row["status"] == "queued" and step in STEPS:
            self._begin(row, step)
        elif row["status"] == "done" and step in STEPS[:-1]:
            self._begin(row, STEPS[STEPS.index(step) + 1])

    def _begin(self, row: Row, step: str) -> None:
        self._connection.execute(_BEGIN, (step, row["job_variants_id"]))
        self._connection.execute(_JOB_RUNS, (row["job_id"],))
        self._hold(row["job_variants_id"], row["job_id"], step)

    def _hold(self, variant: str, job: str, step: str) -> None:
        row = self._connection.execute(_ONE, (variant,)).fetchone()
        if row is not None:
            rounds = Random(f"{self._seed}:{variant}:{step}").randint(1, 4)
            self._held[variant] = _Held(variant, job, step, row["updated_at"], rounds)

    def _advance(self, held: _Held) -> list[str]:
        row = self._connection.execute(_ONE, (held.variant,)).fetchone()
        mine = ("running", held.step, held.stamp)
        if row is None or (row["status"], row["current_step"], row["updated_at"]) != mine:
            del self._held[held.variant]
            return [f"gave up {held.variant}: somebody else changed it"]
        held.rounds -= 1
        if held.rounds:
            return []
        del self._held[held.variant]
        # A variant that somebody helped along does not fail again.
        fails = self._fails_at(held.variant) == held.step and not row["retry_count"]
        status = "failed" if fails else "done"
        self._connection.execute(_END, (status, held.variant))
        self._ended.append(Event(held.variant, status, held.step))
        return [f"{status} {held.step} of {held.variant}"]

    def _fails_at(self, variant: str) -> str | None:
        random = Random(f"{self._seed}:{variant}")
        chance, step = random.random(), random.choice(STEPS)
        return step if chance < _FAILURES * self._failing else None

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
        if self._connection.execute(_COUNT_QUEUED).value >= self._feed:
            return []
        job = made_up("feed", self._seed, self._connection.execute(_COUNT).value)
        self._connection.execute(_FEED, (job, Random(job).choice(TENANTS)))
        for order in range(1, 4):
            self._connection.execute(_ADD_VARIANT, (made_up(job, order), job, order))
        return ["added a job"]
