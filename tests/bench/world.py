"""The servers with their rows, started and filled when the first measurement wants them, gone at the end."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql

from tests.bench import tables
from tests.bench.sizes import Sizes
from tests.conftest import FOREIGN, FOREIGN_NAMES
from tests.harness import sqlite
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.harness.server import private_folder
from unstick.backends import create_backend, install_journal
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

PROFILE = Path(__file__).parent / "profile.toml"
ROWS_AT_ONCE = {"postgresql": 500_000, "mariadb": 100_000, "sqlite": 500_000}
LARGE = {
    "postgresql": {"shared_buffers": "1GB", "max_wal_size": "2GB", "max_connections": "200"},
    "mariadb": {"innodb-buffer-pool-size": "1G", "innodb-log-file-size": "256M"},
}


class World:
    """What there is to measure on. Use it as a context manager."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self._open = ExitStack()
        self._looked: dict[str, str] = {}
        self._made = 0

    def __enter__(self) -> World:
        for name in os.environ:
            if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
                del os.environ[name]
        self.home = private_folder("bench")
        os.environ["HOME"] = str(self.home)
        for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = str(self.home / f".{kind.lower()}")
        os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.home)}
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def postgres(self) -> PostgresServer:
        """The PostgreSQL server."""
        return self._open.enter_context(PostgresServer(settings=LARGE["postgresql"]))

    @cached_property
    def mariadb(self) -> MariaDBServer:
        """The MariaDB server."""
        return self._open.enter_context(MariaDBServer(settings=LARGE["mariadb"]))

    def empty(self, engine: str) -> str:
        """Return the URL of a new, empty database."""
        self._made += 1
        name = f"bench_{self._made}"
        if engine == "postgresql":
            return self.postgres.create_database(name)
        if engine == "mariadb":
            return self.mariadb.create_database(name)
        return sqlite.create_database(self.home / f"{name}.db")

    def rows(self, engine: str) -> str:
        """Return the URL of the large database that is only looked at."""
        if engine not in self._looked:
            self._looked[engine] = self.some(engine, self.sizes.rows[engine])
        return self._looked[engine]

    def some(self, engine: str, number: int, *, indexes: bool = True) -> str:
        """Return the URL of a new database with so many jobs to look at."""
        url = self.empty(engine)
        with noted(f"{number:,} rows on {engine}"):
            step = ROWS_AT_ONCE[engine]
            fills = [
                tables.fill(engine, first, min(first + step - 1, number))
                for first in range(1, number + 1, step)
            ]
            made = tables.INDEXES if indexes else ()
            self.run(engine, url, *tables.create(engine), *fills, *made, *tables.WORDS[engine].analyse)
        return url

    def stuck(self, engine: str, number: int) -> str:
        """Return the URL of a new database with so many jobs that hang, three parts each, and a journal."""
        url = self.empty(engine)
        fills = (tables.fill_stuck(engine, 1, number), tables.fill_parts(engine, 1, number))
        analyse = tables.WORDS[engine].analyse
        self.run(engine, url, *tables.create(engine), *fills, *tables.INDEXES, *analyse)
        asyncio.run(_journal(self.source(url)))
        return url

    def run(self, engine: str, url: str, *statements: str) -> None:
        """Run statements, one transaction each."""
        if engine == "postgresql":
            self.postgres.execute(";\n".join(statements), database=urlsplit(url).path[1:])
        elif engine == "mariadb":
            with closing(mariadb_connection(url)) as connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        else:
            with closing(sqlite_connection(url)) as file:
                for statement in statements:
                    file.execute(statement)

    def source(self, url: str, **more: Any) -> Source:
        """Return a source with the measured profile."""
        return Source("bench", url, profile=str(PROFILE), **more)

    def backend(self, url: str, **more: Any) -> Backend:
        """Return a backend that is not opened."""
        return create_backend(self.source(url, **more))

    def config(self, *urls: str, refresh: float = 5.0, name: str = "bench") -> list[str]:
        """Return the options that open these sources; the first one is called `bench`."""
        file = self.home / f"config-{self._made}-{len(urls)}-{refresh:g}-{name}.toml"
        sources = [
            f'[sources.{name}{place or ""}]\nurl = "{url}"\nprofile = "{PROFILE}"\nrefresh = "{refresh:g}s"\n'
            for place, url in enumerate(urls)
        ]
        file.write_text("\n".join(sources))
        return ["--config", str(file)]

    def console(self, *urls: str, **more: Any) -> list[str]:
        """Return the command line of the console on these sources."""
        return [unstick(), *self.config(*urls, **more)]


def unstick() -> str:
    """Return the program of this environment."""
    return str(Path(sys.executable).with_name("unstick"))


def mariadb_connection(url: str) -> pymysql.Connection[pymysql.cursors.Cursor]:
    """Connect to a database of the MariaDB server, without limits."""
    at = urlsplit(url)
    user, password, host = at.username or "", at.password or "", at.hostname or ""
    return pymysql.connect(
        host=host, port=at.port or 0, user=user, password=password, database=at.path[1:], autocommit=True
    )


def sqlite_connection(url: str) -> sqlite3.Connection:
    """Open a SQLite file; every statement is a transaction."""
    connection = sqlite3.connect(urlsplit(url).path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


async def _journal(source: Source) -> None:
    await install_journal(source, apply=True)


@contextmanager
def noted(what: str) -> Iterator[None]:
    """Say on the error output what takes its time, and how long it took."""
    print(f"  {what} ...", end="", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    print(f" {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
