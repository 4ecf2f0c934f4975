"""MariaDB from the system's package, in a private folder: TCP, a password, time zones, our own settings."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pymysql

from tests.harness.debian import ensure, find_program
from tests.harness.server import PASSWORD, USER, Server, ServerFailed, copy_folder, private_folder

ZONES = ("UTC", "Asia/Seoul", "America/Chicago")
# Where distributions put the zones, by what installs them.
ZONE_FOLDERS = (Path("/usr/share/zoneinfo"), Path("/usr/share/zoneinfo.default"), Path("/usr/lib/zoneinfo"))
PACKAGES = ("mariadb-server", "tzdata")

# Durability only costs time here; everything else is left as a user has it.
FAST = {
    "bind-address": "127.0.0.1",
    "skip-name-resolve": "1",
    "innodb-flush-log-at-trx-commit": "2",
    "innodb-flush-method": "nosync",
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "16M",
    "aria-pagecache-buffer-size": "8M",
    "key-buffer-size": "1M",
}


class MariaDBServer(Server):
    """A MariaDB server of our own; `settings` are server options without the leading dashes."""

    name = "MariaDB"
    stop_signals: ClassVar[Mapping[str, signal.Signals]] = {
        "fast": signal.SIGTERM,
        "immediate": signal.SIGKILL,
    }

    def __init__(
        self, *, default_time_zone: str = "+00:00", settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.settings = {**FAST, "default-time-zone": default_time_zone, **(settings or {})}

    def url(self, database: str = "mysql") -> str:
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Makes an empty database and returns its URL."""
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drops it; first ends the connections that use it, whose locks it would wait for."""
        users = self.execute("SELECT id FROM information_schema.processlist WHERE db = %s", name)
        for (connection,) in users:
            self.execute(f"KILL HARD CONNECTION {connection}", missing_is_fine=True)
        self.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def execute(
        self, sql: str, *values: object, database: str = "mysql", missing_is_fine: bool = False
    ) -> Sequence[tuple[Any, ...]]:
        """Runs one statement and returns its rows."""
        no_such_thread = 1094
        with self._connect(database) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(sql, values or None)
            except pymysql.err.OperationalError as error:
                if not (missing_is_fine and error.args[0] == no_such_thread):
                    raise
                return ()
            return cursor.fetchall()

    def command(self) -> list[str]:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        return [
            _program("mariadbd", "mysqld"),
            *(
                "--no-defaults",
                *_as_root(),
                f"--datadir={self.data}",
                f"--tmpdir={self.folder}",
                f"--socket={self.folder}/socket",
            ),
            *(f"--port={self.port}", f"--pid-file={self.folder}/pid", *options),
        ]

    def ready(self) -> bool:
        try:
            self._connect("mysql").close()
        except pymysql.err.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        self.data.mkdir()
        copy_folder(_pristine(), self.data)

    def _connect(self, database: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            autocommit=True,
            connect_timeout=5,
            read_timeout=30,
        )


@cache
def _pristine() -> Path:
    """A fresh data folder with our user and the time zones, made once: copying it is faster."""
    ensure_installed()
    folder = private_folder("mariadb-install")
    data = folder / "data"
    script = folder / "extra.sql"
    script.write_text(_zones_sql() + _user_sql())
    done = subprocess.run(
        [
            _program("mariadb-install-db", "mysql_install_db"),
            *(
                "--no-defaults",
                *_as_root(),
                f"--datadir={data}",
                f"--tmpdir={data.parent}",
                f"--extra-file={script}",
            ),
            *("--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=normal"),
            *(f"--{name}={value}" for name, value in FAST.items() if name.startswith("innodb")),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServerFailed(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
    return data


def _user_sql() -> str:
    # While the data folder is made the server runs without accounts; FLUSH makes it know them.
    return (
        "FLUSH PRIVILEGES;\n"
        f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
    )


def _zones_sql() -> str:
    folder = next((place for place in ZONE_FOLDERS if (place / ZONES[1]).exists()), None)
    if folder is None:
        raise ServerFailed(f"the time zone files are missing: install {PACKAGES[1]}.")
    tool = _program("mariadb-tzinfo-to-sql", "mysql_tzinfo_to_sql")
    return "USE mysql;\n" + "".join(
        subprocess.run([tool, str(folder / zone), zone], check=True, capture_output=True, text=True).stdout
        for zone in ZONES
    )


def _as_root() -> list[str]:
    """The server refuses to run as root unless told so."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _program(*names: str) -> str:
    return find_program(names, what="MariaDB", package=PACKAGES[0])


def ensure_installed() -> None:
    """Installs the server's Debian package when it is missing and we may; otherwise says what to install."""
    ensure(_find_installed, PACKAGES, "MariaDB")


def _find_installed() -> None:
    _program("mariadbd", "mysqld")
    _zones_sql()
