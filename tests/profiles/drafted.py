"""Invented and real-looking job tables that no profile knows, with jobs of every kind in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from tests.systems.databases import in_database

Kind = Literal["zoned", "naive", "ms", "s", "iso"]

SHORT = sa.String(60)
ZONED = sa.DateTime(timezone=True).with_variant(mysql.TIMESTAMP(fsp=6), "mysql", "mariadb")
NAIVE = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
TYPES: Mapping[Kind, Any] = {
    "zoned": ZONED, "naive": NAIVE, "ms": sa.BigInteger(), "s": sa.BigInteger(), "iso": sa.String(40),
}  # fmt: skip
HUNG = 2
ALL = {"pending": 10, "running": 10, "done": 15, "failed": 3, "hung": HUNG}
HOUR = 3600.0


@dataclass(frozen=True)
class Spec:
    """A table of jobs. `times` maps a role to its column, `words` a state to the native status; an empty
    `status` means that only times tell it."""

    name: str
    table: str
    kind: Kind
    times: Mapping[str, str]
    words: Mapping[str, Any] = field(default_factory=dict)
    status: str = "status"
    status_type: Any = SHORT
    default: Any = None
    key: str = "id"
    more: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def table_of(self, metadata: sa.MetaData) -> sa.Table:
        """Return the table, which belongs to the metadata then."""
        columns = [sa.Column(self.key, sa.Integer, primary_key=True, autoincrement=True)]
        if self.status:
            default = None if self.default is None else str(self.default)
            columns.append(sa.Column(self.status, self.status_type, nullable=False, server_default=default))
        columns += [
            sa.Column(name, TYPES[self.kind], nullable=role != "created") for role, name in self.times.items()
        ]
        columns += [sa.Column(name, kind) for name, kind in self.more.items()]
        return sa.Table(self.table, metadata, *columns)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many jobs of each kind there are; queues without a status delete what is over."""
        kept = {"pending", "running", "hung", *(["failed"] if "failed" in self.times else [])}
        return {state: count for state, count in ALL.items() if self.status or state in kept}

    def rows(self) -> list[dict[str, Any]]:
        """Return jobs that wait, work, are done, failed, or hang."""
        return [self._row(state, number) for state, count in self.counts.items() for number in range(count)]

    def _row(self, state: str, number: int) -> dict[str, Any]:
        ages = {"created": 2 * HOUR}
        if state != "pending":
            began = 72 * HOUR if state == "hung" else 120.0 + number if state == "running" else HOUR
            ages |= {"created": began + 60, "started": began}
            ages["alive"] = began - 60 if state != "running" else 5.0 + number
        if state == "done":
            ages["finished"] = HOUR - 40
        if state == "failed":
            ages["failed"] = HOUR - 40
        word = "running" if state == "hung" else state
        row: dict[str, Any] = {name: ages.get(role) for role, name in self.times.items()}
        row = {name: None if age is None else self._moment(age) for name, age in row.items()}
        return {**row, **({self.status: self.words[word]} if self.status else {}), **self.values}

    def _moment(self, age: float) -> Any:
        at = datetime.now(UTC) - timedelta(seconds=age)
        if self.kind in ("ms", "s"):
            return int(at.timestamp() * (1000 if self.kind == "ms" else 1))
        if self.kind == "iso":
            return at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return at if self.kind == "zoned" else at.replace(tzinfo=None)


def enum(name: str, *values: str) -> sa.Enum:
    """A native type where there is one, else a checked text."""
    return sa.Enum(*values, name=name, create_constraint=True)


