"""Outcomes are counted, and an operation says how it stands."""

from dataclasses import replace

import pytest

from tests.unit.plans import NOW
from unstick.recovery.model import JobId
from unstick.recovery.outcome import Operation, Outcome, RowOutcome, Tally, tally

OPERATION = Operation(
    id="op",
    plan_id="plan",
    source="here",
    profile="artitec",
    action="recover",
    operator="kim",
    reason="",
    started_at=NOW,
    finished_at=NOW,
    planned=3,
    counts=Tally(applied=2, drifted=1),
)


def test_a_tally_counts_every_outcome() -> None:
    rows = [
        RowOutcome(JobId(str(number)), outcome) for number, outcome in enumerate((*Outcome, Outcome.BUSY))
    ]
    counted = tally(rows)
    assert counted == Tally(1, 1, 1, 2, 1)
    assert counted.total == len(rows)
    assert not counted.clean


def test_a_tally_is_clean_when_every_row_was_applied() -> None:
    assert Tally(applied=3).clean
    assert Tally().clean
    assert not Tally(applied=3, busy=1).clean


def test_the_counts_go_by_the_names_of_the_outcomes_in_their_order() -> None:
    assert list(Tally(applied=1).as_dict().items()) == [
        ("applied", 1),
        ("drifted", 0),
        ("missing", 0),
        ("busy", 0),
        ("failed", 0),
    ]


@pytest.mark.parametrize(
    ("undone", "finished", "status"),
    [(0, True, "finished"), (0, False, "interrupted"), (1, True, "partly undone"), (2, True, "undone")],
)
def test_an_operation_says_how_it_stands(undone: int, finished: bool, status: str) -> None:
    assert replace(OPERATION, undone=undone, finished_at=NOW if finished else None).status == status
