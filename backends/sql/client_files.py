"""What the databases' own clients read beside a URL: `~/.my.cnf`, and whether `~/.pgpass` may be read at all.

asyncpg reads libpq's password file, service file and environment variables by itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from unstick.recovery.errors import ConfigError

_GROUPS = ("client", "client-mariadb")
MY_CNF = Path("~/.my.cnf")
KNOWN = ("user", "password", "host", "port", "socket", "database")


def my_cnf() -> tuple[dict[str, str], str]:
    """Return what `~/.my.cnf` says in `[client]` by option, `_` for `-`, and why it was not read.

    Raises ConfigError for a file that makes no sense, without its content.
    """
    path = MY_CNF.expanduser()
    try:
        mode = path.stat().st_mode
        if mode & stat.S_IWOTH:
            return {}, f"{MY_CNF} can be written by everybody and is ignored: chmod 600 {MY_CNF}"
        text = path.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"{MY_CNF} can't be read: {error.strerror}"
    return _read(text), ""


def _read(text: str) -> dict[str, str]:
    import configparser

    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, inline_comment_prefixes=(" #",))
    try:
        # What includes other files is no option.
        parser.read_string("\n".join(line.strip() for line in text.splitlines() if line.strip()[:1] != "!"))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        told = "this is no option file; it has [client], and below it name=value"
        raise ConfigError(told, file=str(MY_CNF), line=line) from None
    found: dict[str, str] = {}
    for group in _GROUPS:
        if parser.has_section(group):
            found |= {name.replace("-", "_"): _unquoted(value or "") for name, value in parser.items(group)}
    port = found.get("port", "1")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError("port has to be a number from 1 to 65535", file=str(MY_CNF), key="client.port")
    return found


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def pgpass(query: Mapping[str, object]) -> tuple[str, str]:
    """Return the password file to be read and why it is ignored; asyncpg's own warning would be a line on the
    console's screen."""
    named = str(query.get("passfile") or os.environ.get("PGPASSFILE") or "~/.pgpass")
    path = Path(named).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError:
        return str(path), ""
    if not stat.S_ISREG(mode):
        return _NOWHERE, f"the password file {named} is no plain file and is ignored"
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return _NOWHERE, f"the password file {named} is open to others and is ignored: chmod 600 {named}"
    return str(path), ""


_NOWHERE = "/dev/null/none"


def ignored(url: str) -> str:
    """Return why a file with passwords is not read for the URL; empty where nothing is wrong."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
    except ValueError:
        return ""
    if parts.scheme.startswith("postgres"):
        return pgpass(query)[1]
    return my_cnf()[1] if parts.scheme in ("mysql", "mariadb") else ""
