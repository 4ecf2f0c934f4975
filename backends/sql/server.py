"""What answers: which version of which server, and whether it takes writes at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .engines import Engine

_MARIADB_SKIPS, _MYSQL_SKIPS = (10, 6), (8, 0, 1)
_ELSEWHERE = "connect to the primary to change rows"
STANDBY = f"this server is a replica, which only repeats what its primary does; {_ELSEWHERE}"
READ_ONLY = f"this server is set read_only, as replicas are; {_ELSEWHERE}"


@dataclass(frozen=True, slots=True)
class Server:
    """`version` is for people, `unwritable` the reason why nobody can write here; None where one can."""

    version: str
    numbers: tuple[int, ...]
    skip_locked: bool
    unwritable: str | None = None


UNKNOWN = Server("", (), True)


def look(connection: sa.Connection, engine: Engine) -> Server:
    """Ask the server what it is."""
    return {"postgresql": _postgresql, "sqlite": _sqlite}.get(engine.name, _mysql)(connection)


def _postgresql(connection: sa.Connection) -> Server:
    asked = sa.text("SELECT current_setting('server_version'), pg_is_in_recovery()")
    text, standby = connection.execute(asked).one()
    version = str(text).split()[0]
    return Server(f"PostgreSQL {version}", _numbers(version), True, STANDBY if standby else None)


def _mysql(connection: sa.Connection) -> Server:
    text, read_only = connection.execute(sa.text("SELECT VERSION(), @@GLOBAL.read_only")).one()
    text = str(text)
    maria = "mariadb" in text.lower()
    numbers = _numbers(text)
    skips = numbers >= (_MARIADB_SKIPS if maria else _MYSQL_SKIPS)
    name = "MariaDB" if maria else "MySQL"
    refusal = None if str(read_only).upper() in ("0", "OFF") else READ_ONLY
    return Server(f"{name} {text.split('-')[0]}", numbers, skips, refusal)


def _sqlite(connection: sa.Connection) -> Server:
    asked = "SELECT sqlite_version(), (SELECT file FROM pragma_database_list WHERE name = 'main')"
    version, file = connection.execute(sa.text(asked)).one()
    return Server(f"SQLite {version}", _numbers(version), True, _unwritable(Path(file)))


def _unwritable(file: Path) -> str | None:
    """A file also needs its folder: SQLite puts the journal of a change beside it."""
    for place, kind in ((file, "file"), (file.parent, "folder")):
        if not _may_write(place):
            return (
                f"this account may not write to the {kind} {place}; to change rows it needs write permission "
                "for the file and its folder, which their owner can give with chmod or chown"
            )
    return None


def _may_write(place: Path) -> bool:
    # By the user that we act as, as opening a file does, not by the one who started us.
    return os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
