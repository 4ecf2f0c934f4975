"""What was typed before, per prompt, kept below the state folder. Whatever is wrong with the file, nobody
is held up by it: then there is only what was typed since the start."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from unstick.recovery.display import display_text
from unstick.recovery.paths import state_folder

MOST = 200
"""Lines that are kept."""
LONGEST = 500
"""Characters of a line that is kept."""
MOST_BYTES = MOST * LONGEST * 4

_SECRET = re.compile(r"://[^/\s]*@|pass(?:word|wd)?\s*=|PGPASS|MYSQL_PWD", re.IGNORECASE)
"""A URL with somebody's name in it, and so perhaps with a password; or a password's argument."""


class History:
    """The lines of one prompt, the oldest first. `recall` goes through those that begin as typed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._own: list[str] = []
        self._lines: list[str] | None = None
        self._index = 0
        self._draft = ""

    @property
    def lines(self) -> list[str]:
        """Every line, read from the file when first needed."""
        if self._lines is None:
            self._lines = _read(self._path)
        return self._lines

    def add(self, line: str) -> None:
        """Remember a line and write the file; other consoles may have written it meanwhile."""
        line = line.strip()
        if not _keepable(line):
            return
        self._own = [*(each for each in self._own if each != line), line]
        others = [each for each in _read(self._path) if each not in self._own]
        self._lines = [*others, *self._own][-MOST:]
        _write(self._path, self._lines)

    def begin(self) -> None:
        """A prompt opens: start from its newest line."""
        self._index = len(self.lines)

    def recall(self, step: int, text: str) -> str | None:
        """Return an older (-1) or newer (1) line that begins like what was typed, None where there is none.

        Beyond the newest line comes back what was typed.
        """
        if self._index >= len(self.lines):
            self._index, self._draft = len(self.lines), text
        elif self.lines[self._index] != text:
            self._draft = text
        index = self._index + step
        while 0 <= index < len(self.lines):
            found = self.lines[index]
            if found.startswith(self._draft) and found != text:
                self._index = index
                return found
            index += step
        if step > 0 and self._index < len(self.lines):
            self._index = len(self.lines)
            return self._draft
        return None


class Histories(dict[str, History]):
    """The histories of all prompts by name, each opened when it is first asked for."""

    def __missing__(self, name: str) -> History:
        try:
            found = History(state_folder() / "history" / name)
        except (OSError, RuntimeError):
            # Without a home folder there is nowhere to keep it.
            found = History(None)
        self[name] = found
        return found


def _keepable(line: str) -> bool:
    if not 0 < len(line) <= LONGEST or _SECRET.search(line):
        return False
    return display_text(line, limit=LONGEST) == line


def _read(path: Path | None) -> list[str]:
    if path is None:
        return []
    with suppress(OSError, ValueError):
        # A pipe in its place would be waited for.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                return []
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
        found = [line for line in text.split("\n") if _keepable(line)]
        return list(dict.fromkeys(reversed(found)))[:MOST][::-1]
    return []


def _write(path: Path | None, lines: list[str]) -> None:
    if path is None:
        return
    with suppress(OSError, ValueError):
        if path.exists() and not path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                os.fchmod(number, 0o600)
                file.write("".join(f"{line}\n" for line in lines))
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
