"""An account without rights on the journal's tables reads its jobs, and can't write past the journal."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.contract.world import add_stuck, plan_recover
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.proof.dumps import dump_tables
from tests.proof.proof import Proof
from unstick.backends import create_backend, install_journal
from unstick.recovery.engine import apply
from unstick.recovery.errors import Denied
from unstick.recovery.port import Backend

Execute = Callable[[str], object]
GRANTS = "SELECT, INSERT, UPDATE, DELETE"


class Place:
    """A system whose jobs an account may read and write, and the journal's tables not."""

    def __init__(self, proof: Proof, execute: Execute, who: str) -> None:
        self.proof, self.execute, self.who = proof, execute, who

    async def console(self) -> Backend:
        """The account's console."""
        url = sa.make_url(self.proof.url).set(username="clerk", password="clerk-says")
        source = replace(self.proof.source(), url=url.render_as_string(hide_password=False))
        backend = create_backend(source)
        self.proof.backends.append(backend)
        await backend.open()
        return backend

    def heed(self, sentence: str) -> None:
        """Run the GRANTs that a sentence names."""
        found = [part for part in sentence.replace(": GRANT", "; GRANT").split("; ") if "GRANT" in part]
        assert found
        for grant in found:
            self.execute(grant)


@pytest.fixture
def keeping() -> str:
    """The journal is installed by the test, when the account is there."""
    return "local"


@pytest.fixture
def place(request: pytest.FixtureRequest, proof: Proof) -> Iterator[Place]:
    """The account, made by the administrator."""
    database = sa.make_url(proof.url).database or ""
    if proof.engine == "sqlite":
        pytest.skip("a file has no accounts")
    if proof.engine == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")

        def psql(sql: str) -> str:
            return postgres.execute(sql, database)

        psql("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN PASSWORD 'clerk-says'")
        for schema in psql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^info'").split():
            psql(f"GRANT USAGE ON SCHEMA {schema} TO clerk")
            psql(f"GRANT {GRANTS} ON ALL TABLES IN SCHEMA {schema} TO clerk")
        yield Place(proof, psql, "clerk")
        psql("DROP OWNED BY clerk; DROP ROLE clerk")
        return
    mariadb: MariaDBServer = request.getfixturevalue("mariadb_server")

    def mysql(sql: str) -> object:
        return mariadb.execute(sql, database=database)

    mysql("CREATE OR REPLACE USER clerk@'%' IDENTIFIED BY 'clerk-says'")
    for (table,) in mariadb.execute("SHOW TABLES", database=database):
        mysql(f"GRANT {GRANTS} ON `{table}` TO clerk@'%'")
    yield Place(proof, mysql, "'clerk'@'%'")
    mysql("DROP USER clerk@'%'")


async def test_without_a_grant_jobs_are_read_and_nothing_is_written(place: Place) -> None:
    proof = place.proof
    [job, *_] = await add_stuck(proof.world, "a", "b")
    shown = await install_journal(proof.source(), apply=True)
    assert sum(one.startswith("-- GRANT") for one in shown) >= 3
    before = await dump_tables(proof)

    clerk = await place.console()
    problem = clerk.capabilities.problems[0]
    assert "unstick_history" in problem
    assert f"TO {place.who}" in problem
    assert clerk.capabilities.journal == "database"
    assert (await clerk.job(job)).verdict is not None
    assert await clerk.attempts(job) == ()
    plan = await plan_recover(clerk)
    assert len(plan.rows) == 2
    with pytest.raises(Denied, match="GRANT SELECT"):
        await clerk.operations()
    with pytest.raises(Denied, match=r"GRANT SELECT, INSERT, UPDATE .*; nothing was changed") as refused:
        await apply(clerk, plan)
    assert await dump_tables(proof) == before
    assert await (await proof_console(proof)).operations() == ()

    place.heed(str(refused.value).removesuffix("; nothing was changed"))
    assert (await apply(clerk, plan)).counts.applied == 2
    assert clerk.capabilities.problems == ()
    assert len(await clerk.operations()) == 1


async def test_a_grant_to_read_is_not_enough_to_write(place: Place) -> None:
    proof = place.proof
    await add_stuck(proof.world, "a")
    await install_journal(proof.source(), apply=True)
    for table in ("unstick_operations", "unstick_operation_rows", "unstick_history"):
        place.execute(f"GRANT SELECT ON {table} TO {place.who}")
    before = await dump_tables(proof)
    clerk = await place.console()
    assert await clerk.operations() == ()
    plan = await plan_recover(clerk)
    with pytest.raises(Denied, match=r"GRANT INSERT, UPDATE, DELETE ON unstick_operation_rows TO"):
        await apply(clerk, plan)
    assert await dump_tables(proof) == before


async def proof_console(proof: Proof) -> Backend:
    """The administrator's console."""
    backend = create_backend(proof.source())
    proof.backends.append(backend)
    await backend.open()
    return backend
