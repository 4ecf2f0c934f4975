"""PgBouncer from the system's package, in front of a PostgreSQL server: a port of its own, any pool mode."""

import os
import signal
import socket
from collections.abc import Mapping
from typing import ClassVar

from tests.harness.debian import ensure, find_program
from tests.harness.postgres import PostgresServer, server_user
from tests.harness.server import PASSWORD, USER, Server

PACKAGES = ("pgbouncer",)


class PgBouncer(Server):
    """A pooler for every database of a server. Its connections go round: no two transactions in a row have
    the same one, as in a busy pool; so whatever was left behind on a connection is missed at once."""

    name = "PgBouncer"
    stop_signals: ClassVar[Mapping[str, signal.Signals]] = {
        "fast": signal.SIGINT,
        "immediate": signal.SIGQUIT,
    }

    def __init__(
        self,
        server: PostgresServer,
        *,
        mode: str = "transaction",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(user=server_user())
        self._server = server
        self.settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": str(self.folder / "users"),
            "pool_mode": mode,
            "default_pool_size": "4",
            "min_pool_size": "3",
            "server_round_robin": "1",
            **(settings or {}),
        }

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        return [_program(), str(self.folder / "pgbouncer.ini")]

    def ready(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def prepare(self) -> None:
        ensure_installed()
        self.data.mkdir()
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        places = ["[databases]", f"* = host=127.0.0.1 port={self._server.port}", "[pgbouncer]"]
        (self.folder / "pgbouncer.ini").write_text("\n".join([*places, *lines, ""]))
        (self.folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
        user = server_user()
        for path in (self.folder, *self.folder.iterdir()):
            if user is not None:
                os.chown(path, user, -1)


def _program() -> str:
    return find_program(("pgbouncer",), what="PgBouncer", package=PACKAGES[0])


def ensure_installed() -> None:
    """Installs the pooler's package when it is missing and we may; otherwise says what to install."""
    ensure(_program, PACKAGES, PgBouncer.name)
