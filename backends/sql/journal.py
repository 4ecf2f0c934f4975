"""The journal and the retry history, in the same transaction where they are installed, else in a local file.

In a team's database a chunk's rows are journalled in the chunk's own transaction. The local file can't be
part of that
transaction: rows that are about to change are written before the commit as `intended`, with their images
before and
after, and become `applied` after it. An intention that a crash left behind is settled by looking at the row.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs
import sqlalchemy as sa

from unstick.recovery.model import JobId, VariantId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Change, Plan, PlanRow

from .journal_tables import HISTORY, METADATA, OPERATIONS, ROWS

INTENDED = "intended"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One planned row's outcome with what is needed to undo it. `attempt` adds a row to the retry history."""

    number: int
    row: PlanRow
    outcome: Outcome
    detail: str
    at: datetime
    changes: tuple[Change, ...] = ()
    from_status: str | None = None
    to_status: str | None = None
    attempt: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes; `log_reading` reads. `local` is the file's engine, or None when the tables are in the
    database."""

    source: str
    database: str
    profile: str
    local: sa.Engine | None = None

    @contextmanager
    def on(self, connection: sa.Connection | None) -> Iterator[sa.Connection]:
        """The connection to the journal: the chunk's own, or a transaction on the local file."""
        if self.local is None:
            assert connection is not None
            yield connection
        else:
            with self.local.begin() as own:
                yield own

    def begin(self, connection: sa.Connection, plan: Plan, now: datetime) -> None:
        """Write the intention, unless this plan's operation is there already."""
        with self.on(connection) as where:
            known = sa.select(OPERATIONS.c.id).where(OPERATIONS.c.id == plan.id)
            if where.execute(known).first() is None:
                values = {
                    "id": plan.id,
                    "source": self.source,
                    "database_name": self.database,
                    "profile": self.profile,
                    "action": plan.action,
                    "operator": plan.options.operator,
                    "reason": plan.options.reason,
                    "started_at": moment(now),
                    "planned": len(plan.rows),
                    "undoes": plan.undoes,
                }
                where.execute(sa.insert(OPERATIONS).values(values))

    def write(self, connection: sa.Connection, plan: Plan, entries: Sequence[Entry]) -> None:
        """Write the outcomes of a chunk inside its transaction; local ones that change rows are only
        intended yet."""
        if not entries:
            return
        with self.on(connection) as where:
            numbers = [entry.number for entry in entries]
            where.execute(sa.delete(ROWS).where(ROWS.c.operation == plan.id, ROWS.c.row_number.in_(numbers)))
            where.execute(sa.insert(ROWS), [self._row(plan, entry) for entry in entries])
            if self.local is None:
                self._attempts(where, plan, entries)

    def confirm(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """After the commit: intentions in the local file are facts now."""
        if self.local is None or not entries:
            return
        with self.on(None) as where:
            self._settle(where, plan.id, [entry.number for entry in entries])
            self._attempts(where, plan, entries)

    def withdraw(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """After a rollback: the intentions in the local file came to nothing."""
        if self.local is None or not entries:
            return
        with self.on(None) as where:
            intended = (ROWS.c.operation == plan.id) & (ROWS.c.outcome == INTENDED)
            where.execute(sa.delete(ROWS).where(intended, ROWS.c.row_number.in_([e.number for e in entries])))

    def finish(self, connection: sa.Connection | None, operation: str, now: datetime) -> None:
        """Write that every chunk was handled."""
        with self.on(connection) as where:
            where.execute(
                sa.update(OPERATIONS).where(OPERATIONS.c.id == operation).values(finished_at=moment(now))
            )

    def mark_undone(self, connection: sa.Connection, plan: Plan, rows: Iterable[PlanRow]) -> None:
        """Write that rows of the undone operation were put back."""
        if plan.undoes is None:
            return
        with self.on(connection) as where:
            for row in rows:
                same = (ROWS.c.operation == plan.undoes) & (ROWS.c.job == row.job)
                same &= ROWS.c.variant.is_(None) if row.variant is None else ROWS.c.variant == row.variant
                where.execute(sa.update(ROWS).where(same).values(undone_by=plan.id))

    def known(self, connection: sa.Connection, plan: Plan, numbers: Sequence[int]) -> dict[int, Any]:
        """Return the journal's rows of this plan by row number."""
        with self.on(connection) as where:
            statement = sa.select(ROWS).where(ROWS.c.operation == plan.id, ROWS.c.row_number.in_(numbers))
            return {row.row_number: row for row in where.execute(statement)}

    def _settle(self, where: sa.Connection, operation: str, numbers: Sequence[int]) -> None:
        intended = (ROWS.c.operation == operation) & (ROWS.c.outcome == INTENDED)
        for start in range(0, len(numbers), _BATCH):
            some = ROWS.c.row_number.in_(numbers[start : start + _BATCH])
            where.execute(sa.update(ROWS).where(intended, some).values(outcome=Outcome.APPLIED.value))

    def _row(self, plan: Plan, entry: Entry) -> dict[str, Any]:
        open_yet = self.local is not None and entry.outcome is Outcome.APPLIED
        return {
            "operation": plan.id,
            "row_number": entry.number,
            "job": entry.row.job,
            "variant": entry.row.variant,
            "outcome": INTENDED if open_yet else entry.outcome.value,
            "detail": entry.detail,
            "at": moment(entry.at),
            "changes": json.dumps([asdict(change) for change in entry.changes]),
            "undone_by": None,
            "process": process_name(),
        }

    def _attempts(self, where: sa.Connection, plan: Plan, entries: Sequence[Entry]) -> None:
        made = [
            {
                "database_name": self.database,
                "profile": self.profile,
                "job": entry.row.job,
                "variant": entry.row.variant,
                "at": moment(entry.at),
                "action": plan.action,
                "reason": entry.row.reason,
                "result": entry.outcome.value,
                "from_status": entry.from_status,
                "to_status": entry.to_status,
                "who": plan.options.operator,
                "operation": plan.id,
                "detail": plan.options.reason,
            }
            for entry in entries
            if entry.attempt and entry.outcome is Outcome.APPLIED
        ]
        if made:
            where.execute(sa.insert(HISTORY), made)


def moment(at: datetime) -> str:
    """Return an instant as the journal keeps it: UTC, microseconds, sortable."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def instant(text: str) -> datetime:
    """Read an instant that the journal kept."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def changes_of(text: str) -> tuple[Change, ...]:
    """Read the row images of a journal row."""
    return tuple(Change(**change) for change in json.loads(text))


def process_name() -> str:
    """Return host and process id, to tell a crashed process's intention from a running one's."""
    return f"{socket.gethostname()}:{os.getpid()}"


def process_lives(name: str | None) -> bool:
    """Whether the process that left an intention may still be at work; another host's can't be seen."""
    host, _, pid = (name or "").rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def local_engine(path: Path | None = None) -> sa.Engine:
    """Return the local journal file under the XDG state folder, made when it is not there yet."""
    path = path or Path(platformdirs.user_state_dir("unstick")) / "journal.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})

    @sa.event.listens_for(engine, "connect")
    def setup(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    METADATA.create_all(engine)
    return engine


def reverse(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes that put the rows back, in the opposite order."""
    turned = {"update": "update", "insert": "delete", "delete": "insert"}
    return tuple(
        replace(change, op=turned[change.op], before=change.after, after=change.before)  # type: ignore[arg-type]
        for change in reversed(changes)
    )


__all__ = ["Entry", "JobId", "Journal", "VariantId", "local_engine"]
