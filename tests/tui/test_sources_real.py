"""PostgreSQL, MariaDB and SQLite side by side in one console, and a server that dies under it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.contract.sides import connect
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.harness.postgres_standby import Standby
from tests.harness.sqlite import create_database
from tests.tui.driver import Console, JobScreen, JobsScreen, console
from tests.tui.sources import line_of, open_sources
from unstick.backends import create_backend
from unstick.backends.demo.ddl import statements
from unstick.recovery.source import Source
from unstick.tui.screens.everywhere import EverywhereScreen
from unstick.tui.screens.sources import SourcesScreen
from unstick.tui.session import REPLICA_S, Make

MARIADB_JOB = (
    "INSERT INTO collection_jobs (job_id, entity_type, job_type, status, started_at, created_at, updated_at) "
    "VALUES (?, 'builder', 'update', 'running', '2020-01-01 00:00:00', '2020-01-01', '2020-01-01')"
)


async def fill(url: str, system: str, dialect: str) -> None:
    """Make a system's tables; in the one of the queue two jobs hang since 2020."""
    side = await connect(url)
    for statement in statements(system, dialect):
        await side.run(statement)
    if system == "artitec":
        for name in ("JOB-1", "JOB-2"):
            await side.run(MARIADB_JOB, name)
    await side.close()


def source(name: str, url: str) -> tuple[Make, Source]:
    made = Source(name, url, refresh_s=3600.0, connect_timeout_s=3.0)
    return (lambda: create_backend(made)), made


def is_fresh(c: Console, name: str) -> bool:
    return "+ fresh" in line_of(c, f" {name} ")


def says(c: Console, name: str, text: str) -> bool:
    return text in line_of(c, f" {name} ")


@pytest.mark.slow
async def test_three_kinds_of_database_stand_side_by_side_and_one_that_dies_takes_no_other_along(
    postgres_url: str, own_mariadb: MariaDBServer, tmp_path: Path
) -> None:
    mariadb, sqlite = own_mariadb.create_database("jobs"), create_database(tmp_path / "jobs.db")
    await fill(postgres_url, "extraction", "postgresql")
    await fill(mariadb, "artitec", "mysql")
    await fill(sqlite, "artitec", "sqlite")
    others = [source("pg", postgres_url), source("maria", mariadb), source("lite", sqlite)]
    async with console(others=others, size=(160, 50)) as c:
        await open_sources(c)
        for name, server in (("pg", "PostgreSQL"), ("maria", "MariaDB"), ("lite", "SQLite")):
            await c.until(partial(is_fresh, c, name), f"for {name}")
            await c.until(partial(says, c, name, server), f"for {server}")
        await c.press("j")
        await c.until_shows("CREATE INDEX CONCURRENTLY")
        await c.press("j")
        await c.until_shows("collection_jobs (created_at, job_id)")
        assert "CONCURRENTLY" not in c.text

        await c.press("2")
        await c.until(lambda: isinstance(c.app.screen, EverywhereScreen))
        everywhere = c.on(EverywhereScreen)
        await c.until(lambda: {"2/JOB-1", "2/JOB-2", "3/JOB-1", "3/JOB-2"} <= {*everywhere.rows.keys})
        assert everywhere.rows.keys[0].endswith(("JOB-1", "JOB-2"))

        own_mariadb.kill()
        await c.press("ctrl+r")
        await c.until_shows("! can't reach maria: ")
        assert {"2/JOB-1", "3/JOB-1"} <= {*everywhere.rows.keys}
        everywhere.table.move_to("3/JOB-2")
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("native status running")
        assert c.app.session.source.name == "lite"
        await c.press("escape", "escape")
        await c.until(lambda: isinstance(c.app.screen, SourcesScreen))
        await c.until(lambda: "x down" in line_of(c, " maria "))
        assert "+ fresh" in line_of(c, " pg ")

        own_mariadb.start()
        await c.press("ctrl+r")
        await c.until(lambda: "+ fresh" in line_of(c, " maria "))
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))


@pytest.mark.slow
async def test_a_database_url_is_opened_while_the_console_is_and_its_password_is_never_shown(
    postgres_url: str,
) -> None:
    await fill(postgres_url, "extraction", "postgresql")
    password = postgres_url.partition("@")[0].rpartition(":")[2]

    def find(text: str) -> tuple[Make, Source]:
        return source("jobs", text)

    async with console(size=(160, 50), find=find) as c:
        screen = await open_sources(c)
        screen._accept(postgres_url.replace(password, "not-this-one"))
        await c.until_shows("not added: ")
        assert "not-this-one" not in c.text
        assert len(c.app.sessions) == 1
        screen._accept(postgres_url)
        await c.until(lambda: "+ fresh" in line_of(c, " jobs "))
        await c.until_shows("CREATE INDEX CONCURRENTLY")
        assert password not in c.text
        await c.press("2")
        await c.until(lambda: isinstance(c.app.screen, EverywhereScreen))


@pytest.mark.slow
async def test_a_replica_that_was_promoted_can_be_written_to_without_opening_it_again(
    own_postgres: PostgresServer,
) -> None:
    await fill(own_postgres.create_database("jobs"), "extraction", "postgresql")
    with Standby(own_postgres) as standby:
        async with console(others=[source("replica", standby.url("jobs"))]) as c:
            await open_sources(c)
            await c.until(partial(is_fresh, c, "replica"), "for the replica")
            session = c.app.sessions[1]
            assert session.read_only
            standby.promote()
            await session.refresh(session.backend.clock)
            assert session.read_only, "it is not asked each time"
            c.ticks.pass_by(REPLICA_S)
            await session.refresh(session.backend.clock)
            assert not session.read_only
