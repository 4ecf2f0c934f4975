"""The server goes at the worst moment: the apply goes on or says so, and nothing is half-written."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest

from tests.contract.sides import connect
from tests.contract.world import add_stuck, outcomes, plan_recover, recovered
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.proof.proof import Keeping, Proof, check_books
from tests.proof.seams import SEAMS
from unstick.recovery import engine
from unstick.recovery.engine import Progress, apply
from unstick.recovery.errors import BackendError, CommitUnknown, Unreachable
from unstick.recovery.plan import Options
from unstick.recovery.query import Query

Server = PostgresServer | MariaDBServer
ENDS: dict[str, Callable[[Server], None]] = {
    "stopped": lambda server: server.stop("immediate"),
    "killed": lambda server: server.kill(),
}
# The harness trades the last commits for speed; here a commit has to survive the server.
SERVERS: dict[str, Callable[[], Server]] = {
    "postgresql": lambda: PostgresServer(settings={"synchronous_commit": "on"}),
    "mariadb": lambda: MariaDBServer(settings={"innodb-flush-log-at-trx-commit": "2"}),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine waits as long as ever, but looks more often."""
    monkeypatch.setattr(engine, "RECONNECTS", (0.05,) * 200)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that these tests may stop and kill."""
    with SERVERS[request.param]() as made:
        yield made


@pytest.fixture
async def proof(server: Server, keeping: Keeping) -> AsyncIterator[Proof]:
    """An empty system on that server."""
    server.start()
    name = f"proof_{threading.get_native_id()}"
    server.drop_database(name)
    postgres = isinstance(server, PostgresServer)
    system, kind = ("extraction", "postgresql") if postgres else ("artitec", "mysql")
    made = await Proof.create(system, kind, server.create_database(name), keeping)  # type: ignore[arg-type]
    yield made
    await made.close()


class Outage:
    """The server ends, and comes back by itself while everybody tries to reach it."""

    def __init__(self, server: Server, end: str) -> None:
        self._server, self._end = server, end
        self._start = threading.Thread(target=server.start)

    def begin(self) -> None:
        """End the server."""
        ENDS[self._end](self._server)
        self._start.start()

    def over(self) -> None:
        """Wait until the server is back."""
        self._start.join()


async def look_again(proof: Proof) -> None:
    """The tests' own connections were cut too."""
    with suppress(Exception):
        await proof.world._side.close()
    proof.world._side = await connect(proof.url)


@pytest.mark.parametrize("place", SEAMS)
@pytest.mark.parametrize("end", ENDS)
async def test_an_apply_survives_a_server_that_goes_and_comes_back(
    proof: Proof, server: Server, monkeypatch: pytest.MonkeyPatch, end: str, place: str
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c", "d")
    backend = await proof.console()
    plan = await plan_recover(backend)
    outage = Outage(server, end)
    SEAMS[place](monkeypatch, outage.begin, 2)
    result = await apply(backend, plan, chunk=2)
    outage.over()
    await look_again(proof)
    assert result.error is None
    assert outcomes(result) == dict.fromkeys(jobs, "applied")
    await check_books(proof, backend, jobs, result.operation)
    [operation] = await backend.operations()
    assert (operation.status, operation.counts.applied) == ("finished", 4)


@pytest.mark.parametrize("place", ["under the lock", "before the commit"])
async def test_when_the_server_stays_away_it_says_so_in_one_sentence_and_the_rest_can_be_done_later(
    proof: Proof, server: Server, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(engine, "RECONNECTS", (0.01, 0.01))
    jobs = await add_stuck(proof.world, "a", "b", "c", "d")
    backend = await proof.console()
    plan = await plan_recover(backend)
    SEAMS[place](monkeypatch, server.kill, 2)
    result = await apply(backend, plan, chunk=2)
    assert isinstance(result.error, Unreachable | CommitUnknown)
    check_sentence(result.error)
    assert (result.stopped, result.counts.applied, len(result.rows)) == (True, 2, 2)
    with pytest.raises(Unreachable) as down:
        await backend.page(Query())
    check_sentence(down.value)

    server.start()
    await look_again(proof)
    assert len((await backend.page(Query())).rows) == 4
    [operation] = await backend.operations()
    assert (operation.status, operation.counts.applied, operation.unresolved) == ("interrupted", 2, 0)
    in_order = [row.job for row in plan.rows]
    assert await proof.statuses(in_order) == [recovered(proof.world)] * 2 + ["running"] * 2
    await check_books(proof, backend, jobs, operation.id)
    assert outcomes(await apply(backend, plan)) == dict.fromkeys(jobs, "applied")
    await check_books(proof, backend, jobs, operation.id)
    assert (await apply(backend, await backend.plan_undo(operation.id, Options()))).counts.applied == 4


@pytest.mark.parametrize("end", ENDS)
async def test_reading_goes_on_by_itself_when_the_server_is_back(
    proof: Proof, server: Server, end: str
) -> None:
    [job] = await add_stuck(proof.world, "a")
    backend = await proof.console()
    assert [row.id for row in (await backend.page(Query())).rows] == [job]
    ENDS[end](server)
    for ask in (lambda: backend.page(Query()), backend.counts, backend.clock, lambda: backend.job(job)):
        with pytest.raises(Unreachable) as down:
            await ask()
        check_sentence(down.value)
    server.start()
    assert [row.id for row in (await backend.page(Query())).rows] == [job]
    # Gone and back between two looks: nobody notices.
    server.restart("immediate")
    assert [row.id for row in (await backend.page(Query())).rows] == [job]


async def test_a_restart_between_two_chunks_is_not_even_an_error(proof: Proof, server: Server) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    backend = await proof.console()
    plan = await plan_recover(backend)

    def restart(progress: Progress) -> None:
        if progress.done == 1:
            server.restart("immediate")

    result = await apply(backend, plan, chunk=1, on_progress=restart)
    await look_again(proof)
    assert (result.error, outcomes(result)) == (None, dict.fromkeys(jobs, "applied"))
    await check_books(proof, backend, jobs, result.operation)


def check_sentence(error: BackendError) -> None:
    """One sentence: no traceback, no password, nothing of the machinery."""
    said = str(error)
    assert said
    assert "\n" not in said
    for word in ("harness-secret", "Traceback", "sqlalche", "asyncpg.", "pymysql.", "[SQL"):
        assert word not in said
