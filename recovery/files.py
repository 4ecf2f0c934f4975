"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .errors import ConfigError


def write_at_once(
    path: Path, content: bytes, mode: int = 0o644, *, owner: tuple[int, int] | None = None
) -> None:
    """Write a file so that it is there whole or not at all. `owner` is user and group, by number.

    Raises ConfigError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                if owner is not None and owner != (os.fstat(handle).st_uid, os.fstat(handle).st_gid):
                    os.fchown(handle, *owner)
                os.fchmod(handle, mode)
                os.fsync(handle)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        _keep_name(path.parent)
    except OSError as error:
        raise ConfigError(f"can't be written: {error.strerror}", file=str(path)) from None


def _keep_name(folder: Path) -> None:
    """Have the folder's new entry survive a crash of the machine, where the file system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
