"""What became of each planned row, counted and never assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .model import Image, JobId, VariantId
from .plan import Change


class Outcome(StrEnum):
    """What became of one planned row. The rows asked for are always the sum of these five."""

    APPLIED = "applied"
    DRIFTED = "drifted"
    MISSING = "missing"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row. `detail` says it in words; `hook` is the hook's result where one was called.
    `already` marks a row that an earlier apply of the same plan had changed."""

    job: JobId
    outcome: Outcome
    detail: str = ""
    variant: VariantId | None = None
    hook: str | None = None
    already: bool = False
    related: tuple[str, ...] = ()

    @property
    def ref(self) -> tuple[JobId, VariantId | None]:
        """What the row is about."""
        return (self.job, self.variant)


@dataclass(frozen=True, slots=True)
class Tally:
    """Outcomes counted."""

    applied: int = 0
    drifted: int = 0
    missing: int = 0
    busy: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All five together: the number of rows asked for."""
        return self.applied + self.drifted + self.missing + self.busy + self.failed

    @property
    def clean(self) -> bool:
        """Whether every row was applied."""
        return self.applied == self.total

    def as_dict(self) -> dict[str, int]:
        """Return the five counts by name, in order."""
        return {outcome.value: getattr(self, outcome.value) for outcome in Outcome}


def tally(rows: Iterable[RowOutcome]) -> Tally:
    """Count the outcomes."""
    counted = Counter(row.outcome for row in rows)
    return Tally(**{outcome.value: counted[outcome] for outcome in Outcome})


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One row of an operation as the journal has it; `changes` are the exact row images.

    `hook` is the outcome of its hook (see `hooks`), None where there was none. `number` is its place in the
    plan, `table` and `key` are those of the row that was acted on.
    """

    job: JobId
    outcome: str
    detail: str
    at: datetime | None
    variant: VariantId | None = None
    before: Image | None = None
    after: Image | None = None
    changes: tuple[Change, ...] = ()
    undone_by: str | None = None
    hook: str | None = None
    number: int = 0
    table: str = ""
    key: Image | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One applied plan in the journal.

    `finished_at` is None while it runs, or when it was interrupted. `planned` is the number of rows asked
    for;
    `counts` what the journal has of them: fewer than planned means interrupted. `hooks_due` counts rows whose
    hook failed or was never called, and that were not put back since.
    """

    id: str
    plan_id: str
    source: str
    profile: str
    action: str
    operator: str
    reason: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    counts: Tally
    unresolved: int = 0
    undone: int = 0
    hooks_due: int = 0
    undoes: str | None = None
    rows: tuple[OperationRow, ...] = ()

    @property
    def status(self) -> str:
        """`finished`, `interrupted` (rows are missing from the journal), `undone` or `partly undone`."""
        if self.undone and self.undone >= self.counts.applied:
            return "undone"
        if self.undone:
            return "partly undone"
        return "finished" if self.finished_at is not None else "interrupted"
