"""Fixtures for every test: a home of its own, and fresh databases on real servers.

A server is started by the first test that wants it, once per pytest process; each test gets a fresh, empty
database. A test that stops, kills or restarts a server asks for its own (`own_postgres`, `own_mariadb`).
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from tests.harness import sqlite
from tests.harness.application import PROXIES, Application
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.harness.pty import Terminal

# What a developer's shell may hold that changes how the program behaves.
FOREIGN = ("UNSTICK_", "PG", "MYSQL", "MARIADB", "SSH_", "SUDO_", "TEXTUAL", "XDG_", "PIP_")
FOREIGN_NAMES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLORTERM", "COLUMNS", "LINES", "TZ", "TMUX")


# Where nothing but a pause of the machine can make a test fail that holds otherwise. What is really broken
# fails each time.
AT_THEIR_OWN_PACE = ("processes", "pty")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try tests again whose processes go on while the test looks away."""
    for item in items:
        if any(item.get_closest_marker(name) for name in AT_THEIR_OWN_PACE):
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_sessionstart(session: pytest.Session) -> None:
    """When the wheel is tested it must really be the wheel that is imported."""
    if "UNSTICK_TEST_WHEEL" in os.environ:
        spec = find_spec("unstick.recovery")
        assert spec is not None, "the wheel is not installed"
        assert spec.origin is not None, "unstick.recovery has no __init__.py"
        assert Path(spec.origin).is_relative_to(sys.prefix), f"not from the wheel: {spec.origin}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and an environment without traces of the developer's own."""
    for name in os.environ:
        if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / f".{kind.lower()}"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL server that tests share. Don't stop it: see `own_postgres`."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """The MariaDB server that tests share. Don't stop it: see `own_mariadb`."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh, empty database on PostgreSQL."""
    name = fresh_name()
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def mariadb_url(mariadb_server: MariaDBServer) -> Iterator[str]:
    """A fresh, empty database on MariaDB."""
    name = fresh_name()
    yield mariadb_server.create_database(name)
    mariadb_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh, empty SQLite file."""
    return sqlite.create_database(tmp_path / "test.db")


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database; the test runs once on each of the three."""
    name = {"postgresql": "postgres_url", "mariadb": "mariadb_url", "sqlite": "sqlite_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server that the test may stop, kill and restart."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def own_mariadb() -> Iterator[MariaDBServer]:
    """A running MariaDB server that the test may stop, kill and restart."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """A running application that hooks can be called on."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with Application() as running:
        yield running


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Starts programs in pseudo-terminals (see `Terminal` for what to give) and ends them with the test."""
    with ExitStack() as running:
        yield lambda *given, **options: running.enter_context(Terminal(*given, **options))


def fresh_name() -> str:
    return f"test_{uuid4().hex[:12]}"
