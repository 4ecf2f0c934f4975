"""Deadlocks are tried again; a row that the database refuses, or that somebody holds, harms no other row."""

import threading
from collections.abc import Callable

import pytest

from tests.contract.world import add_stuck, outcomes, plan_recover
from tests.proof.proof import PATIENCE, Proof, check_books, held_up, on
from tests.proof.seams import under_the_lock
from unstick.backends.sql.relations import Relations
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options

REFUSING = {
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.error_message LIKE 'poison%' THEN RAISE EXCEPTION 'this row is poisoned'; END IF; "
        "RETURN NEW; END $$",
        "CREATE {constraint}TRIGGER refuse {when} UPDATE ON {jobs} {deferred} FOR EACH ROW "
        "EXECUTE FUNCTION refuse()",
    ),
    "mysql": (
        "CREATE TRIGGER refuse BEFORE UPDATE ON {jobs} FOR EACH ROW "
        "IF OLD.error_message LIKE 'poison%' THEN "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'this row is poisoned'; END IF",
    ),
    "sqlite": (
        "CREATE TRIGGER refuse BEFORE UPDATE ON {jobs} WHEN OLD.error_message LIKE 'poison%' "
        "BEGIN SELECT RAISE(ABORT, 'this row is poisoned'); END",
    ),
}


async def poisoned(proof: Proof, *, deferred: bool = False) -> tuple[list[JobId], JobId]:
    """Four stuck jobs, and the third one, which the database refuses to change."""
    jobs = await add_stuck(proof.world, "a", "b", "c", "d")
    await proof.world._update(jobs[2], error_message="poison")
    words = {
        "jobs": proof.world._tables.jobs,
        "when": "AFTER" if deferred else "BEFORE",
        "constraint": "CONSTRAINT " if deferred else "",
        "deferred": "DEFERRABLE INITIALLY DEFERRED" if deferred else "",
    }
    for statement in REFUSING[proof.engine]:
        await proof.world._side.run(statement.format(**words))
    return jobs, jobs[2]


async def test_a_row_that_the_database_refuses_fails_alone(proof: Proof) -> None:
    jobs, refused = await poisoned(proof)
    backend = await proof.console()
    result = await apply(backend, await plan_recover(backend))
    assert outcomes(result) == dict.fromkeys(jobs, "applied") | {refused: "failed"}
    [detail] = [row.detail for row in result.rows if row.job == refused]
    assert "poisoned" in detail
    await check_books(proof, backend, jobs, result.operation)
    operation = await backend.operation(result.operation)
    assert {row.job: row.outcome for row in operation.rows} == outcomes(result)


# Only PostgreSQL puts off triggers until the commit.
@on("postgresql")
async def test_a_row_that_is_refused_only_at_the_commit_fails_alone(proof: Proof) -> None:
    jobs, refused = await poisoned(proof, deferred=True)
    backend = await proof.console()
    result = await apply(backend, await plan_recover(backend))
    assert result.error is None
    assert outcomes(result) == dict.fromkeys(jobs, "applied") | {refused: "failed"}
    assert "poisoned" in next(row.detail for row in result.rows if row.job == refused)
    await check_books(proof, backend, jobs, result.operation)
    operation = await backend.operation(result.operation)
    assert {row.job: row.outcome for row in operation.rows} == outcomes(result)


# MariaDB's triggers can't skip a row.
@on("postgresql", "sqlite")
async def test_a_row_that_a_trigger_quietly_keeps_is_not_called_changed(proof: Proof) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    await proof.world._update(jobs[0], error_message="keep")
    name = proof.world._tables.jobs
    if proof.engine == "postgresql":
        await proof.world._side.run(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF OLD.error_message = 'keep' THEN RETURN NULL; END IF; RETURN NEW; END $$"
        )
        await proof.world._side.run(
            f"CREATE TRIGGER keep BEFORE UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION keep()"
        )
    else:
        await proof.world._side.run(
            f"CREATE TRIGGER keep BEFORE UPDATE ON {name} WHEN OLD.error_message = 'keep' "
            "BEGIN SELECT RAISE(IGNORE); END"
        )
    backend = await proof.console()
    result = await apply(backend, await plan_recover(backend))
    assert outcomes(result) == {jobs[0]: "failed", jobs[1]: "applied"}
    await check_books(proof, backend, jobs, result.operation)


