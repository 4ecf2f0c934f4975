"""A migration that can't go on at once: locks, refusals, and what an earlier one left half done."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.migrations.acme import Acme, made, reasons, statements
from tests.systems.databases import in_database
from unstick.backends import install_journal
from unstick.backends.sql import migration_plan
from unstick.backends.sql.migration_plan import Draft, Standing
from unstick.recovery.errors import BackendError, Denied

SHORT = {"lock_timeout_s": 0.3}


@asynccontextmanager
async def held(acme: Acme, table: str) -> AsyncIterator[None]:
    """Another session's transaction that has written to the table, and lasts."""
    started, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"UPDATE {table} SET id = id")
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(over.wait(), loop).result(30)

    if acme.engine == "postgresql":
        async with _held_here(acme, table):
            yield
        return
    holding = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(in_database(acme.url, hold))))
    await started.wait()
    yield
    over.set()
    await holding


@asynccontextmanager
async def _held_here(acme: Acme, table: str) -> AsyncIterator[None]:
    import asyncpg

    connection = await asyncpg.connect(acme.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"UPDATE {table} SET id = id")
    yield
    await transaction.rollback()
    await connection.close()


async def test_a_table_in_use_is_not_waited_for_and_the_rest_is_done_later(acme: Acme) -> None:
    items = acme.quote("order items")
    async with held(acme, items):
        with pytest.raises(BackendError, match=r"in use by a transaction|database is locked"):
            await acme.applies(settings=SHORT)
        if acme.engine != "sqlite":
            assert {"tries", "why", "paused"} <= (await acme.tables())["orders"]
            assert (await acme.tables())["order items"] == {"id"}
    rest = [sql for sql in statements(await acme.shows(), "ADD COLUMN") if "order items" in sql]
    assert len(rest) == 1
    await acme.applies()
    assert statements(await acme.shows()) == []
    assert "select" in (await acme.tables())["order items"]
    await acme.applies(rollback=True)
    assert await acme.is_bare()


async def test_a_record_of_what_never_came_about_is_completed_or_forgotten(acme: Acme) -> None:
    await acme.applies()
    await acme.place.run(
        f"ALTER TABLE {acme.quote('order items')} DROP COLUMN {acme.quote('select')}",
        acme.place.pick(
            "DROP INDEX idx_orders_tries",
            "DROP INDEX idx_orders_tries ON orders",
            "DROP INDEX idx_orders_tries",
        ),
    )
    again = await acme.applies()
    assert len(statements(again)) == 2
    await acme.place.run(f"ALTER TABLE {acme.quote('order items')} DROP COLUMN {acme.quote('select')}")
    await acme.applies(rollback=True)
    assert await acme.is_bare()