SPECS = (
    Spec(
        "like pgqueuer", "pgqueuer_copy", "zoned",
        {"created": "created", "alive": "heartbeat"},
        {"pending": "queued", "running": "picked", "done": "successful", "failed": "exception"},
        status_type=enum("queue_status", "queued", "picked", "successful", "exception", "canceled"),
        more={"priority": sa.Integer(), "queue_manager_id": SHORT, "entrypoint": SHORT, "payload": sa.Text()},
        values={"entrypoint": "resize", "queue_manager_id": "w1"},
    ),
    Spec(
        "like delayed_job", "delayed_jobs", "naive",
        {"created": "created_at", "started": "locked_at", "failed": "failed_at"}, status="",
        more={"priority": sa.Integer(), "attempts": sa.Integer(), "handler": sa.Text(),
              "last_error": sa.Text(), "locked_by": SHORT, "queue": SHORT},
        values={"attempts": 1, "queue": "default"},
    ),
    Spec(
        "like Oban", "oban_like_jobs", "naive",
        {"created": "inserted_at", "started": "attempted_at", "finished": "completed_at",
         "failed": "discarded_at"},
        {"pending": "available", "running": "executing", "done": "completed", "failed": "discarded"},
        status="state", default="available",
        more={"queue": SHORT, "worker": SHORT, "attempt": sa.Integer(), "max_attempts": sa.Integer()},
        values={"worker": "Mailer", "queue": "mail", "attempt": 1, "max_attempts": 20},
    ),
    Spec(
        "milliseconds since 1970", "render_tasks", "ms",
        {"created": "created_at", "started": "started_at", "alive": "last_heartbeat",
         "finished": "finished_at"},
        {"pending": "QUEUED", "running": "RUNNING", "done": "SUCCESS", "failed": "FAILURE"},
        more={"task_type": SHORT, "retry_count": sa.Integer()},
    ),
    Spec(
        "times as text", "import_jobs", "iso",
        {"created": "created_at", "started": "started_at", "alive": "updated_at", "finished": "finished_at"},
        {"pending": "new", "running": "in_progress", "done": "ok", "failed": "error"},
        more={"error_message": sa.Text(), "kind": SHORT},
    ),
    Spec(
        "German", "aufträge", "naive",
        {"created": "angelegt_am", "started": "gestartet_am", "alive": "letztes_lebenszeichen",
         "finished": "beendet_am"},
        {"pending": "wartend", "running": "läuft", "done": "fertig", "failed": "fehlgeschlagen"},
        status="zustand", key="nummer",
        more={"auftragsart": SHORT, "versuche": sa.Integer(), "fehlermeldung": sa.Text(),
              "gesperrt_von": SHORT},
    ),
    Spec(
        "camel case", "BackgroundJob", "zoned",
        {"created": "createdAt", "started": "startedAt", "alive": "lastHeartbeatAt",
         "finished": "completedAt"},
        {"pending": "Waiting", "running": "InProgress", "done": "Completed", "failed": "Failed"},
        status="jobStatus", more={"jobType": SHORT, "lastError": sa.Text(), "workerId": SHORT},
    ),
    Spec(
        "like Laravel", "queued_work", "s", {"created": "created_at", "started": "reserved_at"}, status="",
        more={"queue": SHORT, "payload": sa.Text(), "attempts": sa.Integer()},
        values={"queue": "default", "attempts": 1},
    ),
)  # fmt: skip
"""Those of which a draft works as it is."""

NUMBERED = Spec(
    "numbers as statuses", "queue_items", "zoned",
    {"created": "created_at", "started": "started_at", "alive": "updated_at", "finished": "finished_at"},
    {"pending": 0, "running": 1, "done": 2, "failed": 3},
    status_type=sa.SmallInteger(), more={"kind": SHORT, "attempts": sa.Integer()},
)  # fmt: skip


async def make(url: str, *specs: Spec, also: str = "") -> None:
    """Create the tables with their rows; `also` is one more statement."""

    def work(connection: sa.Connection) -> None:
        metadata = sa.MetaData()
        tables = [(spec.table_of(metadata), spec) for spec in specs]
        metadata.create_all(connection)
        for table, spec in tables:
            if connection.dialect.name == "mysql":
                # What is stored in a TIMESTAMP is an instant only if the session says which zone it means.
                connection.exec_driver_sql("SET time_zone = '+00:00'")
            connection.execute(sa.insert(table), spec.rows())
        if also:
            connection.exec_driver_sql(also)

    await in_database(url, work)
