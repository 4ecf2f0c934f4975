"""What the database undid and asks to be tried again is tried again, and what came of it adds up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.world import add_stuck, outcomes, plan_recover, recovered
from tests.harness.waiting import eventually
from tests.proof.proof import Proof, check_books, on
from tests.proof.seams import under_the_lock
from unstick.backends.sql.writer import DEADLOCKS, Writer
from unstick.recovery.engine import apply

# Only PostgreSQL answers so.
pytestmark = on("postgresql")

FAILING = (
    "CREATE SEQUENCE tries",
    # A sequence is not taken back with its transaction: the first so many tries fail.
    "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF nextval('tries') <= {failing} THEN RAISE EXCEPTION 'could not serialize access' "
    "USING ERRCODE = '40001'; END IF; "
    "RETURN NEW; END $$",
    "CREATE {constraint}TRIGGER fail AFTER UPDATE ON {jobs} {deferred} FOR EACH ROW EXECUTE FUNCTION fail()",
)
COUNTING = (
    "CREATE TABLE tally (place INT, jobs INT) PARTITION BY LIST (place)",
    "CREATE TABLE tally_1 PARTITION OF tally FOR VALUES IN (1)",
    "CREATE TABLE tally_2 PARTITION OF tally FOR VALUES IN (2)",
    "INSERT INTO tally VALUES (1, 0)",
    "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE public.tally SET jobs = jobs + 1; RETURN NEW; END $$",
    "CREATE TRIGGER tell AFTER UPDATE ON {jobs} FOR EACH ROW EXECUTE FUNCTION tell()",
)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each transaction that was begun is about."""
    seen: list[int] = []
    original: Callable[..., object] = Writer._transaction

    def transaction(self: Writer, *given: object) -> object:
        rows = given[2]
        assert isinstance(rows, list | tuple)
        seen.append(len(rows))
        return original(self, *given)

    monkeypatch.setattr(Writer, "_transaction", transaction)
    return seen


async def failing(proof: Proof, number: int, *, deferred: bool) -> None:
    """Let the server answer 40001 the first times that a job is changed, or that this is committed."""
    words = {
        "failing": number,
        "jobs": proof.world._tables.jobs,
        "constraint": "CONSTRAINT " if deferred else "",
        "deferred": "DEFERRABLE INITIALLY DEFERRED" if deferred else "",
    }
    for statement in FAILING:
        await proof.world._side.run(statement.format(**words))


@pytest.mark.parametrize("deferred", [False, True], ids=["in a statement", "at the commit"])
async def test_a_serialization_failure_is_tried_again(
    proof: Proof, tries: list[int], *, deferred: bool
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    await failing(proof, 2, deferred=deferred)
    backend = await proof.console()
    result = await apply(backend, await plan_recover(backend))
    assert (result.error, tries) == (None, [3, 3, 3])
    assert outcomes(result) == dict.fromkeys(jobs, "applied")
    assert await proof.statuses(jobs) == [recovered(proof.world)] * 3
    await check_books(proof, backend, jobs, result.operation)


@pytest.mark.parametrize("deferred", [False, True], ids=["in a statement", "at the commit"])
async def test_what_fails_again_and_again_is_given_up_and_can_be_applied_later(
    proof: Proof, tries: list[int], *, deferred: bool
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    await failing(proof, DEADLOCKS, deferred=deferred)
    backend = await proof.console()
    plan = await plan_recover(backend)
    result = await apply(backend, plan)
    assert "could not serialize" in str(result.error)
    assert tries == [3] * DEADLOCKS
    assert await proof.statuses(jobs) == ["running"] * 3
    await check_books(proof, backend, jobs)
    later = await apply(backend, plan)
    assert outcomes(later) == dict.fromkeys(jobs, "applied")
    await check_books(proof, backend, jobs, later.operation)


async def test_a_trigger_whose_row_a_worker_moves_to_another_partition_is_tried_again(
    proof: Proof, tries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    for statement in COUNTING:
        await proof.world._side.run(statement.format(jobs=proof.world._tables.jobs))
    backend, worker, observer = await proof.console(lock_timeout_s=10), proof.worker(), proof.worker()
    plan = await plan_recover(backend)
    worker.run("BEGIN")
    worker.run("UPDATE tally SET place = 2")

    def commit() -> None:
        eventually(observer.sees_waiting, what="the chunk waits for the worker")
        worker.run("COMMIT")

    with ThreadPoolExecutor() as others:
        under_the_lock(monkeypatch, lambda: others.submit(commit))
        result = await apply(backend, plan)
    assert (result.error, tries) == (None, [2, 2])
    assert outcomes(result) == dict.fromkeys(jobs, "applied")
    await check_books(proof, backend, jobs, result.operation)
    # What the failed try counted was taken back with it.
    assert [tuple(row) for row in await proof.world._side.run("SELECT * FROM tally")] == [(2, 2)]
