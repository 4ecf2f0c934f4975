"""What the database servers have in common: a private folder, a fixed port, stop, kill and restart."""

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil

from tests.harness import reaper
from tests.harness.ports import free_port
from tests.harness.waiting import eventually

USER = "unstick"
PASSWORD = "harness-secret"


class ServerFailed(Exception):
    """The server could not be started; the message ends with its log."""


def private_folder(prefix: str) -> Path:
    """A new folder under the system's temporary folder, removed when the test run is gone.

    Not pytest's tmp_path: that is closed to other users, and a server started by root runs as another user.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"unstick-{prefix}-"))
    reaper.watch_folder(folder)
    return folder


def copy_folder(source: Path, target: Path) -> None:
    """Copies with owners and modes, which shutil does not."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


class Server(ABC):
    """A server process in a private folder, always on the same port."""

    name: ClassVar[str]
    stop_signals: ClassVar[Mapping[str, signal.Signals]]

    def __init__(self, user: str | int | None = None) -> None:
        self.folder = private_folder(self.name)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.port = free_port()
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs the server in the foreground."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the running server answers."""

    @abstractmethod
    def prepare(self) -> None:
        """Fills the data folder before the first start."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    def start(self, timeout: float = 60.0) -> None:
        """Starts the server and returns when it answers; does nothing when it runs."""
        if self.running:
            return
        if not self.data.exists():
            self.prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"},
                user=self._user,
                start_new_session=True,
            )
        reaper.watch_process(self.pid)
        eventually(lambda: not self.running or self.ready(), what=f"{self.name} answers", timeout=timeout)
        if not self.running:
            self._forget()
            raise ServerFailed(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self, mode: str = "fast", timeout: float = 60.0) -> None:
        """Stops the server in an orderly way (`fast`) or as fast as it can itself (`immediate`)."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signals[mode])
        self._process.wait(timeout)
        self._forget()

    def kill(self) -> None:
        """Pulls the plug: SIGKILL for the server and all that it forked."""
        if self._process is None:
            return
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(self.pid)
            family = [server, *server.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        eventually(
            lambda: not any(alive(process.pid) for process in family),
            what=f"all processes of {self.name} are gone",
        )
        self._forget()

    def restart(self, mode: str = "fast") -> None:
        """Stops and starts on the same port, with the same data."""
        self.stop(mode)
        self.start()

    def close(self) -> None:
        """Ends the server and removes all its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget(self) -> None:
        reaper.forget_process(self.pid)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def alive(pid: int) -> bool:
    """Whether the process still does something: one that waits to be collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
