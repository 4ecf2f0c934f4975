"""The place of the one sweeper of a SQLite file: a lock on a file beside it, which ends with its holder."""

from __future__ import annotations

import fcntl
import os
import zlib
from contextlib import suppress
from pathlib import Path

from unstick.recovery.display import display_text
from unstick.recovery.errors import Denied
from unstick.recovery.source import Source

_LONGEST = 200


class FileLeader:
    """Holds a lock on `DATABASE-sweep-NUMBER`. The file says who holds it, and goes with the lock."""

    def __init__(self, source: Source, database: str, what: str) -> None:
        path = Path(database).resolve()
        self._source = source
        self._path = path.with_name(f"{path.name}-sweep-{zlib.crc32(what.encode()):08x}")
        self._file: int | None = None

    async def lead(self, who: str, hold_s: float) -> str | None:
        """Take or keep the place. Raises Denied where no file can be made beside the database."""
        while self._file is None:
            file = self._open()
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(file, _LONGEST).decode(errors="replace").strip()
                os.close(file)
                return display_text(holder, limit=80) or "another sweeper"
            if not self._is_still_there(file):
                # Whoever held it took the file away between our opening and our lock.
                os.close(file)
                continue
            os.ftruncate(file, 0)
            os.pwrite(file, who.encode()[:_LONGEST], 0)
            self._file = file
        return None

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise Denied(
                f"{self._source.name}: the lock of its one sweeper can't be made at {self._path}: "
                f"{error.strerror}; SQLite needs that folder to be writable too"
            ) from None

    def _is_still_there(self, file: int) -> bool:
        with suppress(OSError):
            return os.path.samestat(os.fstat(file), os.stat(self._path))
        return False

    async def resign(self) -> None:
        """Give the place up."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                self._path.unlink()
            os.close(file)
