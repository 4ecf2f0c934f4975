"""URLs and engines of the synchronous drivers."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from unstick.recovery.errors import ConfigError, Unreachable
from unstick.recovery.source import Source, mask_url

from . import client_files, tls

_SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite",
}


def parse(source: Source) -> sa.URL:
    """Return the URL with the driver that unstick uses. Raises ConfigError."""
    try:
        url = sa.make_url(source.url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            f"{mask_url(source.url)!r} is not a database URL; write postgresql://user@host/database, "
            "mysql://user@host/database or sqlite:///path"
        ) from None
    scheme = _SCHEMES.get(url.drivername.partition("+")[0])
    if scheme is None:
        raise ConfigError(
            f"{url.drivername}:// is not supported; use postgresql://, mysql:// or sqlite:///path"
        )
    return url.set(drivername=scheme)


def engine(source: Source, url: sa.URL, *, write: bool) -> sa.Engine:
    """Return an engine for MySQL/MariaDB or SQLite that holds one connection at a time."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(source, url, write=write)
    return _mysql(source, url, write=write)


def _mysql(source: Source, url: sa.URL, *, write: bool) -> sa.Engine:
    zone = source.time_zone or None
    # The application's sessions have the server's zone; a zone-less UTC value in a TIMESTAMP column reads
    # back
    # as it was written only in that zone.
    setup = [f"time_zone = '{_safe_zone(zone)}'" if zone else "time_zone = @@GLOBAL.time_zone"]
    if write:
        setup.append(f"innodb_lock_wait_timeout = {max(1, round(source.lock_timeout_s))}")
    arguments: dict[str, Any] = {
        "connect_timeout": max(1, round(source.connect_timeout_s)),
        "read_timeout": source.statement_timeout_s + 5,
        "write_timeout": source.statement_timeout_s + 5,
        "charset": "utf8mb4",
        "program_name": "unstick",
        "init_command": "SET SESSION " + ", SESSION ".join(setup),
    }
    made = sa.create_engine(
        url.set(query={}),
        connect_args={**arguments, **_mysql_options(source, url)},
        poolclass=NullPool,
        isolation_level="READ COMMITTED" if write else "AUTOCOMMIT",
    )

    @sa.event.listens_for(made, "connect")
    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            if "MariaDB" in connection.get_server_info():
                cursor.execute(f"SET SESSION max_statement_time = {float(source.statement_timeout_s)}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {int(source.statement_timeout_s * 1000)}")
            if not write:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    return made


_NUMBERS = ("connect_timeout", "read_timeout", "write_timeout")
_TEXTS = ("unix_socket", "charset", "read_default_file", "read_default_group")


def _mysql_options(source: Source, url: sa.URL) -> dict[str, Any]:
    """Return the options in a MySQL URL, and those of ~/.my.cnf that it leaves out, as the driver wants them.
    Raises ConfigError for one it doesn't know."""
    found: dict[str, Any] = {}
    own: dict[str, str] = {}
    for given, value in url.query.items():
        name, text = given.replace("-", "_"), value if isinstance(value, str) else value[-1]
        if name in tls.MYSQL_OPTIONS:
            own[name] = text
        elif name in _TEXTS:
            found[name] = text
        elif name in _NUMBERS and text.isdigit():
            found[name] = int(text)
        else:
            known = ", ".join(sorted((*_TEXTS, *tls.MYSQL_OPTIONS, *_NUMBERS)))
            what = f"{name} needs a number of seconds" if name in _NUMBERS else f"there is no option {name}"
            raise ConfigError(f"{source.name}: the URL can't be used: {what} (known: {known})")
    file = {} if "read_default_file" in found else client_files.my_cnf()[0]
    found |= _left_out(url, found, file)
    of_file = {name: value for name, value in file.items() if name in tls.MYSQL_OPTIONS}
    wanted = tls.for_mysql(source, own if own or source.tls else of_file)
    if wanted.mode == "disable":
        found["ssl_disabled"] = True
    elif wanted.mode in ("require", "verify-ca", "verify-full"):
        found["ssl"] = tls.context(source, wanted)
    return found


def _left_out(url: sa.URL, named: dict[str, Any], file: dict[str, str]) -> dict[str, Any]:
    """Return what ~/.my.cnf says of what the URL doesn't: where the server is, and who we are."""
    given = {"user": url.username, "password": url.password, "port": url.port}
    found: dict[str, Any] = {name: file[name] for name in given if given[name] is None and file.get(name)}
    if "port" in found:
        found["port"] = int(found["port"])
    if url.host is None and "unix_socket" not in named:
        found |= {"host": file["host"]} if file.get("host") else {}
        found |= {"unix_socket": file["socket"]} if file.get("socket") else {}
    return found


def _safe_zone(zone: str) -> str:
    if not all(letter.isalnum() or letter in "/_+-:" for letter in zone):
        raise ConfigError(
            f"time_zone {zone!r} is not a time zone; write a name such as Asia/Seoul, or +09:00"
        )
    return zone


def _connect_sqlite(source: Source, path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=source.lock_timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )


def _needs_its_folder(connection: sqlite3.Connection) -> bool:
    """Whether the file has a write-ahead log, which has to be made even to read, and can't be made."""
    try:
        connection.execute("SELECT 1 FROM sqlite_master").close()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorname in ("SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN")
    return False


def _sqlite(source: Source, url: sa.URL, *, write: bool) -> sa.Engine:
    path = Path(url.database or "")
    deadline, log = [float("inf")], Path(f"{path}-wal")
    frozen: list[sqlite3.Connection] = []

    def creator() -> sqlite3.Connection:
        if not path.is_file():
            raise Unreachable(f"{source.name}: there is no file {path}; check the path in the URL")
        connection = _connect_sqlite(source, path, "ro" if source.read_only else "rw")
        frozen.clear()
        if not write and not log.exists() and _needs_its_folder(connection):
            # Nobody has it open, so nobody writes to it; see below for when that ends.
            connection.close()
            connection = _connect_sqlite(source, path, "ro&immutable=1")
            frozen.append(connection)
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        connection.execute("PRAGMA foreign_keys = ON" if write else "PRAGMA query_only = ON")
        connection.set_progress_handler(lambda: time.monotonic() > deadline[0], 20_000)
        return connection

    made = sa.create_engine("sqlite://", creator=creator, poolclass=NullPool)

    @sa.event.listens_for(made, "before_cursor_execute")
    def start_clock(*_: Any) -> None:
        deadline[0] = time.monotonic() + source.statement_timeout_s
        if frozen and log.exists():
            raise ConnectionResetError("somebody has begun to write to the file")

    if write:

        @sa.event.listens_for(made, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made
