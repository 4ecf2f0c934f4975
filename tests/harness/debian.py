"""Installs the system's packages that tests need, where we may; otherwise says what to install."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.harness.server import ServerFailed


def find_program(names: Sequence[str], *, what: str, package: str) -> str:
    """The path of the first of the names that is installed. Raises ServerFailed with what to install."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = next(filter(None, (shutil.which(name, path=search) for name in names)), None)
    if found is None:
        raise ServerFailed(f"{what} ({names[0]}) for the tests is missing: install {package}.")
    return found


def ensure(find: Callable[[], object], packages: Sequence[str], what: str) -> None:
    """Installs the packages when `find` raises ServerFailed and we may; otherwise lets its sentence out."""
    try:
        find()
    except ServerFailed:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise
        _install(find, packages, what)


def _install(find: Callable[[], object], packages: Sequence[str], what: str) -> None:
    # Several test processes may come here at once, and apt-get does not wait for itself.
    with open(Path(tempfile.gettempdir()) / "unstick-install.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(ServerFailed):
            find()
            return
        for arguments in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
            _apt_get(arguments, packages, what)


def _apt_get(arguments: Sequence[str], packages: Sequence[str], what: str) -> None:
    done = subprocess.run(
        ["apt-get", "-q", *arguments],
        # Run level 1 starts no services: the tests start their own.
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServerFailed(
            f"{what} for the tests could not be installed: install {' and '.join(packages)} yourself. "
            f"apt-get said: {done.stderr[-1000:]}"
        )
