"""Turns a configuration file into the newest format, step by step, and keeps all that a step doesn't change.

The next change of format is one more function in `STEPS`.
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from operator import ne
from pathlib import Path
from typing import TYPE_CHECKING

from unstick.recovery.config.formats import FORMAT, KEY, WITH_UNITS
from unstick.recovery.config.load import Config, parse_config
from unstick.recovery.config.units import write_units
from unstick.recovery.errors import ConfigError
from unstick.recovery.files import write_at_once
from unstick.recovery.toml_file import BOM, line_of

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

KeyPath = tuple[str | int, ...]
BY_HAND = "can't be changed without touching the rest of it; write the new form by hand"


@dataclass(frozen=True, slots=True)
class Step:
    """The way to format `to` from the one before.

    `edit` changes the document, and yields path, value before and value after of each change, as TOML.
    """

    to: int
    words: str
    edit: Callable[[TOMLDocument], Iterator[tuple[KeyPath, str, str]]]


STEPS: Sequence[Step] = (Step(WITH_UNITS, "every duration has its unit", write_units),)
"""One for each format after the oldest, in their order."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value as it stands in the file, and what it becomes, both as TOML; `before` None: it is new.

    `line` counts from 1, in the old file.
    """

    line: int
    key: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A file as it is and as it would be; without `changes` there is nothing to do."""

    path: Path
    format: int
    before: bytes
    after: bytes
    changes: tuple[Change, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def kept(self) -> Path:
        """Where the old file is kept: beside the file itself, also where a link leads to that."""
        return self.path.with_name(f"{self.path.name}.format-{self.format}")


def plan_migration(file: str) -> Migration:
    """Return what the newest format makes of a file.

    Raises ConfigError where it has mistakes, or where anything else would change with it.
    """
    path = Path(file).resolve()
    try:
        before = path.read_bytes()
        whole = before.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"the configuration can't be read: {error.strerror}", file=file) from None
    except UnicodeDecodeError:
        raise ConfigError("the configuration is not UTF-8 text", file=file) from None
    text = whole.removeprefix(BOM)
    old = parse_config(text, file)
    if old.format == FORMAT:
        return Migration(path, FORMAT, before, before)
    steps = [step for step in STEPS if step.to > old.format]
    edited, changes = _edited(text, file, steps)
    new, version = _with_version(edited, text)
    if _others(text, edited) > len(changes) + 1 or not _same(old, new):
        raise ConfigError(BY_HAND, file=file)
    after = (whole[: len(whole) - len(text)] + new).encode()
    changes = (version, *changes)
    return Migration(path, old.format, before, after, changes, tuple(step.words for step in steps))


def write_migration(planned: Migration) -> None:
    """Put the new file in the old one's place, which is kept. Raises ConfigError; then all is as it was."""
    path, kept = planned.path, planned.kept
    try:
        # A file that is write-protected is not to be replaced either.
        with path.open("r+b") as file:
            state, now = os.fstat(file.fileno()), file.read()
        there = kept.read_bytes() if os.path.lexists(kept) else None
    except OSError as error:
        raise ConfigError(f"can't be written: {error.strerror}", file=str(path)) from None
    if now != planned.before:
        raise ConfigError("the file was changed meanwhile; nothing was written, try again", file=str(path))
    if there not in (None, now):
        raise ConfigError("another old file is kept here already; move it away first", file=str(kept))
    mode, owner = stat.S_IMODE(state.st_mode), (state.st_uid, state.st_gid)
    if there is None:
        write_at_once(kept, now, mode, owner=owner)
    try:
        write_at_once(path, planned.after, mode, owner=owner)
    except ConfigError:
        if there is None:
            kept.unlink(missing_ok=True)
        raise


def _edited(text: str, file: str, steps: Sequence[Step]) -> tuple[str, tuple[Change, ...]]:
    """Return the text after the steps, with as many lines as before, and what they changed."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    changes = []
    try:
        document = tomlkit.parse(text)
        for step in steps:
            for path, was, becomes in step.edit(document):
                key = ".".join(map(str, path))
                changes.append(Change(line_of(text, path) or 1, key, was, becomes))
        if KEY in document:
            document[KEY] = FORMAT
        return document.as_string(), tuple(sorted(changes, key=lambda change: change.line))
    except (TOMLKitError, LookupError, TypeError, AttributeError, RecursionError):
        raise ConfigError(BY_HAND, file=file) from None


def _with_version(edited: str, text: str) -> tuple[str, Change]:
    """Return the text with its version: where it stands already, else on top, below a line for the schema."""
    if (said := tomllib.loads(text).get(KEY)) is not None:
        return edited, Change(line_of(text, (KEY,)) or 1, KEY, str(said), str(FORMAT))
    first = edited.partition("\n")[0] + "\n" if edited.startswith("#:") and "\n" in edited else ""
    rest = edited[len(first) :]
    end = "\r\n" if "\r\n" in edited else "\n"
    # A table or a remark right below would look as if it belonged to the version.
    gap = end if rest.startswith(("[", "#")) else ""
    return f"{first}{KEY} = {FORMAT}{end}{gap}{rest}", Change(2 if first else 1, KEY, None, str(FORMAT))


def _others(text: str, edited: str) -> float:
    """Return how many lines differ; infinity where they don't even stand one against the other."""
    was, becomes = text.split("\n"), edited.split("\n")
    return sum(map(ne, was, becomes)) if len(was) == len(becomes) else inf


def _same(old: Config, new: str) -> bool:
    """Return whether the new text is right and comes to the same settings."""
    try:
        return _settings(parse_config(new, str(old.file))) == _settings(old)
    except ConfigError:
        return False


def _settings(config: Config) -> str:
    """Return all that a file says as one text, the order of its entries included."""
    return json.dumps({key: value for key, value in config.data.items() if key != KEY})
