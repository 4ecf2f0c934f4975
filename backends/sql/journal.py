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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from unstick.recovery.hooks_outcome import NOT_CALLED
from unstick.recovery.model import JobId, VariantId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Change, Plan, PlanRow, shallow

from . import many
from .journal_tables import HISTORY, OPERATIONS, ROWS, row_columns

INTENDED = "intended"
_BATCH = 500
_LASTING = (Outcome.APPLIED.value, INTENDED)
"""Outcomes that no later apply of the same plan may write over: their images are what an undo needs."""
Attempted = tuple[str, str, str | None, str | None, str]
"""What makes an attempt the same one in the local file and in the database; see `attempted`."""
_in_flight: set[tuple[str, int]] = set()
"""Intentions of this process whose transaction is open; any other one of this process was abandoned."""


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
    behind: int = 0
    """How many operations are still in the local file although the tables are in the database now."""
    left: frozenset[Attempted] = frozenset()
    """Their attempts, which count."""
    denied: str | None = None
    """Why nothing can be read: the missing GRANT, or what is wrong with the local file, as a sentence."""
    hooked: bool = True
    """Whether it keeps what becomes of hooks; tables from before that don't."""
    broken: bool = False
    """Whether it would be in the local file, which can't be used."""
    collation: str = ""
    """Of the ids in the retry history, on MySQL: what it is compared with has to be in the same one."""

    @property
    def place(self) -> str:
        """Where it is, `database` or `local`, usable or not."""
        return "local" if self.local is not None or self.broken else "database"

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

    def write(
        self, connection: sa.Connection, plan: Plan, entries: Sequence[Entry], *, anew: bool = True
    ) -> None:
        """Write the outcomes of a chunk inside its transaction; local ones that change rows are only
        intended yet, until `confirm`, `withdraw` or `landed`. Earlier outcomes of the same rows that changed
        nothing are replaced, unless it is known (`anew` is false) that there are none.

        Raises IntegrityError when another console applies the same plan and was quicker.
        """
        if not entries:
            return
        flying: set[tuple[str, int]] = set()
        try:
            with self.on(connection) as where:
                if anew:
                    mine = _numbered(plan, [entry.number for entry in entries])
                    where.execute(sa.delete(ROWS).where(mine, ROWS.c.outcome.not_in(_LASTING)))
                many.add(where, ROWS, [self._row(plan, entry) for entry in entries])
                if self.local is None:
                    self._facts(where, plan, entries)
                else:
                    flying = {(plan.id, number) for number in _own(entries)}
                    _in_flight.update(flying)
        except BaseException:
            _in_flight.difference_update(flying)
            raise

    def landed(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """The transaction is over, however it went: what is still intended was abandoned."""
        if self.local is not None:
            _in_flight.difference_update((plan.id, number) for number in _own(entries))

    def confirm(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """After the commit: intentions in the local file are facts now."""
        if self.local is None or not entries:
            return
        with self.on(None) as where:
            open_yet = self._intended(where, plan.id, _own(entries))
            self._settle(where, plan.id, sorted(open_yet))
            self._facts(where, plan, [entry for entry in entries if entry.number in open_yet])

    def withdraw(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """After a rollback: the intentions in the local file came to nothing."""
        if self.local is None or not entries:
            return
        with self.on(None) as where:
            intended = (ROWS.c.operation == plan.id) & (ROWS.c.outcome == INTENDED)
            where.execute(sa.delete(ROWS).where(intended, ROWS.c.row_number.in_(_own(entries))))
            remove_empty(where, plan.id)

    def finish(self, connection: sa.Connection | None, operation: str, now: datetime) -> None:
        """Write that every chunk was handled."""
        with self.on(connection) as where:
            where.execute(
                sa.update(OPERATIONS).where(OPERATIONS.c.id == operation).values(finished_at=moment(now))
            )

    def known(self, connection: sa.Connection, plan: Plan, numbers: Sequence[int]) -> dict[int, Any]:
        """Return the journal's rows of this plan by row number."""
        with self.on(connection) as where:
            statement = sa.select(*row_columns(hooked=self.hooked)).where(_numbered(plan, numbers))
            return {row.row_number: row for row in where.execute(statement)}

    def record_hooks(
        self, connection: sa.Connection | None, operation: str, outcomes: Mapping[int, str]
    ) -> None:
        """Write what became of hooks: row number -> outcome."""
        if not self.hooked:
            return
        with self.on(connection) as where:
            for number, outcome in outcomes.items():
                this = (ROWS.c.operation == operation) & (ROWS.c.row_number == number)
                where.execute(sa.update(ROWS).where(this).values(hook=outcome))

    def _intended(self, where: sa.Connection, operation: str, numbers: Sequence[int]) -> set[int]:
        mine = (ROWS.c.operation == operation) & (ROWS.c.outcome == INTENDED)
        found = where.execute(sa.select(ROWS.c.row_number).where(mine)).scalars()
        return set(found) & set(numbers)

    def _settle(self, where: sa.Connection, operation: str, numbers: Sequence[int]) -> None:
        intended = (ROWS.c.operation == operation) & (ROWS.c.outcome == INTENDED)
        for start in range(0, len(numbers), _BATCH):
            some = ROWS.c.row_number.in_(numbers[start : start + _BATCH])
            where.execute(sa.update(ROWS).where(intended, some).values(outcome=Outcome.APPLIED.value))

    def _row(self, plan: Plan, entry: Entry) -> dict[str, Any]:
        open_yet = self.local is not None and entry.outcome is Outcome.APPLIED
        calls = plan.hook is not None and entry.outcome is Outcome.APPLIED
        return {
            **({"hook": NOT_CALLED if calls else None} if self.hooked else {}),
            "operation": plan.id,
            "row_number": entry.number,
            "job": entry.row.job,
            "variant": entry.row.variant,
            "outcome": INTENDED if open_yet else entry.outcome.value,
            "detail": entry.detail,
            "at": moment(entry.at),
            "changes": json.dumps([shallow(change) for change in entry.changes]),
            "undone_by": None,
            "process": process_name(),
        }

    def _facts(self, where: sa.Connection, plan: Plan, entries: Sequence[Entry]) -> None:
        """Write what follows from rows that were changed: attempts, and what an undo put back."""
        mark_undone(where, plan.id, plan.undoes, entries)
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
            many.add(where, HISTORY, made)


def _numbered(plan: Plan, numbers: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether a row of the journal is one of these of the plan; a chunk's numbers follow each other."""
    its, first, last = ROWS.c.operation == plan.id, min(numbers), max(numbers)
    if last - first < len(numbers):
        return its & ROWS.c.row_number.between(first, last)
    return its & ROWS.c.row_number.in_(numbers)


def _own(entries: Iterable[Entry]) -> list[int]:
    """The numbers of the rows that these entries changed; another console may intend the others right now."""
    return [entry.number for entry in entries if entry.outcome is Outcome.APPLIED]


def remove_empty(where: sa.Connection, operation: str) -> None:
    """Remove an operation that came to nothing: no row of it was handled, and no rows are left."""
    rows = sa.select(ROWS.c.operation).where(ROWS.c.operation == operation)
    where.execute(sa.delete(OPERATIONS).where(OPERATIONS.c.id == operation, ~rows.exists()))


def mark_undone(where: sa.Connection, undo: str, undone: str | None, entries: Iterable[Entry]) -> None:
    """Write into the undone operation's rows that they were put back."""
    rows: dict[str | None, list[str]] = {}
    for entry in entries:
        if entry.outcome is Outcome.APPLIED:
            rows.setdefault(entry.row.variant, []).append(entry.row.job)
    for variant, jobs in rows.items() if undone is not None else ():
        same = (ROWS.c.operation == undone) & ROWS.c.job.in_(jobs)
        same &= ROWS.c.variant.is_(None) if variant is None else ROWS.c.variant == variant
        where.execute(sa.update(ROWS).where(same).values(undone_by=undo))


@lru_cache(maxsize=16)
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
    """Return host, process id and start, to tell a crashed process's intention from a running one's."""
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{_started(pid) or ''}"


def _started(pid: int) -> str | None:
    """When a process started, in the system's own count; empty where that can't be seen, None for one that
    has ended and only waits to be collected."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return None if state in "ZX" else rest[18]


def _lives(name: str | None) -> bool:
    """Whether the process that left an intention may still be at work; another host's can't be seen."""
    front, _, start = (name or "").rpartition(":")
    host, _, pid = front.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    started = _started(int(pid))
    return started is not None and (not started or start in ("", started))


def abandoned(operation: str, number: int, process: str | None) -> bool:
    """Whether nobody is at work any more on a row that is only intended."""
    if process == process_name():
        return (operation, number) not in _in_flight
    return not _lives(process)


def attempted(row: Any) -> Attempted:
    """Return what makes a row of the retry history the same one wherever it is kept."""
    return (row.profile, row.job, row.variant, row.operation, row.at)


def reverse(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes that put the rows back, in the opposite order."""
    turned = {"update": "update", "insert": "delete", "delete": "insert"}
    return tuple(
        replace(change, op=turned[change.op], before=change.after, after=change.before)  # type: ignore[arg-type]
        for change in reversed(changes)
    )


__all__ = ["Entry", "JobId", "Journal", "VariantId"]