async def test_a_table_with_a_column_added_by_somebody_else_meanwhile_keeps_it(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = migration_plan.additions

    def late(standing: Standing) -> Draft:
        draft = looked(standing)
        if acme.engine == "mysql":
            standing.connection.rollback()
        standing.connection.exec_driver_sql("ALTER TABLE orders ADD COLUMN why VARCHAR(32)")
        standing.connection.commit()
        return draft

    monkeypatch.setattr("unstick.backends.sql.migration.additions", late)
    with pytest.raises(BackendError, match=r"somebody else has just added orders.why"):
        await acme.applies()
    monkeypatch.undo()
    await acme.applies()
    await acme.applies(rollback=True)
    assert (await acme.tables())["orders"] == {"id", "state", "queue", "beat_at", "why"}


async def test_two_at_once_add_everything_once_and_one_may_be_told_so(acme: Acme) -> None:
    await install_journal(acme.source(), apply=True)
    told = await asyncio.gather(acme.applies(), acme.applies(), return_exceptions=True)
    for refused in (one for one in told if isinstance(one, BaseException)):
        assert isinstance(refused, BackendError)
        assert "somebody else has just added" in str(refused) or "in use by a transaction" in str(refused)
    await acme.applies()
    assert statements(await acme.shows()) == []
    await acme.applies(rollback=True)
    assert await acme.is_bare()


async def test_a_value_that_comes_between_the_look_and_the_drop_is_kept(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acme.applies()
    looked = migration_plan.removals

    def late(standing: Standing, named: list[str]) -> Draft:
        draft = looked(standing, named)
        standing.connection.rollback()
        standing.connection.exec_driver_sql("UPDATE orders SET tries = 1 WHERE id = 2")
        standing.connection.commit()
        return draft

    monkeypatch.setattr("unstick.backends.sql.migration.removals", late)
    with pytest.raises(BackendError, match=r"orders.tries has got a value meanwhile and was not dropped"):
        await acme.applies(rollback=True)
    monkeypatch.undo()
    assert await acme.place.value("SELECT tries FROM orders WHERE id = 2") == 1
    assert [*reasons(await acme.applies(rollback=True))] == ["orders.tries"]


@pytest.fixture
async def on_postgres(postgres_url: str, tmp_path: Path) -> AsyncIterator[Acme]:
    system = await made(postgres_url, tmp_path)
    yield system
    await system.place.close()


VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_orders_tries'::regclass"


async def test_an_index_that_an_interrupted_build_left_behind_is_built_anew(on_postgres: Acme) -> None:
    acme = on_postgres
    await acme.applies()
    await acme.place.run(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_orders_tries'::regclass"
    )
    shown = statements(await acme.shows())
    assert [sql.split()[:3] for sql in shown] == [
        ["DROP", "INDEX", "CONCURRENTLY"],
        ["CREATE", "INDEX", "CONCURRENTLY"],
    ]
    await acme.applies()
    assert await acme.place.value(VALID) is True
    await acme.applies(rollback=True)
    assert await acme.is_bare()


async def test_an_index_that_can_t_be_finished_in_time_is_built_another_time(on_postgres: Acme) -> None:
    """An old transaction holds up the end of the build, and the build holds up nobody."""
    acme = on_postgres
    await acme.place.run(
        "ALTER TABLE orders ADD COLUMN tries INT, ADD COLUMN why TEXT, ADD COLUMN paused BOOLEAN"
    )
    async with held(acme, "orders"):
        with pytest.raises(BackendError, match="orders is in use by a transaction"):
            await acme.applies(settings={"lock_timeout_s": 0.05})
        await acme.place.run("INSERT INTO orders (id, state) VALUES (9, 'queued')")
    await acme.applies()
    assert await acme.place.value(VALID) is True
    assert statements(await acme.shows()) == []
    await acme.applies(rollback=True)
    assert await acme.indexes() == {}


@pytest.fixture(params=["postgresql", "mariadb"])
async def clerk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Acme, str]]:
    """The system, with the URL of an account that may only read and write rows."""
    fixture = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}[request.param]
    acme = await made(request.getfixturevalue(fixture), tmp_path)
    with _account(request, acme) as url:
        yield acme, url
    await acme.place.close()


def _account(request: pytest.FixtureRequest, acme: Acme) -> "_Account":
    database = sa.make_url(acme.url).database or ""
    execute: Callable[[str], object]
    if acme.engine == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        execute = lambda sql: postgres.execute(sql, database)  # noqa: E731
        before = [
            "DROP ROLE IF EXISTS clerk",
            "CREATE ROLE clerk LOGIN PASSWORD 'clerk-says'",
            "GRANT USAGE, CREATE ON SCHEMA public TO clerk",
            "GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO clerk",
        ]
        return _Account(execute, acme, before, ["DROP OWNED BY clerk", "DROP ROLE clerk"])
    mariadb: MariaDBServer = request.getfixturevalue("mariadb_server")
    execute = lambda sql: mariadb.execute(sql, database=database)  # noqa: E731
    before = [
        "CREATE OR REPLACE USER clerk@'%' IDENTIFIED BY 'clerk-says'",
        f"GRANT SELECT, UPDATE, INSERT, CREATE, INDEX ON `{database}`.* TO clerk@'%'",
    ]
    return _Account(execute, acme, before, ["DROP USER clerk@'%'"])


class _Account:
    def __init__(
        self, execute: Callable[[str], object], acme: Acme, before: list[str], after: list[str]
    ) -> None:
        self._execute, self._acme, self._before, self._after = execute, acme, before, after

    def __enter__(self) -> str:
        for sql in self._before:
            self._execute(sql)
        url = sa.make_url(self._acme.url).set(username="clerk", password="clerk-says")
        return url.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        for sql in self._after:
            self._execute(sql)


async def test_an_account_that_may_not_change_tables_is_told_in_one_sentence(clerk: tuple[Acme, str]) -> None:
    acme, url = clerk
    with pytest.raises(Denied, match=r"this account may not change orders for orders.tries") as refused:
        await acme.applies(settings={"url": url})
    assert "clerk-says" not in str(refused.value)
    assert (await acme.tables())["orders"] == {"id", "state", "queue", "beat_at"}
    await acme.applies()
    await acme.applies(rollback=True)
    assert await acme.is_bare()
