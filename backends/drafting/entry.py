"""The entry of a source in the configuration file: appended, checked by the real loader, put in place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from unstick.recovery.config.formats import FORMAT, KEY
from unstick.recovery.config.load import parse_config
from unstick.recovery.errors import ConfigError
from unstick.recovery.files import write_at_once
from unstick.recovery.source import mask_url

from .toml import comment, key, quoted

_BAD = re.compile(r"[^A-Za-z0-9_.@-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A source to be configured. `url` never has a password: where the URL given has one, `variable` names
    the environment variable that is to hold it, and `url` is None."""

    name: str
    url: str | None
    variable: str | None
    environment: str | None
    profile: str | None

    @property
    def text(self) -> str:
        """The entry as TOML, with comments."""
        lines = [f"[sources.{key(self.name)}]"]
        if self.variable is not None:
            lines += comment("The URL has a password, so it is not written here but read from this variable.")
            lines.append(f"url_env = {quoted(self.variable)}")
        else:
            if not (self.url or "").startswith("sqlite"):
                lines += comment("Without a password: ~/.pgpass or ~/.my.cnf may hold it.")
            lines.append(f"url = {quoted(self.url or '')}")
        if self.profile is not None:
            lines.append(f"profile = {quoted(self.profile)}")
        if self.environment is not None:
            lines.append(f"environment = {quoted(self.environment)}")
        else:
            lines += comment('environment = "prod" would make it read-only until --write.')
        lines += comment('thresholds = { stuck = "30m" } would say when a running job counts as stuck.')
        return "\n".join(lines) + "\n"


def entry_for(
    url: str, *, name: str | None, environment: str | None, profile: str | None, variable: str | None = None
) -> Entry:
    """Return the entry of a database. A relative path of a SQLite file is made absolute, because the
    configuration is read from anywhere."""
    called = name or default_name(url)
    if has_password(url) or variable is not None:
        spelled = re.sub(r"[^A-Z0-9]+", "_", called.upper()).strip("_") or "SOURCE"
        return Entry(called, None, variable or f"UNSTICK_{spelled}_URL", environment, profile)
    return Entry(called, _absolute(url), None, environment, profile)


def has_password(url: str) -> bool:
    """Return whether there is anything in the URL that must not be written down."""
    return mask_url(url) != url


def default_name(url: str) -> str:
    """Return the database's name as the name of a source."""
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    if urlsplit(url).scheme == "sqlite":
        last = Path(last).stem
    return _BAD.sub("-", last).strip("-._@") or "jobs"


def _absolute(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "sqlite" or url.startswith("sqlite:////"):
        return url
    path = Path(unquote(parts.path.removeprefix("/"))).absolute()
    return f"sqlite:///{quote(str(path), safe='/ ')}" + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A configuration file with the entry: `before` is what it holds now (None: there is none), `after` what
    it will hold, `added` the text that makes the difference."""

    path: Path
    before: bytes | None
    after: bytes
    added: str


def prepare(path: Path, entry: Entry) -> Prepared:
    """Return the file with the entry appended; all that it holds now stays byte for byte.

    Raises ConfigError where the file can't be read, has a source of this name, or would not load.
    """
    # What is replaced is the file itself, not a link that somebody keeps in a repository.
    target = path.resolve()
    try:
        before = target.read_bytes()
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise ConfigError(f"the configuration can't be read: {error.strerror}", file=str(path)) from None
    held = before or b""
    # What is there keeps its format: an entry has nothing that another one would read differently.
    gap = b"\n" if held.endswith(b"\n") else b"\n\n" if held else f"{KEY} = {FORMAT}\n\n".encode()
    added = gap + entry.text.encode()
    after = held + added
    _check(path, held, after, entry)
    return Prepared(target, before, after, added.decode().lstrip("\n"))


def _check(path: Path, held: bytes, after: bytes, entry: Entry) -> None:
    try:
        text, old = after.decode("utf-8"), held.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError("the configuration is not UTF-8 text", file=str(path)) from None
    if entry.name in parse_config(old, str(path)).sources:
        raise ConfigError(
            f"there is a source {entry.name!r} already, which stays as it is; choose another with --name",
            file=str(path),
        )
    if entry.name not in parse_config(text, str(path)).sources:
        raise ConfigError("the entry would not be found there; add it by hand", file=str(path))


def put(prepared: Prepared) -> None:
    """Replace the file at once, or not at all. Raises ConfigError where it was changed meanwhile."""
    path = prepared.path
    now = path.read_bytes() if path.exists() else None
    if now != prepared.before:
        raise ConfigError("the file was changed meanwhile; nothing was written, try again", file=str(path))
    mode = path.stat().st_mode & 0o777 if prepared.before is not None else 0o600
    write_at_once(path, prepared.after, mode)
