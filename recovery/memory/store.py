"""The tables of a system in memory, and the moves that its workers make on them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..model import Attempt, Image, JobId, Scalar, VariantId
from ..outcome import OperationRow
from ..plan import Plan

Value = Scalar | datetime
Row = dict[str, Value]
Ref = tuple[JobId, VariantId | None]

JOBS, VARIANTS, EVENTS = "jobs", "variants", "events"
TIMES = frozenset({"created_at", "started_at", "updated_at", "completed_at", "at"})
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""Where a clock that nobody gave begins: a fixed instant, so that screens and tests are repeatable."""


class FixedClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class Entry:
    """An operation in the journal while it grows."""

    id: str
    plan: Plan
    started_at: datetime
    finished_at: datetime | None = None
    rows: dict[Ref, OperationRow] = field(default_factory=dict)


@dataclass(slots=True)
class Store:
    """Everything that a database would hold."""

    clock: Callable[[], datetime]
    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {JOBS: {}, VARIANTS: {}, EVENTS: {}})
    attempts: list[Attempt] = field(default_factory=list)
    journal: dict[str, Entry] = field(default_factory=dict)
    locked: set[JobId] = field(default_factory=set)
    broken: dict[JobId, str] = field(default_factory=dict)
    watchers: set[asyncio.Event] = field(default_factory=set)
    leader: tuple[object, str] | None = None

    @property
    def jobs(self) -> dict[str, Row]:
        """The job table, by key."""
        return self.tables[JOBS]

    def children(self, job: JobId) -> list[tuple[str, str, Row]]:
        """Return table, key and row of everything that hangs on a job, in the order it was added."""
        found = [
            (table, key, row)
            for table in (VARIANTS, EVENTS)
            for key, row in self.tables[table].items()
            if row["job"] == job
        ]
        return sorted(found, key=lambda child: (child[0], number(child[2], "position") or 0))

    def changed(self) -> None:
        """Wake whoever watches."""
        for watcher in self.watchers:
            watcher.set()

    def remove(self, job: JobId) -> None:
        """Delete a job and its children."""
        for table, key, _ in self.children(job):
            del self.tables[table][key]
        del self.jobs[job]


def row_of(store: Store, ref: Ref) -> Row:
    """Return the row of a job or variant; an empty one where it is gone, or is another job's."""
    job, variant = ref
    if variant is None:
        return store.jobs.get(job, {})
    row = store.tables[VARIANTS].get(variant, {})
    return row if row.get("job") == job else {}


def encode(row: Mapping[str, Value]) -> Image:
    """Return a row as an image: times as ISO text with their microseconds."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def decode(image: Image) -> Row:
    """Return the row that an image was made of."""
    return {
        name: datetime.fromisoformat(value) if name in TIMES and isinstance(value, str) else value
        for name, value in image.items()
    }


def at(row: Mapping[str, Value], name: str) -> datetime | None:
    """Return a time column."""
    value = row.get(name)
    return value if isinstance(value, datetime) else None


def text(row: Mapping[str, Value], name: str) -> str | None:
    """Return a text column."""
    value = row.get(name)
    return None if value is None else str(value)


def number(row: Mapping[str, Value], name: str) -> int | None:
    """Return a whole-number column."""
    value = row.get(name)
    return value if isinstance(value, int) else None
