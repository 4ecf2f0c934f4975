"""Journals from before there were hooks, and outcomes of hooks in a journal that moves."""

import sqlite3
from pathlib import Path

import pytest

from tests.contract.world import add_stuck, plan_recover
from tests.harness.application import Application
from tests.proof.proof import Proof, check_books
from tests.proof.test_journal_install import migrate, opened
from unstick.backends import create_backend, install_journal
from unstick.backends.sql.journal import Journal
from unstick.backends.sql.journal_file import local_path
from unstick.recovery.engine import apply
from unstick.recovery.hooks import Hook
from unstick.recovery.hooks_again import call_again
from unstick.recovery.hooks_outcome import NOT_CALLED
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

COLUMN = "ALTER TABLE unstick_operation_rows ADD COLUMN hook "


def hooks(application: Application) -> dict[str, Hook]:
    return {"recover": Hook("recover", f"{application.url}/{{job}}")}


async def old_journal(proof: Proof) -> None:
    """Make the journal what it was before there were hooks."""
    await proof.world._side.run("ALTER TABLE unstick_operation_rows DROP COLUMN hook")


async def columns(proof: Proof) -> list[str]:
    """What migrating would run."""
    return [one for one in await install_journal(proof.source()) if not one.startswith("--")]


@pytest.fixture
def keeping() -> str:
    """Every test here begins with the journal in the database."""
    return "database"


async def test_a_journal_from_before_hooks_goes_on_working_and_says_what_it_lacks(
    proof: Proof, application: Application
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    await old_journal(proof)
    backend = await proof.console(hooks=hooks(application))
    [problem] = backend.capabilities.problems
    assert "unstick_operation_rows.hook is missing: `unstick migrate --apply` adds it" in problem
    plan = await plan_recover(backend)
    assert any("until then a hook that fails can't be called again" in each for each in plan.warnings)
    result = await apply(backend, plan)
    assert [row.hook for row in result.rows] == ["204"] * 2
    assert {row.already for row in (await apply(backend, plan)).rows} == {True}
    operation = await backend.operation(result.operation)
    assert [row.hook for row in operation.rows] == [None] * 2
    await check_books(proof, backend, jobs, result.operation)
    undo = await backend.plan_undo(result.operation, Options())
    assert (await apply(backend, undo)).counts.applied == 2


async def test_migrate_adds_the_column_once_and_loses_nothing(proof: Proof, application: Application) -> None:
    await add_stuck(proof.world, "a")
    await old_journal(proof)
    backend = await proof.console(hooks=hooks(application))
    result = await apply(backend, await plan_recover(backend))
    [statement] = await columns(proof)
    assert statement.startswith(COLUMN)
    await migrate(proof)
    assert await migrate(proof) == []
    fresh = await opened(proof)
    assert fresh.capabilities.problems == ()
    assert [row.outcome for row in (await fresh.operation(result.operation)).rows] == ["applied"]


async def test_a_console_that_was_open_when_the_column_came_uses_it(
    proof: Proof, application: Application
) -> None:
    await add_stuck(proof.world, "a")
    await old_journal(proof)
    backend = await proof.console(hooks=hooks(application))
    plan = await plan_recover(backend)
    await migrate(proof)
    application.status = 500
    result = await apply(backend, plan)
    [row] = (await backend.operation(result.operation)).rows
    assert row.hook == "failed: 500 Internal Server Error"


async def _failed(proof: Proof, application: Application) -> tuple[Backend, str]:
    """Apply a plan whose hook fails, with the journal in the local file."""
    await migrate(proof, rollback=True)
    await add_stuck(proof.world, "a")
    application.status = 500
    backend = create_backend(proof.source(hooks=hooks(application)))
    proof.backends.append(backend)
    await backend.open()
    assert backend.capabilities.journal == "local"
    return backend, (await apply(backend, await plan_recover(backend))).operation


async def _hook(backend: Backend, operation: str) -> str | None:
    [row] = (await backend.operation(operation)).rows
    return row.hook


async def test_the_outcomes_of_hooks_move_with_the_journal(proof: Proof, application: Application) -> None:
    backend, operation = await _failed(proof, application)
    failed = "failed: 500 Internal Server Error"
    assert await _hook(backend, operation) == failed
    await migrate(proof)
    assert await _hook(await opened(proof), operation) == failed
    await migrate(proof, rollback=True)
    assert await _hook(await opened(proof), operation) == failed


async def test_a_journal_without_the_column_takes_the_rest_of_what_moves_in(
    proof: Proof, application: Application, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, operation = await _failed(proof, application)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        await migrate(proof)
    await old_journal(proof)
    here = await opened(proof)
    await add_stuck(proof.world, "b")
    assert (await apply(here, await plan_recover(here))).counts.applied == 1
    assert await _hook(here, operation) is None


async def test_a_local_journal_from_before_hooks_gets_the_column_by_itself(
    proof: Proof, application: Application
) -> None:
    backend, operation = await _failed(proof, application)
    await backend.close()
    old = sqlite3.connect(local_path())
    old.execute("ALTER TABLE unstick_operation_rows DROP COLUMN hook")
    old.close()
    fresh = await opened(proof)
    assert await _hook(fresh, operation) is None
    await add_stuck(proof.world, "b")
    console = await opened(proof, hooks=hooks(application))
    result = await apply(console, await plan_recover(console))
    assert await _hook(console, result.operation) == "failed: 500 Internal Server Error"


async def test_a_crash_before_the_local_journal_knew_of_the_commit_leaves_the_hook_not_called(
    proof: Proof, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(proof, rollback=True)
    await add_stuck(proof.world, "a")
    backend = await opened(proof, hooks=hooks(application))
    plan = await plan_recover(backend)
    with monkeypatch.context() as crash:
        crash.setattr(Journal, "confirm", lambda *_: None)
        await backend.apply_chunk(plan, plan.rows, await backend.begin(plan))
    other = await opened(proof, hooks=hooks(application))
    assert await _hook(other, plan.id) == NOT_CALLED
    await call_again(other, await other.operation(plan.id))
    assert (await _hook(other, plan.id), application.paths) == ("204", [f"/{plan.rows[0].job}"])


async def test_the_list_of_operations_counts_the_hooks_that_are_missing(
    proof: Proof, application: Application
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    application.answer = lambda call: 503 if call.path != f"/{jobs[0]}" else 204
    backend = await opened(proof, hooks=hooks(application))
    result = await apply(backend, await plan_recover(backend))
    assert [each.hooks_due for each in await backend.operations()] == [2]
    assert (await backend.operation(result.operation)).hooks_due == 2
    await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert [each.hooks_due for each in await backend.operations()] == [0, 0]
    await old_journal(proof)
    assert [each.hooks_due for each in await (await opened(proof)).operations()] == [0, 0]
