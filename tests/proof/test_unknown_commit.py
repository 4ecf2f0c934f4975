"""The connection is lost exactly at COMMIT: the journal knows what became of it; nothing happens twice."""

from collections.abc import Iterator

import pytest

from tests.contract.world import add_stuck, outcomes, plan_recover, recovered
from tests.harness.proxy import Fate, Proxy
from tests.harness.waiting import eventually, eventually_async
from tests.proof.proof import Proof, check_books
from tests.proof.seams import before_the_commit
from unstick.recovery import engine
from unstick.recovery.engine import apply
from unstick.recovery.errors import CommitUnknown, Unreachable
from unstick.recovery.plan import Options


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is as stubborn as ever, but in a hurry."""
    monkeypatch.setattr(engine, "RECONNECTS", (0.01, 0.05, 0.1, 0.2))


@pytest.fixture
def proxy(proof: Proof) -> Iterator[Proxy]:
    """A proxy before the database, which every console goes through."""
    if proof.engine == "sqlite":
        pytest.skip("there is no connection to lose")
    with Proxy(proof.url) as made:
        yield made


@pytest.mark.parametrize("chunk", [1, 2])
@pytest.mark.parametrize("fate", ["lost", "unanswered"])
async def test_a_commit_that_was_cut_is_finished_and_counted_once(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fate: Fate, chunk: int
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c", "d")
    backend = await proof.console(url=proxy.url)
    plan = await plan_recover(backend)
    before_the_commit(monkeypatch, lambda: proxy.cut_at(b"COMMIT", fate), 2)
    result = await apply(backend, plan, chunk=chunk)
    assert not proxy.armed
    assert (result.error, result.stopped) == (None, False)
    assert outcomes(result) == dict.fromkeys(jobs, "applied")
    # A hook is called once for each row that this very apply changed, also where it had to be recalled.
    assert [row.already for row in result.rows] == [False] * 4
    await check_books(proof, backend, jobs, result.operation)
    [operation] = await backend.operations()
    assert (operation.status, operation.counts.applied) == ("finished", 4)
    assert (await apply(backend, await backend.plan_undo(operation.id, Options()))).counts.applied == 4


async def test_what_an_earlier_apply_said_is_not_taken_for_the_chunk_that_was_lost(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, held = await add_stuck(proof.world, "a", "b")
    backend = await proof.console(url=proxy.url)
    plan = await plan_recover(backend)
    async with proof.world.lock(held):
        assert outcomes(await apply(backend, plan)) == {free: "applied", held: "busy"}
    before_the_commit(monkeypatch, lambda: proxy.cut_at(b"COMMIT", "lost"))
    result = await apply(backend, plan)
    assert outcomes(result) == {free: "applied", held: "applied"}
    await check_books(proof, backend, (free, held), result.operation)


async def test_a_commit_that_arrives_late_is_never_taken_for_one_that_failed(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    backend = await proof.console(url=proxy.url, lock_timeout_s=0.1)
    plan = await plan_recover(backend)
    before_the_commit(monkeypatch, lambda: proxy.cut_at(b"COMMIT", "late"))
    result = await apply(backend, plan)
    # The server still holds the rows: so far nobody can know.
    assert isinstance(result.error, CommitUnknown) or result.counts.busy == 2
    assert await proof.statuses(jobs) == ["running", "running"]
    if proof.keeping == "local":
        # Meanwhile an undo says what it can't know, and nothing is written off.
        undo = await backend.plan_undo(plan.id, Options())
        assert (undo.rows, {row.job for row in undo.left_out}) == ((), set(jobs))
        assert (await backend.operations())[0].unresolved == 2
    proxy.deliver()

    async def committed() -> bool:
        return await proof.statuses(jobs) == [recovered(proof.world)] * 2

    await eventually_async(committed, what="the late commit arrives")
    [operation] = await backend.operations()
    assert (operation.counts.applied, operation.unresolved) == (2, 0)
    await check_books(proof, backend, jobs, operation.id)
    again = await apply(backend, plan)
    assert [(row.outcome, row.already) for row in again.rows] == [("applied", True)] * 2
    await check_books(proof, backend, jobs, operation.id)
    assert (await backend.operations())[0].status == "finished"


async def test_a_commit_that_was_held_up_and_never_came_leaves_nothing(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    backend = await proof.console(url=proxy.url, lock_timeout_s=0.1)
    plan = await plan_recover(backend)
    before_the_commit(monkeypatch, lambda: proxy.cut_at(b"COMMIT", "late"))
    await apply(backend, plan)
    proxy.forget()

    async def done() -> bool:
        return outcomes(await apply(backend, plan)) == dict.fromkeys(jobs, "applied")

    await eventually_async(done, what="the server lets go of the rows")
    await check_books(proof, backend, jobs, plan.id)


@pytest.mark.parametrize("message", [b"UPDATE", b"FOR UPDATE"])
async def test_a_connection_cut_in_the_middle_of_a_chunk_is_made_again(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, message: bytes
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    backend = await proof.console(url=proxy.url)
    plan = await plan_recover(backend)
    proxy.cut_at(message, "lost")
    result = await apply(backend, plan, chunk=2)
    assert not proxy.armed
    assert (result.error, result.counts.applied) == (None, 3)
    await check_books(proof, backend, jobs, result.operation)


async def test_a_read_on_a_connection_that_was_cut_while_idle_succeeds(proof: Proof, proxy: Proxy) -> None:
    [job] = await add_stuck(proof.world, "a")
    backend = await proof.console(url=proxy.url)
    for _ in range(3):
        proxy.cut_all()
        assert (await backend.job(job)).id == job


async def test_when_nobody_answers_any_more_it_says_so_without_the_password(
    proof: Proof, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    backend = await proof.console(url=proxy.url)
    plan = await plan_recover(backend)
    before_the_commit(monkeypatch, proxy.close, 2)
    result = await apply(backend, plan, chunk=1)
    assert isinstance(result.error, CommitUnknown | Unreachable)
    assert result.stopped
    assert len(result.rows) == 1
    said = str(result.error)
    assert "harness-secret" not in said
    assert "\n" not in said
    direct = proof.worker()
    eventually(lambda: direct.run(f"SELECT count(*) FROM {proof.world._tables.jobs}"), what="rows are there")
    assert sorted(map(str, await proof.statuses(jobs))) == sorted(["running", recovered(proof.world)])
