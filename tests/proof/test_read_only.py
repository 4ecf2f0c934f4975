"""Read-only is kept by the database itself, whatever the console does."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.harness.server import private_folder
from tests.systems.databases import create_tables, in_database
from unstick.backends.demo import seed
from unstick.backends.sql.backend import SqlBackend
from unstick.backends.sql.session import make_session
from unstick.recovery.engine import apply
from unstick.recovery.errors import BackendError, ReadOnlySource
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

OTHER_USER = 65_534
WRITES = (
    "UPDATE collection_jobs SET status = 'completed'",
    "DELETE FROM collection_changes",
    "INSERT INTO collection_changes SELECT * FROM collection_changes",
    "CREATE TABLE ours (id INT)",
    "DROP TABLE collection_changes",
)


async def fill(url: str) -> None:
    def work(connection: sa.Connection) -> None:
        seed.insert(connection, "artitec", seed.rows("artitec"))

    await create_tables(url, "artitec")
    await in_database(url, work)


async def rows(url: str) -> list[object]:
    def work(connection: sa.Connection) -> list[object]:
        asked = ("SELECT job_id, status FROM collection_jobs ORDER BY 1", "SELECT id FROM collection_changes")
        return [tuple(row) for one in asked for row in connection.exec_driver_sql(one)]

    return await in_database(url, work)


@pytest.mark.parametrize("read_only", [True, False])
async def test_the_database_refuses_every_write_on_the_connection_that_reads(
    database_url: str, read_only: bool
) -> None:
    await fill(database_url)
    before = await rows(database_url)
    backend = SqlBackend(Source("here", database_url, read_only=read_only))
    await backend.open()
    for statement in WRITES:

        def write(connection: sa.Connection, statement: str = statement) -> None:
            connection.exec_driver_sql(statement)
            if connection.in_transaction():
                connection.commit()

        with pytest.raises(BackendError, match=r"(?i)read.?only") as refused:
            await backend._reading.run(write)
        assert refused.value.__cause__ is not None, "it was the database that refused"
    assert (await backend.counts()).total == 60
    await backend.close()
    assert await rows(database_url) == before


async def test_a_file_that_is_read_only_stays_so_when_its_connection_forgets_it(sqlite_url: str) -> None:
    await fill(sqlite_url)
    session = make_session(Source("here", sqlite_url, read_only=True), write=False)
    await session.run(lambda connection: connection.exec_driver_sql("PRAGMA query_only = OFF").close())
    with pytest.raises(BackendError, match="readonly database"):
        await session.run(lambda connection: connection.exec_driver_sql(WRITES[0]).close())
    await session.close()


async def test_a_read_only_source_gets_no_connection_that_writes_whatever_was_forgotten(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database_url)
    before = await rows(database_url)
    source = Source("here", database_url, read_only=True)
    with pytest.raises(ReadOnlySource, match="open it with --write"):
        make_session(source, write=True)
    monkeypatch.setattr(SqlBackend, "_check_writable", lambda _: None)
    backend = SqlBackend(source)
    await backend.open()
    plan = await backend.plan("recover", Query(stuck_only=True), Options())
    with pytest.raises(ReadOnlySource):
        await backend.apply_chunk(plan, plan.rows, plan.id)
    with pytest.raises(ReadOnlySource):
        await backend.finish(
            plan.id
        ) if backend.capabilities.journal == "database" else await backend.can_write()
    await backend.close()
    assert await rows(database_url) == before


@contextmanager
def somebody_else() -> Iterator[None]:
    """Whoever starts the tests may be allowed everything: files are opened as somebody who isn't."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that others may look into, with a place of their own for the local journal."""
    folder = private_folder("shelf")
    folder.chmod(0o755)
    (folder / "home").mkdir()
    (folder / "home").chmod(0o777)
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / "home"))
    (folder / "jobs").mkdir()
    return folder / "jobs"


async def make_file(folder: Path, journal_mode: str) -> str:
    file = folder / "jobs.db"
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
    connection.close()
    url = f"sqlite:///{file}"
    await fill(url)
    return url


@pytest.mark.parametrize("journal_mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("closed", ["file", "folder", "both"])
async def test_a_file_or_folder_that_may_not_be_written_is_read_and_actions_say_why_not(
    shelf: Path, closed: str, journal_mode: str
) -> None:
    url = await make_file(shelf, journal_mode)
    (shelf / "jobs.db").chmod(0o444 if closed != "folder" else 0o666)
    shelf.chmod(0o555 if closed != "file" else 0o777)
    with somebody_else():
        backend = SqlBackend(Source("here", url))
        await backend.open()
        assert (await backend.counts()).total == 60
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        assert plan.rows
        assert await backend.operations() == ()
        place = "folder" if closed == "folder" else "file"
        with pytest.raises(ReadOnlySource, match=f"may not write to the {place}.*chmod"):
            await apply(backend, plan)
        with pytest.raises(ReadOnlySource, match=f"may not write to the {place}"):
            await backend.begin(plan)
    for file in shelf.iterdir():
        file.chmod(0o666)
    shelf.chmod(0o777)
    with somebody_else():
        await backend.open()
        assert (await apply(backend, plan)).counts.applied == len(plan.rows)
        await backend.close()


async def test_a_log_that_begins_while_a_closed_folder_is_read_is_read_too(shelf: Path) -> None:
    url = await make_file(shelf, "WAL")
    shelf.chmod(0o555)
    with somebody_else():
        backend = SqlBackend(Source("here", url, read_only=True))
        await backend.open()
        assert (await backend.counts()).total == 60
    # Its application starts, and changes something that is in the log only.
    application = sqlite3.connect(shelf / "jobs.db", isolation_level=None)
    application.execute("DELETE FROM collection_changes")
    application.execute("DELETE FROM collection_jobs")
    for file in shelf.iterdir():
        file.chmod(0o644)
    with somebody_else():
        assert (await backend.counts()).total == 0
        await backend.close()
    application.close()
