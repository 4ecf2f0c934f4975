"""The applying process is killed: every row is changed with history and journal, or untouched."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract.world import add_stuck, outcomes, plan_recover, recovered
from tests.harness.waiting import eventually_async
from tests.proof.driver import Applying
from tests.proof.dumps import dump_tables
from tests.proof.proof import Proof, check_books
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.outcome import Operation
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

# With five rows in chunks of two, the process dies in the second chunk: how many rows are changed by then?
PLACES = {
    "before a chunk": 2,
    "before the lock": 2,
    "under the lock": 2,
    "before the commit": 2,
    "after the commit": 4,
}


async def settled(backend: Backend) -> list[Operation]:
    """The journal, once the server has noticed that the process is gone."""

    async def known() -> bool:
        return all(operation.unresolved == 0 for operation in await backend.operations())

    await eventually_async(known, what="every intention is settled")
    return list(await backend.operations())


@pytest.mark.parametrize("place", PLACES)
async def test_what_a_killed_apply_did_is_known_finished_and_undone(
    proof: Proof, tmp_path: Path, place: str
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c", "d", "e")
    before = await dump_tables(proof)
    backend = await proof.console()
    plan = await plan_recover(backend)
    Applying.start(proof.source(), plan, tmp_path, die=(place, 2)).die()

    [operation] = await settled(backend)
    assert (operation.status, operation.planned, operation.counts.applied, operation.counts.total) == (
        "interrupted",
        5,
        PLACES[place],
        PLACES[place],
    )
    in_order = [row.job for row in plan.rows]
    await check_books(proof, backend, jobs, operation.id)
    changed = await proof.statuses(in_order)
    assert changed == [recovered(proof.world)] * PLACES[place] + ["running"] * (5 - PLACES[place])

    rest = await apply(backend, plan)
    assert outcomes(rest) == dict.fromkeys(jobs, "applied")
    assert [row.already for row in rest.rows] == [True] * PLACES[place] + [False] * (5 - PLACES[place])
    [operation] = await backend.operations()
    assert (operation.status, operation.counts.applied, operation.counts.total) == ("finished", 5, 5)
    await check_books(proof, backend, jobs, operation.id)
    await _undo(backend, operation.id, 5)
    assert await dump_tables(proof) == before


@pytest.mark.parametrize("place", ["under the lock", "before the commit", "after the commit"])
async def test_what_an_interrupted_apply_did_can_be_undone(proof: Proof, tmp_path: Path, place: str) -> None:
    await add_stuck(proof.world, "a", "b", "c", "d", "e")
    before = await dump_tables(proof)
    backend = await proof.console()
    plan = await plan_recover(backend)
    Applying.start(proof.source(), plan, tmp_path, die=(place, 2)).die()
    [operation] = await settled(backend)
    await _undo(backend, operation.id, PLACES[place])
    assert await dump_tables(proof) == before
    assert (await backend.operation(operation.id)).status == "undone"


@pytest.mark.parametrize("place", ["before the commit", "after the commit"])
async def test_a_delete_and_its_undo_may_both_be_killed(proof: Proof, tmp_path: Path, place: str) -> None:
    jobs = [await _failed_job(proof, name) for name in ("a", "b", "c")]
    before = await dump_tables(proof)
    backend = await proof.console()
    plan = await backend.plan("delete", jobs, Options())
    Applying.start(proof.source(), plan, tmp_path, chunk=1, die=(place, 2)).die()
    gone = 2 if place == "after the commit" else 1
    [operation] = await settled(backend)
    assert (operation.status, operation.counts.applied) == ("interrupted", gone)
    assert await proof.statuses(jobs) == [None] * gone + ["failed"] * (3 - gone)
    assert outcomes(await apply(backend, plan)) == dict.fromkeys(jobs, "applied")

    undo = await backend.plan_undo(plan.id, Options())
    Applying.start(proof.source(), undo, tmp_path, chunk=1, die=(place, 2)).die()
    deleted = _by_id(await settled(backend), plan.id)
    assert (deleted.status, deleted.undone) == ("partly undone", gone)
    assert [status for status in await proof.statuses(jobs)].count("failed") == gone
    assert await backend.attempts() == ()

    assert (await apply(backend, undo)).counts.applied == 3
    assert _by_id(await backend.operations(), plan.id).status == "undone"
    assert await dump_tables(proof) == before


async def _failed_job(proof: Proof, name: str) -> JobId:
    job = await proof.world.add(name, "failed", error="it failed")
    await proof.world.add_log(job, f"a line of {name}")
    return job


async def _undo(backend: Backend, operation: str, number: int) -> None:
    undo = await backend.plan_undo(operation, Options())
    assert (len(undo.rows), undo.left_out) == (number, ())
    assert (await apply(backend, undo)).counts.applied == number


def _by_id(operations: Sequence[Operation], wanted: str) -> Operation:
    return next(operation for operation in operations if operation.id == wanted)
