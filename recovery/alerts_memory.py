"""What was told is remembered in files, so that a sweep that is started anew every few minutes knows it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .alerts import Book
from .alerts_outbox import Outbox

T = TypeVar("T")
_BROKEN = (ValueError, TypeError, KeyError, AttributeError)


@dataclass(slots=True)
class Memory:
    """Books by source and outboxes by target, below `folder`; None: in memory only.

    `say` is told, once, where the folder can't be written; the alerts go out all the same. Nothing of a
    target's URL is written but a hash.
    """

    folder: Path | None = None
    say: Callable[[str], None] = lambda text: None
    books: dict[str, Book] = field(default_factory=dict)
    outboxes: dict[str, Outbox] = field(default_factory=dict)
    _complained: bool = False

    def book(self, source: str) -> Book:
        """Return what was told of a source."""
        if source not in self.books:
            found = self._read(f"source {source}", Book.from_json)
            self.books[source] = found if found is not None else Book()
        return self.books[source]

    def outbox(self, url: str, limit: int) -> Outbox:
        """Return what a target got."""
        if url not in self.outboxes:
            found = self._read(f"target {url}", lambda data: Outbox.from_json(data, limit))
            self.outboxes[url] = found if found is not None else Outbox(limit)
        return self.outboxes[url]

    def save(self, source: str) -> None:
        """Write down what was told of a source and what the targets got. Never raises."""
        if source in self.books:
            self._write(f"source {source}", self.books[source].as_json())
        for url, outbox in self.outboxes.items():
            self._write(f"target {url}", outbox.as_json())

    def _file(self, name: str) -> Path | None:
        digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:24]
        return self.folder / f"{name.split()[0]}-{digest}.json" if self.folder is not None else None

    def _read(self, name: str, make: Callable[[Any], T]) -> T | None:
        """A file that is not there, or is not what we wrote, is nothing told yet."""
        file = self._file(name)
        if file is None:
            return None
        try:
            return make(json.loads(file.read_text("utf-8")))
        except (OSError, *_BROKEN):
            return None

    def _write(self, name: str, data: Any) -> None:
        file = self._file(name)
        if file is None:
            return
        beside = file.with_suffix(f".{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # What jobs are called is nobody else's business.
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(data, stream)
            beside.replace(file)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            if not self._complained:
                self._complained = True
                self.say(
                    f"note: what was alerted can't be remembered in {file.parent} ({error.strerror}); "
                    f"a sweep that starts anew tells it again"
                )
