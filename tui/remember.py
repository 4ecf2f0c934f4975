"""What the console remembers from one time to the next: columns, order and view of each table, saved views.

A file below the state folder. Several consoles write it at once: each reads it again under a lock, puts in
only what it changed itself, and replaces the file as a whole. What can't be understood is never overwritten.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from unstick.recovery.paths import state_folder

FILE = "console.json"
FORMAT = 1
MOST = 1_000_000
"""Bytes beyond which the file can't be ours."""

READ_S = 0.5
"""Seconds that the folder has to answer in; a home folder on a network may hang."""

LOCK_S = 0.4
"""Seconds for which another console may hold the lock."""

Place = tuple[str, ...]
"""Where a value stands in the file: `sources`, NAME, TABLE, KEY, or `views`, NAME."""

_DEPTHS = {"sources": 3, "views": 2}
"""How many tables stand in one another below each key, so that a file of another shape is noticed."""


class Foreign(Exception):
    """What stands in the file is not ours to change. `broken` is a file that nobody can read any more."""

    def __init__(self, told: str, *, broken: bool = False) -> None:
        super().__init__(told)
        self.broken = broken


def console_file() -> Path:
    """Return the file; it need not exist."""
    return state_folder() / FILE


class Memory:
    """The file's content with what was changed since. `problem` is what went wrong, in one sentence.

    `read` and `write` block and belong into a thread; everything else is for the loop.
    """

    def __init__(self, where: Callable[[], Path] = console_file) -> None:
        self._where = where
        self._content: dict[str, Any] = {}
        self._changes: dict[Place, Any] = {}
        self._lock = threading.Lock()
        self._loading: asyncio.Task[None] | None = None
        self.problem = ""

    def value(self, *place: str) -> Any:
        """Return what stands at a place, or None."""
        found: Any = self._content
        for key in place:
            if not isinstance(found, Mapping) or key not in found:
                return None
            found = found[key]
        return found

    def change(self, place: Place, value: Any) -> None:
        """Remember a value from now on; None forgets it."""
        if self.value(*place) == value:
            return
        with self._lock:
            self._changes[place] = value
            _put(self._content, place, value)

    @property
    def unwritten(self) -> bool:
        """Whether there is something to write."""
        return bool(self._changes)

    async def load(self) -> None:
        """Read the file once; who asks meanwhile waits for the same answer."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        await self._in_time(self.read)

    async def flush(self) -> None:
        """Write what was changed."""
        if self.unwritten:
            await self._in_time(self.write)

    async def _in_time(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(work), READ_S)
        except TimeoutError:
            self.problem = f"{FILE} below the state folder does not answer; columns and views are not kept"

    def read(self) -> None:
        """Read the file. What can't be read is told in `problem`, and everything starts as built in."""
        try:
            found = _understood(self._where())
        except FileNotFoundError:
            return
        except Foreign as error:
            later = "; it is set aside before anything is kept" if error.broken else "; nothing is kept"
            self.problem = f"{error}{later}"
            return
        except OSError as error:
            self.problem = f"{self._where()} can't be read: {error.strerror}; columns and views are not kept"
            return
        with self._lock:
            for place, value in self._changes.items():
                _put(found, place, value)
            self._content = found

    def write(self) -> None:
        """Put what was changed into the file as it is by now. Without success it is tried again next time."""
        with self._lock:
            changes, self._changes = self._changes, {}
        try:
            path = self._where().resolve()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(path):
                _replace(path, _merged(path, changes))
        except (Foreign, OSError) as error:
            with self._lock:
                self._changes = {**changes, **self._changes}
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            self.problem = f"columns and views are not kept: {reason}"


def _understood(path: Path) -> dict[str, Any]:
    """Return the file's content. Raises OSError, or Foreign where it isn't ours."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise Foreign(f"{path} is no file")
    with path.open("rb") as file:
        raw = file.read(MOST + 1)
    try:
        content = json.loads(raw.decode("utf-8")) if len(raw) <= MOST else None
    except json.JSONDecodeError as error:
        raise Foreign(f"{path}:{error.lineno} is not JSON", broken=True) from None
    except (ValueError, RecursionError):
        raise Foreign(f"{path} is not JSON", broken=True) from None
    if not isinstance(content, dict):
        raise Foreign(f"{path} holds something else", broken=True)
    if content.get("format") != FORMAT:
        raise Foreign(f"{path} was written by another version of unstick")
    if not all(_is_tables(content.get(key, {}), depth) for key, depth in _DEPTHS.items()):
        raise Foreign(f"{path} holds something else", broken=True)
    return content


def _is_tables(value: Any, depth: int) -> bool:
    return isinstance(value, dict) and (
        depth == 1 or all(_is_tables(each, depth - 1) for each in value.values())
    )


def _merged(path: Path, changes: Mapping[Place, Any]) -> dict[str, Any]:
    """Return the file's content with the changes; a broken file is set aside first. Raises Foreign."""
    try:
        content = _understood(path)
    except FileNotFoundError:
        content = {}
    except Foreign as error:
        if not error.broken:
            raise
        path.rename(_aside(path))
        content = {}
    content["format"] = FORMAT
    for place, value in changes.items():
        _put(content, place, value)
    return content


def _aside(path: Path) -> Path:
    """Return a name beside the file that nothing has yet."""
    names = (path.with_name(f"{path.name}.broken{number or ''}") for number in range(1_000_000))
    return next(name for name in names if not name.exists())


def _put(content: dict[str, Any], place: Place, value: Any) -> None:
    for key in place[:-1]:
        inner = content.get(key)
        if not isinstance(inner, dict):
            inner = content[key] = {}
        content = inner
    if value is None:
        content.pop(place[-1], None)
    else:
        content[place[-1]] = value


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of all consoles. Raises OSError when another one keeps it."""
    file = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OSError(0, "another console keeps the file locked") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(file)


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    """Put the file in place as a whole: who reads meanwhile sees the old one or the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
