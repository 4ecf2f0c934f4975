"""A worker that acts while a chunk holds its locks waits or is refused, and nothing is harmed by either."""

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import asyncpg
import pymysql
import pytest

from tests.contract.sql_world import SqlWorld
from tests.contract.world import World, add_stuck, outcomes, plan_recover, recovered
from tests.proof.proof import PATIENCE, Proof, check_books, held_up, on
from tests.proof.seams import before_the_commit, before_the_lock, under_the_lock
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options

Seam = Callable[[pytest.MonkeyPatch, Callable[[], object]], None]
Move = Callable[[World, JobId], Coroutine[Any, Any, None]]


async def beat(world: World, job: JobId) -> None:
    """A heartbeat by a clock that is ahead: where times are whole seconds ours could be the same one."""
    assert isinstance(world, SqlWorld)
    await world._update(job, updated_at=world._tables.make_time(-10))


MOVES: dict[str, Move] = {
    "heartbeat": lambda world, job: beat(world, job),
    "finish": lambda world, job: world.finish(job),
    "fail": lambda world, job: world.fail(job),
    "claim again": lambda world, job: world.reclaim(job),
    "delete": lambda world, job: world.delete(job),
}
SEAMS: dict[str, Seam] = {"before it compares": under_the_lock, "before it commits": before_the_commit}
REFUSED = (asyncpg.ForeignKeyViolationError, pymysql.err.IntegrityError, sqlite3.IntegrityError)


@pytest.mark.parametrize("when", SEAMS)
@pytest.mark.parametrize("name", MOVES)
async def test_a_worker_waits_for_the_chunk_and_then_has_the_last_word(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, name: str, when: str
) -> None:
    first, moved, last = await add_stuck(proof.world, "a", "b", "c")
    backend, worker, observer = await proof.console(), proof.worker(), proof.worker()
    plan = await plan_recover(backend)
    move = MOVES[name]
    waiting = []
    SEAMS[when](monkeypatch, lambda: waiting.append(held_up(worker, observer, move(worker.world, moved))))
    result = await apply(backend, plan)
    assert outcomes(result) == dict.fromkeys((first, moved, last), "applied")
    await check_books(proof, backend, (first, last), result.operation)
    await then(waiting[0].exception, sqlite3.OperationalError, lambda: move(proof.world, moved))

    now = await proof.world.row(moved)
    assert await proof.statuses((first, last)) == [recovered(proof.world)] * 2
    [attempt] = await backend.attempts(moved)
    assert (attempt.result, attempt.operation) == ("applied", result.operation)
    assert (await backend.operation(result.operation)).counts.applied == 3

    undo = await backend.plan_undo(result.operation, Options())
    assert [row.job for row in undo.left_out] == [moved]
    assert (await apply(backend, undo)).counts.applied == 2
    assert await proof.world.row(moved) == now


async def then(
    failed: Callable[[float], BaseException | None],
    refusal: type[BaseException],
    again: Callable[[], Awaitable[None]],
) -> None:
    """Whoever was refused instead of waiting does it now."""
    error = failed(PATIENCE)
    if error is not None:
        assert isinstance(error, refusal)
        await again()


async def test_a_worker_that_looks_at_the_status_does_nothing_to_a_recovered_job(
    proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    [job] = await add_stuck(proof.world, "a")
    backend, worker, observer = await proof.console(), proof.worker(), proof.worker()
    plan = await plan_recover(backend)
    names = worker.world._tables
    claim = f"UPDATE {names.jobs} SET status = 'completed' WHERE {names.key} = ? AND status = 'running'"

    async def finish() -> None:
        await worker.side.run(claim, job)

    waiting = []
    under_the_lock(monkeypatch, lambda: waiting.append(held_up(worker, observer, finish())))
    result = await apply(backend, plan)
    waiting[0].exception(PATIENCE)
    assert await proof.statuses([job]) == [recovered(proof.world)]
    await check_books(proof, backend, [job], result.operation)


# In SQLite the lock comes with BEGIN IMMEDIATE: there is no moment before it.
@on("postgresql", "mariadb")
@pytest.mark.parametrize("name", MOVES)
async def test_a_worker_who_acts_after_begin_and_before_the_lock_wins(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    first, moved, last = await add_stuck(proof.world, "a", "b", "c")
    backend, worker = await proof.console(), proof.worker()
    plan = await plan_recover(backend)
    before_the_lock(monkeypatch, lambda: worker.do(MOVES[name](worker.world, moved)))
    result = await apply(backend, plan)
    expected = "missing" if name == "delete" else "drifted"
    assert outcomes(result) == {first: "applied", moved: expected, last: "applied"}
    await check_books(proof, backend, (first, last), result.operation)
    assert await backend.attempts(moved) == ()


# SQLite has one writer at a time.
@on("postgresql", "mariadb")
async def test_other_jobs_go_on_while_a_chunk_is_open(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    [job] = await add_stuck(proof.world, "a")
    other = await proof.world.add("other", "pending")
    backend, worker = await proof.console(), proof.worker()
    plan = await plan_recover(backend)
    before_the_commit(monkeypatch, lambda: worker.do(worker.world.reclaim(other)))
    assert outcomes(await apply(backend, plan)) == {job: "applied"}
    assert await proof.statuses([other]) == ["running"]


async def test_a_line_logged_while_its_job_is_deleted_is_refused_and_undo_puts_all_back(
    proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await proof.world.add("a", "failed")
    await proof.world.add_log(job, "first")
    backend, worker, observer = await proof.console(), proof.worker(), proof.worker()
    before = await proof.world.snapshot()
    plan = await backend.plan("delete", [job], Options())
    waiting = []
    under_the_lock(
        monkeypatch,
        lambda: waiting.append(held_up(worker, observer, worker.world.add_log(job, "too late"))),
    )
    result = await apply(backend, plan)
    assert outcomes(result) == {job: "applied"}
    error = waiting[0].exception(PATIENCE)
    if proof.engine == "sqlite":
        with pytest.raises(REFUSED):
            await proof.world.add_log(job, "too late")
    else:
        assert isinstance(error, REFUSED)
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert await proof.world.snapshot() == before


# SQLite has one writer at a time.
@on("postgresql", "mariadb")
async def test_a_child_that_changes_under_the_lock_comes_back_as_it_was_last(
    proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await proof.world.add("a", "failed")
    await proof.world.add_log(job, "first")
    backend, worker = await proof.console(), proof.worker()
    plan = await backend.plan("delete", [job], Options())
    under_the_lock(
        monkeypatch, lambda: worker.run(f"UPDATE {proof.world._tables.logs} SET message = 'second'")
    )
    result = await apply(backend, plan)
    assert outcomes(result) == {job: "applied"}
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert worker.run(f"SELECT message FROM {proof.world._tables.logs}")[0][0] == "second"
