"""What the doctor asks a server whatever its tables are. Each check is a question of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from unstick.recovery.source import Source

from . import server
from .doctor_check import Check
from .engines import engine_of
from .pooler import stands_between

OLDEST = {"PostgreSQL": (12,), "MariaDB": (10, 6), "MySQL": (8, 0, 1), "SQLite": (3, 35)}
"""The first versions that unstick is made for."""
SKEW_S = 5.0
"""A difference between the two clocks that is worth a word; verdicts use the database's clock in any case."""

Question = Callable[[sa.Connection, Source], list[Check]]


def version(connection: sa.Connection, source: Source) -> list[Check]:
    """The server's version, and whether unstick is made for it."""
    found = server.look(connection, engine_of(connection))
    oldest = OLDEST[found.version.split()[0]]
    if found.numbers >= oldest:
        return [Check("server", True, f"{found.version}, which is supported")]
    first = ".".join(map(str, oldest))
    advice = "what it can't do is told when it is tried; look at every plan closely"
    return [
        Check("server", True, f"{found.version}, older than the {first} that is supported", advice, note=True)
    ]


def tls(connection: sa.Connection, source: Source) -> list[Check]:
    """Whether anybody on the way could read along."""
    if connection.dialect.name == "sqlite":
        return []
    postgresql = connection.dialect.name == "postgresql"
    protocol, cipher = _tls_postgresql(connection) if postgresql else _tls_mysql(connection)
    if protocol:
        return [Check("tls", True, f"the connection is encrypted: {protocol}, {cipher}")]
    url = sa.make_url(source.url)
    if (url.host or "").startswith("/") or {"host", "unix_socket"} & {*url.query}:
        return [Check("tls", True, "not encrypted, but a socket doesn't leave this machine")]
    option = "sslmode=verify-full" if postgresql else "ssl_ca=FILE&ssl_verify_cert=true"
    advice = f"passwords and rows can be read on the way; add ?{option} to the URL"
    return [Check("tls", True, "the connection is not encrypted", advice, note=True)]


def _tls_postgresql(connection: sa.Connection) -> tuple[str, str]:
    if not stands_between(connection):
        asked = sa.text("SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
        row = connection.execute(asked).first()
        return (str(row[0]), str(row[1])) if row is not None else ("", "")
    # What the server knows is about its connection with the pooler; ours is known to the driver alone.
    transport = getattr(connection.connection.driver_connection, "_transport", None)
    socket = transport.get_extra_info("ssl_object") if transport is not None else None
    return (str(socket.version()), str(socket.cipher()[0])) if socket is not None else ("", "")


def _tls_mysql(connection: sa.Connection) -> tuple[str, str]:
    asked = sa.text("SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')")
    found = {str(name).lower(): str(value) for name, value in connection.execute(asked)}
    return found.get("ssl_version", ""), found.get("ssl_cipher", "")


def replica(connection: sa.Connection, source: Source) -> list[Check]:
    """Whether changes are made here, or only repeated."""
    unwritable = server.look(connection, engine_of(connection)).unwritable
    if connection.dialect.name == "sqlite":
        return [Check("file", True, unwritable, note=True)] if unwritable else []
    if connection.dialect.name == "postgresql":
        detail = f"{unwritable}; it is {_behind(connection)}" if unwritable else "primary"
        return [Check("replica", True, detail, note=unwritable is not None)]
    follows = _follows(connection)
    if unwritable:
        detail = f"{unwritable}; {_state(follows)}" if follows else unwritable
        return [Check("replica", True, detail, note=True)]
    if follows:
        detail = f"it repeats another server's changes ({_state(follows)}), but takes writes of its own"
        advice = "what is changed here is not changed on its primary: connect to that, or set read_only"
        return [Check("replica", True, detail, advice, note=True)]
    return [Check("replica", True, "primary, as far as this account is told")]


def _behind(connection: sa.Connection) -> str:
    asked = (
        "SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), "
        "extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
    )
    level, seconds = connection.execute(sa.text(asked)).one()
    if level:
        return "level with what it has received"
    return "behind by a time that it doesn't know" if seconds is None else f"{float(seconds):.0f} s behind"


def _follows(connection: sa.Connection) -> Mapping[str, Any] | None:
    """What the server tells of the one that it repeats; None when it repeats none, or doesn't tell us."""
    for asked in ("SHOW ALL REPLICAS STATUS", "SHOW REPLICA STATUS", "SHOW SLAVE STATUS"):
        try:
            row = connection.execute(sa.text(asked)).mappings().first()
        except sa.exc.DBAPIError:
            # Another server's words for it, or a privilege that nothing else needs.
            continue
        return dict(row) if row is not None else None
    return None


def _state(follows: Mapping[str, Any]) -> str:
    lag = next((value for name, value in follows.items() if name.lower().startswith("seconds_behind_")), None)
    return "replication stands still" if lag is None else f"{lag} s behind"


def clock(connection: sa.Connection, source: Source) -> list[Check]:
    """This machine's clock against the database's, and the zone in which the session reads times."""
    asked = {
        "postgresql": "SELECT extract(epoch FROM clock_timestamp()), current_setting('TimeZone'), ''",
        "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0, 'UTC', ''",
    }.get(
        connection.dialect.name,
        "SELECT UNIX_TIMESTAMP(NOW(6)), @@SESSION.time_zone, @@GLOBAL.system_time_zone",
    )
    start = time.monotonic()
    now, zone, system = connection.execute(sa.text(asked)).one()
    trip = time.monotonic() - start
    skew = time.time() - float(now) - trip / 2
    off = abs(skew) > SKEW_S
    advice = "verdicts use the database's clock; correct this machine's" if off else ""
    told = f"{skew:+.1f} s from the database's, round trip {trip * 1000:.0f} ms"
    if zone == "SYSTEM":
        zone = f"SYSTEM ({system})"
    return [
        Check("clock", True, told, advice, note=off),
        Check("time zone", True, f"the session's is {zone}{', as configured' if source.time_zone else ''}"),
    ]
