"""A statement that hangs holds up nobody who wants to go."""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import sqlalchemy as sa

from tests.harness.waiting import eventually, eventually_async
from tests.proof.driver import ROOT
from tests.proof.proof import Proof, Worker
from unstick.backends.sql.backend import SqlBackend
from unstick.backends.sql.session import ThreadSession
from unstick.recovery.errors import UnstickError

pytestmark = pytest.mark.processes

HANGING = {
    "postgresql": "SELECT pg_sleep(60)",
    "mysql": "SELECT SLEEP(60)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}
SEEN = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state = 'active' AND query LIKE 'SELECT pg_sleep%'",
    "mysql": "SELECT count(*) FROM information_schema.processlist "
    "WHERE db = DATABASE() AND info LIKE 'SELECT SLEEP%'",
}
SECOND = 1.0

SCRIPT = """
import asyncio, sys
import sqlalchemy as sa
from unstick.backends import create_backend
from unstick.recovery.source import Source

async def main(url, profile, statement):
    backend = create_backend(Source("proof", url, profile=profile))
    await backend.open()
    task = asyncio.create_task(backend._read(lambda connection: connection.execute(sa.text(statement))))
    await asyncio.sleep(0)
    print("hanging", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await backend.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def hanging(proof: Proof, *, write: bool) -> tuple[SqlBackend, "asyncio.Task[object]"]:
    """A backend with a statement that hangs."""
    backend = await proof.console(statement_timeout_s=5.0)
    assert isinstance(backend, SqlBackend)
    run = backend._write if write else backend._read
    text = HANGING[proof.engine]
    task: asyncio.Task[object] = asyncio.create_task(
        run(lambda connection: connection.execute(sa.text(text)).all())
    )
    await asyncio.sleep(0)
    if proof.engine != "sqlite":
        observer = proof.worker()

        async def seen() -> object:
            return observer.run(SEEN[proof.engine])[0][0]

        await eventually_async(seen, what="the statement runs")
    else:
        session = backend._writing if write else backend._reading
        assert isinstance(session, ThreadSession)

        async def begun() -> object:
            return session._thread is not None and session._thread.busy

        await eventually_async(begun, what="the statement runs")
    return backend, task


@pytest.mark.parametrize("write", [False, True])
async def test_close_does_not_wait_for_a_statement_that_hangs(proof: Proof, write: bool) -> None:
    backend, task = await hanging(proof, write=write)
    before = time.monotonic()
    await backend.close()
    assert time.monotonic() - before < SECOND
    task.cancel()
    with suppress(asyncio.CancelledError, UnstickError):
        await task


async def test_a_closed_backend_can_be_opened_again_while_its_old_statement_hangs(proof: Proof) -> None:
    backend, task = await hanging(proof, write=False)
    await backend.close()
    before = time.monotonic()
    await backend.clock()
    assert time.monotonic() - before < SECOND
    task.cancel()
    with suppress(asyncio.CancelledError, UnstickError):
        await task


def test_a_program_ends_at_once_although_a_statement_hangs(database_url: str) -> None:
    engine = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite"}[database_url.split(":")[0]]
    proof = asyncio.run(_made(database_url, engine))
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database_url, proof.system, HANGING[engine]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "hanging\n"
        if engine != "sqlite":
            observer = Worker(proof.system, proof.engine, database_url)
            eventually(lambda: observer.run(SEEN[engine])[0][0], what="the statement runs")
            observer.close()
        before = time.monotonic()
        process.communicate("go\n", timeout=30)
        # The rest is what Python itself needs to end; the statement would have taken ten seconds.
        assert time.monotonic() - before < 3 * SECOND
        assert process.returncode == 0


async def _made(url: str, engine: str) -> Proof:
    made = await Proof.create("extraction", engine, url, "database")  # type: ignore[arg-type]
    await made.close()
    return made


async def test_cancelling_a_reader_leaves_the_backend_usable(proof: Proof) -> None:
    backend, task = await hanging(proof, write=False)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await backend.close()
    await backend.clock()


@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_what_nobody_waits_for_is_ended_in_the_server(proof: Proof, how: str) -> None:
    backend, task = await hanging(proof, write=False)
    thread = getattr(backend._reading, "_thread", None)
    if how == "closed":
        await backend.close()
    task.cancel()
    with suppress(asyncio.CancelledError, UnstickError):
        await task
    if proof.engine == "sqlite":

        async def ended() -> object:
            return thread is not None and not thread.busy

        await eventually_async(ended, what="the statement has ended", timeout=3.0)
        return
    observer = proof.worker()

    async def gone() -> object:
        return not observer.run(SEEN[proof.engine])[0][0]

    # Long before its time limit.
    await eventually_async(gone, what="the statement has ended", timeout=3.0)


async def test_what_waits_behind_a_reader_that_was_cancelled_is_answered(proof: Proof) -> None:
    backend, task = await hanging(proof, write=False)
    behind = asyncio.create_task(backend.clock())
    await asyncio.sleep(0)
    before = time.monotonic()
    task.cancel()
    await behind
    assert time.monotonic() - before < 3 * SECOND
    with suppress(asyncio.CancelledError, UnstickError):
        await task
