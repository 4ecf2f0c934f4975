"""A hot standby of a PostgreSQL server: a copy that repeats what its primary does, until it is promoted."""

import subprocess
from collections.abc import Mapping

from tests.harness.postgres import PostgresServer, binary, give, server_user
from tests.harness.server import PASSWORD, USER, ServerFailed


class Standby(PostgresServer):
    """Made with pg_basebackup from a running server, which it then follows."""

    name = "PostgreSQL-standby"

    def __init__(self, primary: PostgresServer, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(settings=settings)
        self._primary = primary

    def prepare(self) -> None:
        """Copies the primary's data, with the place where it goes on from there."""
        give(self.folder)
        place = f"host=127.0.0.1 port={self._primary.port} user={USER} password={PASSWORD}"
        done = subprocess.run(
            [
                str(binary("pg_basebackup")),
                "-d",
                place,
                "-D",
                str(self.data),
                "-R",
                "-c",
                "fast",
                "-X",
                "stream",
            ],
            user=server_user(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        if done.returncode:
            raise ServerFailed(f"pg_basebackup failed:\n{done.stderr}")

    def promote(self) -> None:
        """Makes it a primary; returns when it is one."""
        self.execute("SELECT pg_promote(wait => true)")
