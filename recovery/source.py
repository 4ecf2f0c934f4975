"""A source: a named database plus the profile that reads it, and how it is to be treated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from .hooks import Hook

_UNQUOTED = re.compile(r"^([A-Za-z0-9+.-]+://[^:@/?#]*):.*@", re.DOTALL)
"""A password with `/`, `?` or `#` in it: the URL is wrong, but the password must not be shown for that."""
NAME = r"[A-Za-z0-9][A-Za-z0-9_.@-]*"
"""What names of sources, and labels, may be."""
_BEGINNING = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}(?![^:/])")
"""What looks like the scheme at the beginning of a URL, however it goes on."""
_PASSWORD_ARGUMENT = re.compile(
    r"((?:password|passwd|pwd|sslpassword)=)(?:'[^']*'|\"[^\"]*\"|[^&\s'\"]*)", re.IGNORECASE
)


CAP = 100
"""Rows that one run of a sweep recovers at most; the next run takes the rest."""


TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""How much TLS there has to be, as libpq calls it."""


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """How a source is swept. `enabled` and `every_s` (seconds) None: as the system's own environment
    variables or the profile say. `cap` is the most rows of one run; without `brake` no share of stuck jobs
    stops it."""

    enabled: bool | None = None
    every_s: float | None = None
    cap: int = CAP
    brake: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look and how. Times are seconds.

    `profile` None means: recognise it from the tables. `thresholds` maps a rule name (or `*`) to seconds,
    None for never. `max_retries` -1 means: the profile's own limit. `parameters` fill the profile's
    placeholders (schema, table prefix). `environment` is the label shown (`prod` is read-only unless asked).
    `hooks` are by the action after which they are called. `tls` has `mode` (one of `TLS_MODES`) and the PEM
    files `ca`, `cert` and `key`; what the URL says of TLS goes before it.
    """

    name: str
    url: str = field(repr=False)
    profile: str | None = None
    environment: str = ""
    colour: str | None = None
    read_only: bool = False
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    max_retries: int | None = -1
    parameters: Mapping[str, str] = field(default_factory=dict)
    refresh_s: float = 5.0
    statement_timeout_s: float = 10.0
    connect_timeout_s: float = 5.0
    lock_timeout_s: float = 2.0
    time_zone: str | None = None
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    tls: Mapping[str, str] = field(default_factory=dict)
    sweep: SweepSettings = SweepSettings()


def beginning(text: str) -> str:
    """Return what may be shown of a text that could be a mistyped URL: never what follows `:`, `/` or `@`."""
    match = _BEGINNING.match(text)
    shown = match[0] if match else ""
    return shown if shown == text else f"{shown}..."


def shown_name(text: str) -> str:
    """Return a text that was given as the name of a source: whole only if it can be one."""
    return text if re.fullmatch(NAME, text) else beginning(text)


def mask_url(url: str) -> str:
    """Return the URL with its password replaced, for every screen, log, journal and message."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "(unreadable URL)"
    if password is None and "@" in url and _is_mistyped(url):
        return beginning(url)
    if password is None and _UNQUOTED.match(url):
        url = _UNQUOTED.sub(r"\1:***@", url)
        return _PASSWORD_ARGUMENT.sub(r"\1***", url)
    location = parts.netloc
    if password is not None:
        user, _, host = location.rpartition("@")
        location = f"{user.partition(':')[0]}:***@{host}"
    masked = urlunsplit((parts.scheme, location, parts.path, parts.query, parts.fragment))
    if not parts.netloc:
        # urlunsplit would turn `sqlite:///file` into something else.
        masked = url
    return _PASSWORD_ARGUMENT.sub(r"\1***", masked)


def _is_mistyped(url: str) -> bool:
    """Whether this is no URL, or one whose host (with user and password before it) isn't where it belongs."""
    scheme, colon, rest = url.partition(":")
    if not colon or not rest.startswith("/") or not _BEGINNING.fullmatch(scheme):
        return True
    return scheme.partition("+")[0].lower() != "sqlite" and not re.match(r"//[^/?#]", rest)


def mask_text(text: str, url: str) -> str:
    """Return a driver's message without the password of `url`, wherever the driver repeated it."""
    try:
        password = urlsplit(url).password
    except ValueError:
        password = None
    for secret in (password, unquote(password or "")):
        if secret:
            text = text.replace(secret, "***")
    return _PASSWORD_ARGUMENT.sub(r"\1***", text)
