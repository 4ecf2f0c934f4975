"""A list is read in several statements: who gets stuck, or comes alive, between them is in it once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa

from tests.proof.proof import Keeping, Proof
from unstick.recovery.query import Query

AGO = "UPDATE object_extraction_jobs SET updated_at = strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', ?)"


@pytest.fixture
def keeping() -> Keeping:
    """Nothing here is journalled."""
    return "local"


@pytest.fixture
async def proof(sqlite_url: str, keeping: Keeping) -> Proof:
    """The place of the statements is known on one database; they are the same on all."""
    return await Proof.create("extraction", "sqlite", sqlite_url, keeping)


@contextmanager
def between_the_statements(path: str, silence: str) -> Iterator[None]:
    """Let the only job have been silent for so long as soon as the first list of jobs was read."""
    done: list[str] = []

    def move(*arguments: object) -> None:
        statement = str(arguments[2])
        if not done and "ORDER BY" in statement and "object_extraction_jobs" in statement:
            done.append(statement)
            with closing(sqlite3.connect(path)) as worker, worker:
                worker.execute(AGO, (silence,))

    sa.event.listen(sa.Engine, "after_cursor_execute", move)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", move)
    assert done


@pytest.mark.parametrize(
    ("before", "after", "descending"),
    [(290, "-310 seconds", False), (290, "-310 seconds", True), (310, "-1 seconds", False)],
)
async def test_a_job_that_turns_while_the_list_is_read_is_in_it_once(
    proof: Proof, before: float, after: str, descending: bool
) -> None:
    job = await proof.world.add("a", "running", started_ago=1000, updated_ago=before)
    backend = await proof.console()
    path = sa.make_url(proof.url).database
    assert path is not None
    with closing(sqlite3.connect(path)) as worker:
        # Here a write need not wait for a reader.
        worker.execute("PRAGMA journal_mode = WAL")
    with between_the_statements(path, after):
        page = await backend.page(Query(limit=10, descending=descending))
    assert [row.id for row in page.rows] == [job]
    assert page.next is None
    await proof.close()
