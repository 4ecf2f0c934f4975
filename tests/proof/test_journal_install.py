"""The journal moves between the local file and the database without losing anything, whole or half."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.world import add_stuck, outcomes, plan_recover
from tests.proof.driver import Applying
from tests.proof.dumps import dump_tables
from tests.proof.proof import Proof
from tests.proof.test_killed import settled
from unstick.backends import create_backend, install_journal
from unstick.backends.sql import journal_carrying
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

TABLES = ("unstick_operations", "unstick_operation_rows", "unstick_history")


@pytest.fixture
def keeping() -> str:
    """Every test here begins with the journal in the local file."""
    return "local"


async def opened(proof: Proof, **options: Any) -> Backend:
    """A console opened anew, wherever the journal is."""
    backend = create_backend(proof.source(**options))
    proof.backends.append(backend)
    await backend.open()
    return backend


async def migrate(proof: Proof, *, rollback: bool = False) -> list[str]:
    """What `unstick migrate --apply` does."""
    return await install_journal(proof.source(), rollback=rollback, apply=True)


async def books(backend: Backend) -> tuple[object, ...]:
    """All that the journal holds, with nothing that depends on where it is."""
    operations = [await backend.operation(one.id) for one in await backend.operations()]
    attempts = await backend.attempts()
    return tuple(operations), frozenset(attempts), len(attempts)


async def retries(backend: Backend, job: JobId) -> int | None:
    """The attempts that count towards the limit."""
    return (await backend.job(job)).retries


def comments(statements: list[str]) -> str:
    return "\n".join(one for one in statements if one.startswith("--"))


async def test_what_the_local_journal_holds_moves_in_and_out_again(proof: Proof) -> None:
    [job, *_] = await add_stuck(proof.world, "a", "b", "c")
    before = await dump_tables(proof)
    local = await proof.console()
    plan = await plan_recover(local)
    done = await apply(local, plan)
    assert done.counts.applied == 3
    held, counted = await books(local), await retries(local, job)

    shown = await install_journal(proof.source())
    assert "carries 1 operation over" in comments(shown)
    assert await migrate(proof) == shown
    assert await migrate(proof) == []
    inside = await opened(proof)
    assert (inside.capabilities.journal, inside.capabilities.problems) == ("database", ())
    assert (await books(inside), await retries(inside, job)) == (held, counted)

    removed = await migrate(proof, rollback=True)
    assert "copies" in comments(removed)
    assert await migrate(proof, rollback=True) == []
    again = await opened(proof)
    assert again.capabilities.journal == "local"
    assert (await books(again), await retries(again, job)) == (held, counted)

    await migrate(proof)
    last = await opened(proof)
    undo = await last.plan_undo("last", Options())
    assert (await apply(last, undo)).counts.applied == 3
    assert await dump_tables(proof) == before


async def test_the_retry_limit_counts_on_when_the_journal_moves(proof: Proof) -> None:
    [job] = await add_stuck(proof.world, "a")
    for _ in range(3):
        backend = await opened(proof)
        await apply(backend, await plan_recover(backend))
        await proof.world.hang(job)
    await migrate(proof)
    plan = await plan_recover(await opened(proof))
    assert ([row.job for row in plan.rows], [left.job for left in plan.left_out]) == ([], [job])


async def test_a_console_that_was_open_all_the_while_writes_to_where_the_journal_is_now(proof: Proof) -> None:
    await add_stuck(proof.world, "a")
    console = await proof.console()
    await migrate(proof)
    assert (await apply(console, await plan_recover(console))).counts.applied == 1
    assert console.capabilities.journal == "database"
    assert len(await (await opened(proof)).operations()) == 1
    await migrate(proof, rollback=True)
    fresh = await opened(proof)
    assert (await apply(fresh, await fresh.plan_undo("last", Options()))).counts.applied == 1


async def test_another_machine_s_local_rows_count_and_are_carried_over_later(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [job] = await add_stuck(proof.world, "a")
    local = await proof.console()
    await apply(local, await plan_recover(local))
    counted = await retries(local, job)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        await migrate(proof)
        assert (await opened(proof)).capabilities.problems == ()

    here = await opened(proof)
    [problem] = here.capabilities.problems
    assert "1 operation of this database" in problem
    assert "unstick migrate --apply" in problem
    assert (await retries(here, job), await here.operations()) == (counted, ())

    assert "carries 1 operation over" in comments(await migrate(proof))
    after = await opened(proof)
    assert (after.capabilities.problems, await retries(after, job)) == ((), counted)
    assert len(await after.operations()) == 1


async def test_the_next_write_carries_over_too(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [job] = await add_stuck(proof.world, "a")
    local = await proof.console()
    await apply(local, await plan_recover(local))
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        await migrate(proof)
    await proof.world.hang(job)
    here = await opened(proof)
    assert (await apply(here, await plan_recover(here))).counts.applied == 1
    assert here.capabilities.problems == ()
    assert len(await here.operations()) == 2


async def test_a_carry_that_dies_before_the_local_rows_are_removed_counts_nothing_twice(
    proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    [job] = await add_stuck(proof.world, "a")
    local = await proof.console()
    await apply(local, await plan_recover(local))
    held, counted = await books(local), await retries(local, job)

    def die(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as full:
        full.setattr(journal_carrying, "forget", die)
        with pytest.raises(Exception, match="no space left"):
            await migrate(proof)
    half = await opened(proof)
    assert len(half.capabilities.problems) == 1
    assert (await books(half), await retries(half, job)) == (held, counted)
    await migrate(proof)
    whole = await opened(proof)
    assert whole.capabilities.problems == ()
    assert (await books(whole), await retries(whole, job)) == (held, counted)


async def test_a_crash_s_intentions_are_settled_before_they_move(proof: Proof, tmp_path: Path) -> None:
    await add_stuck(proof.world, "a", "b", "c")
    backend = await proof.console()
    plan = await plan_recover(backend)
    Applying.start(proof.source(), plan, tmp_path, die=("after the commit", 1)).die()
    await migrate(proof)
    inside = await opened(proof)
    assert inside.capabilities.problems == ()
    [operation] = await inside.operations()
    assert (operation.counts.applied, operation.unresolved) == (2, 0)
    rest = await apply(inside, plan)
    assert [row.already for row in rest.rows] == [True, True, False]


async def run(proof: Proof, *statements: str) -> None:
    for statement in statements:
        await proof.world._side.run(statement)


@pytest.mark.parametrize("gone", TABLES)
async def test_a_half_installed_journal_is_reported_completed_and_removed(proof: Proof, gone: str) -> None:
    whole = await migrate(proof)
    await run(proof, f"DROP TABLE {gone}")
    half = await opened(proof)
    [problem] = half.capabilities.problems
    assert gone in problem
    assert "unstick migrate --apply" in problem
    missing = [one for one in await migrate(proof) if not one.startswith("--")]
    assert missing == [one for one in whole if gone in one and not one.startswith("--")]
    assert await migrate(proof) == []
    assert (await opened(proof)).capabilities.problems == ()

    await run(proof, f"DROP TABLE {gone}")
    removed = [one for one in await migrate(proof, rollback=True) if not one.startswith("--")]
    assert (len(removed), any(gone in one.split() for one in removed)) == (2, False)
    assert await migrate(proof) == whole


async def test_a_missing_index_is_added(proof: Proof) -> None:
    await migrate(proof)
    where = " ON unstick_history" if proof.engine == "mysql" else ""
    await run(proof, f"DROP INDEX unstick_history_job{where}")
    backend = await opened(proof)
    assert backend.capabilities.journal == "database"
    assert "unstick_history_job" in backend.capabilities.problems[0]
    assert (await migrate(proof))[0].split()[:3] == ["CREATE", "INDEX", "unstick_history_job"]
    assert (await opened(proof)).capabilities.problems == ()


async def test_an_apply_that_never_came_to_a_row_leaves_no_operation(proof: Proof) -> None:
    await add_stuck(proof.world, "a")
    backend = await proof.console()
    plan = await plan_recover(backend)
    await backend.begin(plan)
    assert await backend.operations() == ()


async def test_an_apply_that_died_before_its_first_commit_leaves_no_operation(
    proof: Proof, tmp_path: Path
) -> None:
    await add_stuck(proof.world, "a", "b")
    backend = await proof.console()
    plan = await plan_recover(backend)
    Applying.start(proof.source(), plan, tmp_path, die=("before the commit", 1)).die()
    assert await settled(backend) == []
    assert outcomes(await apply(backend, plan)) == {row.job: "applied" for row in plan.rows}
