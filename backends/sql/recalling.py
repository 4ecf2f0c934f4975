"""What became of a chunk whose commit is unknown, as the journal has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unstick.recovery.errors import CommitUnknown
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import PlanRow

from .journal import INTENDED, Entry, moment
from .journal_tables import HOOK

LOST = "the connection was lost before this row was changed: apply the plan again"


def outcomes(
    rows: Sequence[PlanRow],
    numbers: Mapping[Any, int],
    known: Mapping[int, Any],
    written: Sequence[Entry] | None,
) -> tuple[RowOutcome, ...] | None:
    """Return one outcome per row, or None when the chunk came to nothing.

    `written` is what the lost transaction was about to journal, where this backend was the one: journal rows
    of an earlier apply of the same plan are not taken for its own. Raises CommitUnknown while it is open.
    """
    if any(row.outcome == INTENDED for row in known.values()):
        raise CommitUnknown(
            "a chunk's commit is still unknown: the rows are locked, or the journal is behind"
        )
    mine = {entry.number: moment(entry.at) for entry in written} if written is not None else None
    own = {number for number, row in known.items() if mine is None or mine.get(number) == row.at}
    if not own:
        return None
    return tuple(_outcome(row, known.get(numbers[row.ref]), numbers[row.ref] in own) for row in rows)


def _outcome(row: PlanRow, found: Any, own: bool) -> RowOutcome:
    if found is not None and own:
        return RowOutcome(row.job, Outcome(found.outcome), found.detail, row.variant)
    if found is not None and found.outcome == Outcome.APPLIED.value:
        hook = getattr(found, HOOK.name, None)
        return RowOutcome(row.job, Outcome.APPLIED, found.detail, row.variant, hook=hook, already=True)
    return RowOutcome(row.job, Outcome.FAILED, LOST, row.variant)
