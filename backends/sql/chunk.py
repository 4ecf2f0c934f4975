"""One chunk of a plan: what still matches under the lock, and the outcome of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Action
from unstick.recovery.model import Image, Scalar
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import Plan, PlanRow
from unstick.recovery.thresholds import Thresholds

from . import keys, planner, rules, statements
from .drift import explain, judged
from .entity import EntitySql
from .following import Following
from .journal import INTENDED, Entry, Journal
from .journal_tables import HOOK
from .relations import Relations


@dataclass(slots=True)
class Chunk:
    """The work on one chunk of one job table."""

    entity: EntitySql
    action: Action
    plan: Plan
    rows: Sequence[PlanRow]
    numbers: Mapping[int, int]
    now: datetime
    outcomes: dict[int, RowOutcome] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    good: dict[int, Image] = field(default_factory=dict)
    """Planned rows that still match, by position, with their images under the lock."""
    along: Mapping[int, Sequence[Following]] = field(default_factory=dict)
    """What the application's triggers may change with them."""
    known: Mapping[int, Any] = field(default_factory=dict)
    """What the journal has of the plan's rows already, by their numbers."""
    asked: Thresholds = field(default_factory=dict)
    """By what the rules are asked again; those of `plan` are as its rows' kind was when it was planned."""

    def already(self, index: int, before: Any) -> bool:
        """Whether the journal's row of this plan settles the outcome: the plan was applied before, or is
        being applied by somebody else."""
        if before is None or before.outcome not in (INTENDED, Outcome.APPLIED.value):
            return False
        row, outcome, hook = self.rows[index], Outcome.APPLIED, None
        if before.outcome == INTENDED:
            outcome, detail = Outcome.BUSY, "another console is applying this plan at this moment"
        elif before.undone_by:
            outcome = Outcome.DRIFTED
            detail = f"this plan was applied and then undone by {before.undone_by}: make a new plan"
        else:
            detail, hook = f"already applied by operation {self.plan.id}", getattr(before, HOOK.name, None)
        self.outcomes[index] = RowOutcome(
            row.job, outcome, detail, row.variant, hook=hook, already=outcome is Outcome.APPLIED
        )
        return True

    def lock(self, connection: sa.Connection, skip_locked: bool) -> dict[tuple[str, ...], Image]:
        """Lock the rows and return their images by key; rows that others hold are not among them."""
        names = (
            *planner.image_columns(self.entity, self.action),
            *Relations.needs(self.entity, self.action),
        )
        return statements.lock(connection, self.entity, [row.key for row in self.rows], names, skip_locked)

    def skip(self, index: int, outcome: Outcome, detail: str) -> None:
        """Leave a row alone, and say why."""
        row = self.rows[index]
        self.outcomes[index] = RowOutcome(row.job, outcome, detail, row.variant)
        self.entries[index] = Entry(self.numbers[index], row, outcome, detail, self.now)


def compare(connection: sa.Connection, chunk: Chunk, journal: Journal, skip_locked: bool) -> None:
    """Lock the chunk's rows and sort them into those that still match and those that moved on, vanished or
    are locked."""
    entity = chunk.entity
    locked = chunk.lock(connection, skip_locked)
    asked = chunk.action.only_stuck or chunk.action.guards or entity.spec.status is None
    verdicts = _verdicts(connection, chunk) if locked and asked else {}
    absent = [row.key for row in chunk.rows if keys.canonical(row.key, entity.key) not in locked]
    present = statements.existing(connection, entity, absent) if absent else set()
    # Asked under the lock: another console may just have applied the same plan.
    known = chunk.known = journal.known(connection, chunk.plan, list(chunk.numbers.values()))
    for index, row in enumerate(chunk.rows):
        key = keys.canonical(row.key, entity.key)
        if chunk.already(index, known.get(chunk.numbers[index])):
            continue
        if key not in locked:
            gone = Outcome.BUSY if key in present else Outcome.MISSING
            chunk.skip(index, gone, "locked by somebody else" if gone is Outcome.BUSY else "deleted")
        elif difference := explain(entity, chunk.action, chunk.plan.action, row, locked[key]):
            chunk.skip(index, Outcome.DRIFTED, difference)
        elif asked and (moved := _judged(chunk, row, verdicts.get(key))):
            chunk.skip(index, Outcome.DRIFTED, moved)
        else:
            chunk.good[index] = locked[key]


def _verdicts(connection: sa.Connection, chunk: Chunk) -> dict[tuple[str, ...], dict[str, Scalar]]:
    """Ask the rules again, and the status where it is computed, by the database's clock and under the
    lock."""
    entity = chunk.entity
    columns = [entity.image(name) for name in entity.key]
    columns.append(rules.which(entity, chunk.asked).label("rule"))
    columns.append(entity.status().label("(status)"))
    columns += planner.guard_columns(entity, chunk.action)
    statement = entity.select(*columns)
    statement = statement.where(entity.key_in([row.key for row in chunk.rows]))
    return {keys.canonical(row, entity.key): row for row in entity.rows(connection.execute(statement))}


def _judged(chunk: Chunk, row: PlanRow, now: Mapping[str, Scalar] | None) -> str | None:
    if now is None:
        return "it no longer counts as one of the profile's rows"
    return judged(chunk.entity, chunk.action, chunk.plan.action, row, now)
