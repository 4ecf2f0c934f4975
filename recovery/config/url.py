"""Database URLs as people write them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from unstick.recovery.errors import ConfigError
from unstick.recovery.source import mask_url
from unstick.recovery.suggest import closest

SCHEMES = ("postgresql", "postgres", "mysql", "mariadb", "sqlite")
FORMS = "postgresql://user@host/database, mysql://user@host/database, mariadb://... or sqlite:///path"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\+[A-Za-z0-9_]+)?:/")


def is_url(text: str) -> bool:
    """Return whether the text is meant as a URL rather than as the name of a source."""
    return _SCHEME.match(text) is not None


def check_url(url: str) -> str:
    """Return the URL without a driver (`mysql+pymysql` becomes `mysql`). Raises ConfigError, one sentence."""
    match = _SCHEME.match(url)
    if match is None:
        raise ConfigError(f"this is not a database URL; write {FORMS}")
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        if scheme in _plugin_schemes():
            return url
        near = closest(scheme, SCHEMES)
        better = f"; did you mean {near}://?" if near else ""
        raise ConfigError(f"{scheme}:// is not a database that unstick knows{better or ';'} write {FORMS}")
    rest = url[url.index(":", len(match[1])) :]
    _check_rest(scheme, rest, url)
    return scheme + rest


def _plugin_schemes() -> set[str]:
    """Return the schemes that plug-ins serve; none of them is imported."""
    from importlib.metadata import entry_points

    return {entry.name for entry in entry_points(group="unstick.backends")}


def _check_rest(scheme: str, rest: str, url: str) -> None:
    try:
        parts = urlsplit(scheme + rest)
        port = parts.port
    except ValueError:
        raise ConfigError("the port or host of this URL can't be read; write " + FORMS) from None
    if scheme == "sqlite":
        if parts.netloc or not parts.path.strip("/"):
            raise ConfigError(
                f"{mask_url(url)} names no file; write sqlite:///path, or sqlite:////absolute/path"
            )
    elif not rest.startswith("://") or (not parts.netloc and "@" in parts.path):
        raise ConfigError(f"{mask_url(url)} is not a database URL; write {scheme}://user@host/database")
    elif not parts.path.strip("/") and "dbname=" not in parts.query:
        raise ConfigError(f"{mask_url(url)} names no database; write {scheme}://user@host/database")
    elif port == 0:
        raise ConfigError(f"{mask_url(url)} has no sensible port")


def name_of(url: str) -> str:
    """Return a short name for a source that was given as a URL: `database@host`, or the name of the file."""
    parts = urlsplit(url)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    if parts.scheme == "sqlite":
        return last
    return f"{last}@{parts.hostname}" if parts.hostname else last
