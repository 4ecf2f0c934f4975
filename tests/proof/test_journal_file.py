"""A local journal that can't be used: jobs are shown all the same, nothing is changed without it, and it is
the file that is named, not the database."""

from pathlib import Path
from shutil import rmtree

import pytest
import sqlalchemy as sa

from tests.contract.world import add_stuck, plan_recover, recovered
from tests.proof.proof import Proof
from unstick.backends import create_backend, install_journal
from unstick.backends.sql.backend import SqlBackend
from unstick.backends.sql.journal_file import local_path
from unstick.recovery.engine import apply
from unstick.recovery.errors import JournalUnusable
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

TEXT = "not a database at all, but long enough to be taken for one\n" * 50


@pytest.fixture
def keeping() -> str:
    """It is the local file that all of this is about."""
    return "local"


async def opened(proof: Proof) -> Backend:
    """A console, whatever its journal is like."""
    backend = create_backend(proof.source())
    proof.backends.append(backend)
    await backend.open()
    return backend


def spoil(how: str) -> Path:
    """Put something into the journal's place that is none."""
    path = local_path()
    rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    if how == "text":
        path.write_text(TEXT)
    elif how == "a folder":
        path.mkdir()
    else:
        path.parent.rmdir()
        path.parent.write_text("a file where its folder should be")
    return path


def full(backend: Backend) -> None:
    """Let the file of a console's journal not grow any more, as on a disk that is full."""
    assert isinstance(backend, SqlBackend)
    engine = backend._journal.local
    assert engine is not None
    # SQLite takes the present size for a limit that is too low.
    sa.event.listen(engine, "begin", lambda one: one.exec_driver_sql("PRAGMA max_page_count = 1").close())


@pytest.mark.parametrize(
    ("how", "advice"),
    [
        ("text", "file is not a database; move the file away"),
        ("a folder", "unable to open database file; make it and its folder writable"),
        ("no folder", "make it and its folder writable, or name another folder in XDG_STATE_HOME"),
    ],
)
async def test_jobs_are_shown_and_nothing_is_changed_without_a_journal(
    proof: Proof, how: str, advice: str
) -> None:
    jobs = await add_stuck(proof.world, "a", "b")
    path = spoil(how)
    backend = await opened(proof)
    assert backend.capabilities.journal == "local"
    [problem] = backend.capabilities.problems
    assert str(path) in problem
    assert advice in problem
    assert {job.id for job in (await backend.page(Query(stuck_only=True))).rows} == set(jobs)
    plan = await plan_recover(backend)
    assert len(plan.rows) == 2
    before = await proof.statuses(jobs)
    with pytest.raises(JournalUnusable, match="nothing was changed") as refused:
        await apply(backend, plan)
    assert str(path) in str(refused.value)
    with pytest.raises(JournalUnusable):
        await backend.operations()
    assert await proof.statuses(jobs) == before


async def test_a_journal_that_is_usable_again_is_used(proof: Proof) -> None:
    await add_stuck(proof.world, "a")
    path = spoil("text")
    backend = await opened(proof)
    plan = await plan_recover(backend)
    path.rename(path.with_suffix(".damaged"))
    result = await apply(backend, plan)
    assert [row.outcome for row in result.rows] == ["applied"]
    assert [done.id for done in await backend.operations()] == [result.operation]


async def test_a_damaged_journal_is_not_left_behind_by_installing_one_in_the_database(proof: Proof) -> None:
    path = spoil("text")
    with pytest.raises(JournalUnusable, match="move the file away"):
        await install_journal(proof.source(), apply=True)
    assert path.read_text() == TEXT


async def test_what_a_full_disk_can_t_journal_is_not_changed_and_can_be_tried_again(proof: Proof) -> None:
    jobs = await add_stuck(proof.world, *(f"job {number}" for number in range(30)))
    backend = await opened(proof)
    plan = await plan_recover(backend, reason="the disk is full " * 2000)
    before = await proof.statuses(jobs)
    full(backend)
    result = await apply(backend, plan)
    assert result.rows == ()
    assert "disk is full; free space on its disk" in str(result.error)
    assert "journal.sqlite3" in str(result.error)
    assert await proof.statuses(jobs) == before
    again = await opened(proof)
    result = await apply(again, plan)
    assert (len(result.rows), result.error) == (30, None)
    assert await proof.statuses(jobs) == [recovered(proof.world)] * 30
    [done] = await again.operations()
    assert (done.id, done.counts.applied) == (plan.id, 30)
