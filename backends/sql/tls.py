"""TLS to a server: what the URL's options and the source's `tls` table say, for either driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstick.recovery.errors import ConfigError
from unstick.recovery.source import TLS_MODES, Source
from unstick.recovery.suggest import hint

if TYPE_CHECKING:
    import ssl

POSTGRESQL = {"mode": "sslmode", "ca": "sslrootcert", "cert": "sslcert", "key": "sslkey"}
"""Setting -> libpq's name for it, which is asyncpg's too."""
MYSQL_MODES = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}
MYSQL = ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
MYSQL_OPTIONS = (*MYSQL, "ssl_disabled", "ssl")
"""What a MySQL URL or option file may say; `-` for `_` as well."""
_YES = ("", "1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Tls:
    """Mode as libpq names them (empty: the driver's own, which is to prefer TLS) and PEM files."""

    mode: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def verifies(self) -> bool:
        """Whether the server's certificate has to be signed by a known authority."""
        return self.mode.startswith("verify")


def of_source(source: Source) -> Tls:
    """Return what the source's table says; with `ca` alone the server is verified in full."""
    given = Tls(**{name: value for name, value in source.tls.items() if name in POSTGRESQL})
    return replace(given, mode="verify-full") if given.ca and not given.mode else given


def for_postgresql(source: Source, query: Mapping[str, Any]) -> dict[str, str]:
    """Return the URL's options with what the table says beside them. Raises ConfigError."""
    table = of_source(source)
    named = {name: str(query[theirs]) for name, theirs in POSTGRESQL.items() if theirs in query}
    given = {name: named.get(name) or getattr(table, name) for name in POSTGRESQL}
    checked = _checked(source, Tls(**given), POSTGRESQL if named else {})
    if checked.mode != "disable" and (checked.ca or checked.cert):
        # What is wrong with a file is told by its name, before anything is connected.
        context(source, checked)
    return {theirs: value for name, theirs in POSTGRESQL.items() if (value := getattr(checked, name))}


def for_mysql(source: Source, options: Mapping[str, str]) -> Tls:
    """Return what a MySQL URL's options say (by their names with `_`), else the table. Raises ConfigError."""
    table, on = of_source(source), {name for name, value in options.items() if value.lower() in _YES}
    given = {name: options.get(f"ssl_{name}") or getattr(table, name) for name in ("ca", "cert", "key")}
    mode = table.mode
    if "ssl_mode" in options:
        word = options["ssl_mode"].lower().replace("-", "_")
        mode = MYSQL_MODES.get(word, word)
    elif "ssl_disabled" in on:
        mode = "disable"
    elif "ssl_verify_identity" in on:
        mode = "verify-full"
    elif "ssl_verify_cert" in on or options.get("ssl_ca"):
        mode = "verify-ca"
    elif "ssl" in on or options.get("ssl_cert"):
        mode = mode or "require"
    return _checked(source, Tls(mode, **given), {"mode": "ssl_mode"} if "ssl_mode" in options else {})


def _checked(source: Source, tls: Tls, names: Mapping[str, str]) -> Tls:
    if tls.mode and tls.mode not in TLS_MODES:
        word = names.get("mode", "tls.mode")
        allowed = MYSQL_MODES if word == "ssl_mode" else TLS_MODES
        raise ConfigError(f"{source.name}: {word} can't be {tls.mode!r}{hint(tls.mode, allowed)}")
    found = {}
    for name in ("ca", "cert", "key"):
        text = getattr(tls, name)
        path = Path(text).expanduser()
        if text and tls.mode != "disable" and not path.is_file():
            word = names.get(name, f"tls.{name}")
            raise ConfigError(f"{source.name}: there is no file {text} ({word}); check its path")
        found[name] = str(path) if text else ""
    return replace(tls, **found)


def context(source: Source, tls: Tls) -> ssl.SSLContext:
    """Return the context for a driver that knows no modes; the system's authorities where no `ca` is given.
    Raises ConfigError for files that can't be used."""
    import ssl

    try:
        made = ssl.create_default_context(cafile=tls.ca or None)
        made.check_hostname = tls.mode == "verify-full"
        made.verify_mode = ssl.CERT_REQUIRED if tls.verifies else ssl.CERT_NONE
        # Servers' own certificates, made at their first start, are not that strict.
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if tls.cert:
            made.load_cert_chain(tls.cert, tls.key or None)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(name for name in (tls.ca, tls.cert, tls.key) if name)
        told = f"no TLS with {files}: {_plain(error)}; PEM files are needed"
        raise ConfigError(f"{source.name}: {told}") from None
    return made


def _plain(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
