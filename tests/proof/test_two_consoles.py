"""Several consoles apply at once: every row is changed once, and every console says what is true."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.contract.world import add_stuck, plan_recover, recovered
from tests.proof.driver import Applying
from tests.proof.proof import Proof, check_books
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

ROUNDS = 200


@pytest.mark.slow
async def test_in_200_rounds_of_overlapping_plans_each_row_is_changed_once(proof: Proof) -> None:
    # A machine that stands still for two seconds is not somebody who holds the rows.
    here, there = [await proof.console(lock_timeout_s=30.0) for _ in range(2)]
    jobs = await add_stuck(proof.world, *(f"j{number}" for number in range(ROUNDS * 3)))
    results: list[Result] = []
    for start in range(0, len(jobs), 3):
        left, shared, right = jobs[start : start + 3]
        results += await _clash(here, there, [left, shared], [shared, right])
    applied = Counter(row.job for result in results for row in result.rows if row.outcome == "applied")
    assert applied == Counter(jobs)
    assert await proof.statuses(jobs) == [recovered(proof.world)] * len(jobs)
    assert Counter(attempt.job for attempt in await here.attempts(limit=10_000)) == applied
    operations = await here.operations(limit=10_000)
    assert sum(operation.counts.applied for operation in operations) == len(jobs)
    assert {(operation.status, operation.unresolved) for operation in operations} == {("finished", 0)}


async def _clash(
    here: Backend, there: Backend, mine: list[JobId], theirs: list[JobId]
) -> tuple[Result, Result]:
    plans = await asyncio.gather(
        here.plan("recover", mine, Options()), there.plan("recover", theirs, Options())
    )
    both = await asyncio.gather(apply(here, plans[0]), apply(there, plans[1]))
    for plan, result in zip(plans, both, strict=True):
        assert (result.error, result.stopped) == (None, False)
        assert result.counts.total == len(plan.rows) == 2
        assert result.counts.applied >= 1
        assert result.counts.missing == result.counts.failed == 0
    return both


async def test_two_processes_with_the_same_plan_change_each_row_once(proof: Proof, tmp_path: Path) -> None:
    jobs = await add_stuck(proof.world, *(f"j{number}" for number in range(24)))
    backend = await proof.console()
    plan = await plan_recover(backend)
    both = [Applying.start(proof.source(), plan, tmp_path, chunk=3) for _ in range(2)]
    for each in both:
        each.go()
    told = [each.end() for each in both]
    for rows in told:
        assert sorted(job for job, _, _ in rows) == sorted(jobs)
        assert {outcome for _, outcome, _ in rows} <= {"applied", "busy"}
    changed = Counter(
        job for rows in told for job, outcome, already in rows if outcome == "applied" and not already
    )
    assert changed == Counter(jobs)
    await check_books(proof, backend, jobs, plan.id)
    [operation] = await backend.operations()
    assert (operation.status, operation.planned, operation.counts.total) == ("finished", 24, 24)
    undo = await backend.plan_undo(operation.id, Options())
    assert (await apply(backend, undo)).counts.as_dict()["applied"] == 24
