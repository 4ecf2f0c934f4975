"""What the workers' statements leave open: times, locks and the like, in each database's own words.

A statement says ``{zoned}`` or ``{locked}`` and is otherwise the same for all; ``{zoned-300}`` is 300 seconds
earlier, ``{zoned+?}`` later by a bound number of seconds, ``{epoch updated_at}`` is about a column.

- ``seconds``, ``micros``, ``zoned``: now, as such a column holds it (see ``rows.Clock``), by the application
- ``touched``: now, as the server itself writes it into a column that it maintains
- ``instant``: now or a column of zoned times, for comparing; ``epoch``: the same as seconds since 1970
- ``rfc3339``: now, as a JSON document has it
- ``text``: a column as text
- ``locked``, ``skip_locked``: ends a SELECT whose rows are locked; those that others hold are waited for, or
  left out
- ``insert_new``, ``or_nothing``: an INSERT that does nothing where a unique key is taken
- ``greatest``: the function; ``kb``: the schema of the extraction system
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from unstick.backends.demo.ddl import Dialect

_TOKEN = re.compile(r"\{(?P<name>[a-z_0-9]+)(?: (?P<column>[a-z_.]+))?(?P<shift>[+-](?:\d+|\?))?\}")
_PLACE = re.compile(r"\?")

_PLAIN: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "locked": "",
        "skip_locked": "",
        "insert_new": "INSERT INTO",
        "or_nothing": "ON CONFLICT DO NOTHING",
        "greatest": "max",
        "kb": "",
    },
    "postgresql": {
        "locked": "FOR UPDATE",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
        "insert_new": "INSERT INTO",
        "or_nothing": "ON CONFLICT DO NOTHING",
        "greatest": "greatest",
        "kb": "kb.",
    },
    "mysql": {
        "locked": "FOR UPDATE",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
        "insert_new": "INSERT IGNORE INTO",
        "or_nothing": "",
        "greatest": "greatest",
        "kb": "",
    },
}


@cache
def spell(sql: str, dialect: Dialect) -> str:
    """The statement for the driver of ``dialect``: tokens written out, ``?`` as the driver wants it.

    What looks like a token but is none stays as it is.
    """
    text = _TOKEN.sub(lambda match: _term(match, dialect), sql)
    if dialect == "postgresql":
        numbers = iter(range(1, text.count("?") + 1))
        return _PLACE.sub(lambda _: f"${next(numbers)}", text)
    return _PLACE.sub("%s", text.replace("%", "%%")) if dialect == "mysql" else text


def _term(match: re.Match[str], dialect: Dialect) -> str:
    name, column, shift = match["name"], match["column"], match["shift"] or ""
    plain = _PLAIN[dialect].get(name)
    if plain is not None:
        return plain
    found = _SPELLERS[dialect](name, column, shift)
    return match[0] if found is None else found


def _sqlite(name: str, column: str | None, shift: str) -> str | None:
    if shift.endswith("?"):
        later = f", printf('{shift[0]}%d seconds', ?)"
    else:
        later = f", '{shift} seconds'" if shift else ""
    return {
        "seconds": f"strftime('%Y-%m-%d %H:%M:%S', 'now'{later})",
        "touched": f"strftime('%Y-%m-%d %H:%M:%S', 'now'{later})",
        "micros": f"strftime('%Y-%m-%d %H:%M:%f000', 'now'{later})",
        "zoned": f"strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'{later})",
        "rfc3339": f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now'{later})",
        "instant": f"julianday({column})" if column else f"julianday('now'{later})",
        "epoch": f"((julianday({column or repr('now')}) - 2440587.5) * 86400)",
        "text": f"CAST({column} AS TEXT)",
    }.get(name)


def _postgresql(name: str, column: str | None, shift: str) -> str | None:
    later = f" {shift[0]} make_interval(secs => {shift[1:]})" if shift else ""
    now = f"(now(){later})"
    utc = f"({now} AT TIME ZONE 'utc')"
    return {
        "seconds": f"date_trunc('second', {utc})",
        "touched": utc,
        "micros": utc,
        "zoned": now,
        "rfc3339": f"""to_char({utc}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
        "instant": column or now,
        "epoch": f"CAST(extract(epoch FROM {column or now}) AS double precision)",
        "text": f"CAST({column} AS TEXT)",
    }.get(name)


def _mysql(name: str, column: str | None, shift: str) -> str | None:
    later = f" {shift[0]} INTERVAL {shift[1:]} SECOND" if shift else ""
    return {
        # The application writes the digits of UTC, whatever its session's time zone.
        "seconds": f"(utc_timestamp(){later})",
        "micros": f"(utc_timestamp(6){later})",
        "touched": f"(current_timestamp(){later})",
        "zoned": f"(current_timestamp(6){later})",
        "rfc3339": f"date_format(utc_timestamp(6){later}, '%Y-%m-%dT%H:%i:%s.%fZ')",
        "instant": column or f"(current_timestamp(6){later})",
        "epoch": f"(unix_timestamp({column or 'current_timestamp(6)'}) + 0e0)",
        "text": f"CAST({column} AS CHAR)",
    }.get(name)


_SPELLERS: dict[Dialect, Callable[[str, str | None, str], str | None]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
}
