"""The harness itself: the servers are real, private, and come back on the same port."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.harness import sshd
from tests.harness.mariadb import MariaDBServer, ensure_installed
from tests.harness.postgres import PostgresServer
from tests.harness.server import ServerFailed, alive
from tests.harness.waiting import eventually, eventually_async

DRIVERS = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+pymysql", "sqlite": "sqlite"}


async def ask(url: str, sql: str) -> object:
    """The first value of the first row, through SQLAlchemy and the driver that the program uses."""
    target = make_url(url)
    target = target.set(drivername=DRIVERS[target.drivername])
    if target.drivername == "postgresql+asyncpg":
        engine = create_async_engine(target, poolclass=NullPool)
        async with engine.connect() as connection:
            return (await connection.execute(text(sql))).scalar()
    return await asyncio.to_thread(ask_in_thread, target.render_as_string(hide_password=False), sql)


def ask_in_thread(url: str, sql: str) -> object:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(text(sql))
        return result.scalar() if result.returns_rows else None


async def test_every_database_starts_empty_and_answers(database_url: str) -> None:
    assert await ask(database_url, "SELECT 40 + 2") == 42
    tables = {
        "postgresql": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        "mysql": "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
        "sqlite": "SELECT count(*) FROM sqlite_master",
    }
    assert await ask(database_url, tables[make_url(database_url).drivername]) == 0


async def test_a_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    wrong = postgres_server.url().replace("harness-secret", "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


def test_postgres_databases_have_the_time_zone_they_were_given(postgres_server: PostgresServer) -> None:
    postgres_server.create_database("seoul", timezone="Asia/Seoul")
    assert postgres_server.execute("SHOW timezone", "seoul") == "Asia/Seoul"
    assert postgres_server.execute("SHOW timezone") == "UTC"
    postgres_server.drop_database("seoul")


def test_mariadb_knows_the_time_zones(mariadb_server: MariaDBServer) -> None:
    sql = "SELECT CONVERT_TZ('2026-07-01 00:00:00', 'America/Chicago', 'Asia/Seoul') = '2026-07-01 14:00:00'"
    assert mariadb_server.execute(sql) == ((1,),)


def test_mariadb_starts_in_the_time_zone_it_was_given() -> None:
    with MariaDBServer(default_time_zone="Asia/Seoul") as server:
        assert server.execute("SELECT @@session.time_zone") == (("Asia/Seoul",),)


async def test_postgres_keeps_port_and_data_when_it_goes_and_comes_back(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database("kept")
    own_postgres.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7)", "kept")
    own_postgres.restart()
    assert await ask(url, "SELECT n FROM t") == 7
    own_postgres.restart("immediate")
    assert await ask(url, "SELECT n FROM t") == 7
    own_postgres.kill()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(url)
    own_postgres.start()
    assert await ask(url, "SELECT n FROM t") == 7


async def test_mariadb_keeps_port_and_data_when_it_goes_and_comes_back(own_mariadb: MariaDBServer) -> None:
    url = own_mariadb.create_database("kept")
    own_mariadb.execute("CREATE TABLE t (n int)", database="kept")
    own_mariadb.execute("INSERT INTO t VALUES (7)", database="kept")
    own_mariadb.restart()
    assert await ask(url, "SELECT n FROM t") == 7
    own_mariadb.kill()
    assert not own_mariadb.ready()
    own_mariadb.start()
    assert await ask(url, "SELECT n FROM t") == 7


async def test_a_restart_from_a_thread_leaves_the_server_running(own_postgres: PostgresServer) -> None:
    await asyncio.to_thread(own_postgres.restart)
    assert await ask(own_postgres.url(), "SELECT 1") == 1


async def test_dropping_a_database_ends_the_connections_to_it(postgres_server: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres_server.create_database("busy"))
    postgres_server.drop_database("busy")
    await eventually_async(lambda: closed(connection), what="the connection is ended")


async def closed(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return connection.is_closed()


def test_servers_and_folders_go_when_the_test_run_is_killed(tmp_path: Path) -> None:
    script = (
        "import signal\n"
        "from tests.harness.postgres import PostgresServer\n"
        "server = PostgresServer()\n"
        "server.start()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "signal.pause()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert run.stdout is not None
    pid, folder = run.stdout.readline().split()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    eventually(lambda: not Path(folder).exists(), what="the server's folder is removed")
    assert not alive(int(pid))


def test_a_missing_server_that_may_not_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(ServerFailed, match="is missing: install mariadb-server"):
        ensure_installed()
    with pytest.raises(ServerFailed, match="is missing: install openssh-server"):
        sshd.ensure_installed()


def test_a_server_that_cannot_start_shows_its_log() -> None:
    server = PostgresServer(settings={"no_such_setting": "1"})
    with pytest.raises(ServerFailed, match="unrecognized configuration parameter"):
        server.start()
    assert not server.running
    server.close()


def test_waiting_in_vain_names_what_was_waited_for() -> None:
    with pytest.raises(TimeoutError, match="until the moon is cheese"):
        eventually(lambda: False, what="the moon is cheese", timeout=0.05)


def test_the_home_folder_is_empty_and_temporary(home: Path, tmp_path: Path) -> None:
    assert Path.home() == home
    assert home.is_relative_to(tmp_path)
    assert list(home.iterdir()) == []
