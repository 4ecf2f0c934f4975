"""Everything that the tests take from the system's packages, installed at once where we may.

`python -m tests.harness.packages`, before several test processes want it at the same time.
"""

from tests.harness import mariadb, pgbouncer, shells, sshd


def ensure_installed() -> None:
    """Installs what is missing; otherwise says what to install."""
    mariadb.ensure_installed()
    sshd.ensure_installed()
    pgbouncer.ensure_installed()
    for name in shells.PACKAGES:
        shells.program(name)


if __name__ == "__main__":
    ensure_installed()
