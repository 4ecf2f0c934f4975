"""What the doctor finds out about real servers, each check for itself."""

from typing import Any

import pytest

from tests.contract.sides import connect
from tests.harness.mariadb import MariaDBServer
from tests.harness.pgbouncer import PgBouncer
from tests.harness.postgres import PostgresServer
from tests.harness.postgres_standby import Standby
from tests.harness.waiting import eventually_async
from tests.systems.databases import create_tables, dialect_of
from unstick.backends import check, create_backend
from unstick.backends.sql import doctor
from unstick.backends.sql.doctor_check import Check
from unstick.recovery.engine import apply
from unstick.recovery.errors import ReadOnlySource
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source


async def found(url: str, profile: str | None = None, **settings: Any) -> dict[str, list[Check]]:
    """The findings by name."""
    by_name: dict[str, list[Check]] = {}
    for one in await check(Source("here", url, profile=profile, **settings)):
        by_name.setdefault(one.name, []).append(one)
    return by_name


async def test_a_source_without_fault_is_told_of_in_full(database_url: str) -> None:
    await create_tables(database_url, "artitec")
    told = await found(database_url)
    assert [one for checks in told.values() for one in checks if not one.ok] == []
    assert "supported" in told["server"][0].detail
    assert told["fingerprint"][0].detail.startswith("artitec is recognised: 7 of the 7 columns")
    assert "everything that artitec names is there" in told["columns"][0].detail
    assert "recover allowed" in told["verbs"][0].detail
    assert told["clock"][0].detail.startswith(("+0.", "-0."))
    assert "the session's is" in told["time zone"][0].detail
    if dialect_of(database_url) != "sqlite":
        assert told["tls"][0].note
        assert "not encrypted" in told["tls"][0].detail
        assert "add ?ssl" in told["tls"][0].advice
        assert told["pooler"][0].detail == "none: the server itself answers"
        assert told["replica"][0].detail.startswith("primary")
        assert "10 s" in told["timeouts"][0].detail


async def test_all_missing_columns_are_told_at_once(sqlite_url: str) -> None:
    await create_tables(sqlite_url, "artitec")
    side = await connect(sqlite_url)
    await side.run("ALTER TABLE collection_jobs RENAME COLUMN error_message TO oops")
    await side.run("ALTER TABLE collection_changes RENAME COLUMN status TO state")
    await side.close()
    told = await found(sqlite_url, "artitec")
    said = " ".join(one.detail for one in told["columns"])
    assert "error_message" in said
    assert "status" in said
    assert {one.ok for one in told["columns"]} == {False}
    assert not told["profile"][0].ok
    assert told["clock"][0].ok


async def test_what_fits_nearly_is_told_where_nothing_fits(sqlite_url: str) -> None:
    await create_tables(sqlite_url, "artitec")
    side = await connect(sqlite_url)
    await side.run("ALTER TABLE collection_jobs RENAME COLUMN items_found TO things_found")
    await side.close()
    told = await found(sqlite_url)
    assert not told["profile"][0].ok
    assert "artitec: 6 of the 7 columns" in told["fingerprint"][0].detail
    assert "missing collection_jobs.items_found" in told["fingerprint"][0].detail


async def test_a_check_that_fails_by_itself_says_so_and_the_others_go_on(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Check]:
        raise KeyError("oops")

    await create_tables(sqlite_url, "artitec")
    monkeypatch.setattr(doctor, "clock", broken)
    monkeypatch.setattr(doctor, "fingerprint", broken)
    told = await found(sqlite_url)
    for name in ("clock", "fingerprint"):
        assert not told[name][0].ok
        assert "could not be checked: KeyError" in told[name][0].detail
    assert told["writing"][0].ok


async def test_timeouts_of_the_server_that_interrupt_are_told(
    own_postgres: PostgresServer, own_mariadb: MariaDBServer
) -> None:
    own_postgres.execute("ALTER SYSTEM SET idle_session_timeout = '20s'; SELECT pg_reload_conf()")
    own_mariadb.execute("SET GLOBAL wait_timeout = 20")
    for url in (own_postgres.url(), own_mariadb.url()):

        async def noted(url: str = url) -> bool:
            notes = [one for one in (await found(url))["timeouts"] if one.note]
            return ["hangs up after 20 s" in one.detail for one in notes] == [True]

        await eventually_async(noted, what="the server knows its new limit")


@pytest.mark.parametrize("mode", ["transaction", "session"])
async def test_a_pooler_and_its_mode_are_named(
    mode: str, postgres_server: PostgresServer, postgres_url: str
) -> None:
    await create_tables(postgres_url, "artitec")
    # As pools are in practice: the connection that was given back last is lent first.
    with PgBouncer(postgres_server, mode=mode, settings={"server_round_robin": "0"}) as pooler:
        told = await found(pooler.url(postgres_url.rpartition("/")[2]))
    assert told["pooler"][0].detail.startswith(f"PgBouncer in {mode} mode: ")
    assert [one for checks in told.values() for one in checks if not one.ok] == []


async def test_a_hot_standby_is_read_only_and_says_why_until_it_is_promoted(
    own_postgres: PostgresServer,
) -> None:
    url = own_postgres.create_database("jobs")
    await create_tables(url, "artitec")
    side = await connect(url)
    await side.run(
        "INSERT INTO collection_jobs (job_id, entity_type, job_type, status, started_at, created_at) "
        "VALUES (gen_random_uuid(), 'developer', 'update', 'running', now() - interval '2 days', now())"
    )
    await side.close()
    with Standby(own_postgres) as standby:
        told = await found(standby.url("jobs"))
        assert "this server is a replica" in told["replica"][0].detail
        assert "connect to the primary" in told["writing"][0].detail
        assert [one for checks in told.values() for one in checks if not one.ok] == []
        backend = create_backend(Source("here", standby.url("jobs")))
        await backend.open()
        assert {*backend.capabilities.refusal} == {info.name for info in backend.capabilities.actions}
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        assert len(plan.rows) == 1
        with pytest.raises(ReadOnlySource, match=r"here: this server is a replica.*connect to the primary"):
            await apply(backend, plan)
        with pytest.raises(ReadOnlySource, match="is a replica"):
            await backend.begin(plan)
        standby.promote()
        await backend.open()
        assert (backend.capabilities.read_only, backend.capabilities.refusal) == (False, {})
        assert (await apply(backend, plan)).counts.applied == 1
        await backend.close()


async def test_a_mariadb_replica_is_told_by_read_only_and_by_whom_it_follows(
    own_mariadb: MariaDBServer,
) -> None:
    url = own_mariadb.create_database("jobs")
    await create_tables(url, "artitec")
    own_mariadb.execute("SET GLOBAL server_id = 7")
    own_mariadb.execute("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'nobody'")
    [follows] = (await found(url))["replica"]
    assert follows.note
    assert "but takes writes of its own" in follows.detail
    own_mariadb.execute("SET GLOBAL read_only = 1")
    told = await found(url)
    assert "read_only" in told["replica"][0].detail
    assert "replication stands still" in told["replica"][0].detail
    backend = create_backend(Source("here", url))
    await backend.open()
    with pytest.raises(ReadOnlySource, match="set read_only, as replicas are"):
        await apply(backend, await backend.plan("recover", Query(stuck_only=True), Options()))
    await backend.close()