# MariaDB has no partial indexes.
@on("postgresql", "sqlite")
async def test_a_second_row_for_a_unique_index_fails_alone(proof: Proof) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    await proof.world.add("taken", "pending")
    names = proof.world._tables
    await proof.world._side.run(f"UPDATE {names.jobs} SET source_id = {names.key}")
    await proof.world._side.run(f"UPDATE {names.jobs} SET source_id = 'same' WHERE status = 'pending'")
    await proof.world._update(jobs[1], source_id="same")
    await proof.world._side.run(
        f"CREATE UNIQUE INDEX one_pending ON {names.jobs} (source_id) WHERE status = 'pending'"
    )
    backend = await proof.console()
    result = await apply(backend, await plan_recover(backend))
    assert outcomes(result) == {jobs[0]: "applied", jobs[1]: "failed", jobs[2]: "applied"}
    await check_books(proof, backend, jobs, result.operation)


# SQLite has one writer at a time.
@on("postgresql", "mariadb")
async def test_a_job_with_a_child_that_somebody_holds_is_busy_and_the_others_are_deleted(
    proof: Proof,
) -> None:
    jobs = [await proof.world.add(name, "failed") for name in ("a", "b", "c")]
    for job in jobs:
        await proof.world.add_log(job, "a line")
    names, worker = proof.world._tables, proof.worker()
    backend = await proof.console(lock_timeout_s=0.1)
    plan = await backend.plan("delete", jobs, Options())
    worker.run("BEGIN")
    worker.run(f"SELECT id FROM {names.logs} WHERE {names.log_key} = ? FOR UPDATE", jobs[1])
    result = await apply(backend, plan)
    worker.run("ROLLBACK")
    assert outcomes(result) == {jobs[0]: "applied", jobs[1]: "busy", jobs[2]: "applied"}
    assert await proof.statuses(jobs) == [None, "failed", None]
    assert len(worker.run(f"SELECT id FROM {names.logs}")) == 1
    assert outcomes(await apply(backend, plan)) == dict.fromkeys(jobs, "applied")


# SQLite has one writer at a time.
@on("postgresql", "mariadb")
async def test_a_deadlock_is_tried_again_and_nothing_happens_without_the_locks(
    proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [await proof.world.add(name, "failed") for name in ("a", "b")]
    for job in jobs:
        await proof.world.add_log(job, "a line")
    names, worker, observer = proof.world._tables, proof.worker(), proof.worker()
    backend = await proof.console(lock_timeout_s=10)
    plan = await backend.plan("delete", jobs, Options())
    tries = count_tries(monkeypatch)
    if proof.engine == "postgresql":
        # Whoever looks for deadlocks first is the one to give way: that has to be us.
        worker.run("SET deadlock_timeout = '1min'")
    worker.run("BEGIN")
    # InnoDB sacrifices the one who has changed less: that has to be us.
    for number in range(3 if proof.engine == "mysql" else 1):
        worker.run(f"UPDATE {names.logs} SET message = ?", f"line {number}")

    async def cross() -> None:
        await worker.world.heartbeat(jobs[0])
        await worker.side.run("COMMIT")

    # We hold the jobs and want the lines; he holds the lines and wants a job.
    waiting = []
    under_the_lock(monkeypatch, lambda: waiting.append(held_up(worker, observer, cross())))
    result = await apply(backend, plan)
    assert result.error is None
    assert waiting[0].exception(PATIENCE) is None
    assert len(tries) >= 2
    # Our locks were gone with the deadlock: the first job is the worker's, or was when we came again.
    assert outcomes(result)[jobs[0]] in ("drifted", "busy")
    assert outcomes(result)[jobs[1]] == "applied"
    assert await proof.statuses(jobs) == ["failed", None]
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    lines = [row[0] for row in worker.run(f"SELECT message FROM {names.logs}")]
    assert lines == ["line 2" if proof.engine == "mysql" else "line 0"] * 2


def count_tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that related rows are changed."""
    seen: list[str] = []
    original: Callable[..., object] = Relations.before

    def before(self: Relations, *given: object) -> object:
        seen.append(threading.current_thread().name)
        return original(self, *given)

    monkeypatch.setattr(Relations, "before", before)
    return seen


# Only in SQLite a reader can hold up a commit.
@on("sqlite")
async def test_a_reader_that_keeps_sqlite_from_committing_makes_the_chunk_busy(proof: Proof) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    backend, reader = await proof.console(lock_timeout_s=0.05), proof.worker()
    plan = await plan_recover(backend)
    reader.run("BEGIN")
    reader.run(f"SELECT * FROM {proof.world._tables.jobs}")
    first = await apply(backend, plan)
    assert outcomes(first) == dict.fromkeys(jobs, "busy")
    assert await proof.statuses(jobs) == ["running", "running"]
    reader.run("COMMIT")
    second = await apply(backend, plan)
    assert second.error is None
    assert outcomes(second) == dict.fromkeys(jobs, "applied")
    await check_books(proof, backend, jobs, second.operation)
