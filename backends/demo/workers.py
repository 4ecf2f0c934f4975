"""Starting, killing and stopping the demo's worker processes."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from unstick.backends.demo.connection import URL_VARIABLE
from unstick.backends.demo.worker_words import HOLDING, READY


class Workers:
    """One worker process per system, each in a process group of its own, all gone when this process is.

    ``places`` are the databases by system: files, as ``database.create`` returns them, or URLs. ``interval``
    is the number of seconds between two rounds, ``feed`` how many pending jobs a worker keeps in stock,
    ``failing`` how many times as often as usual jobs fail; after ``rounds`` of them a worker only holds on to
    its jobs, so that they are the same whenever it is killed. With ``logs`` (a folder) each says in
    ``<system>.log`` what it does; without, nothing: the terminal is not ours.
    """

    def __init__(
        self,
        places: Mapping[str, Path | str],
        *,
        seed: int = 0,
        interval: float = 1.0,
        feed: int = 6,
        failing: float = 1.0,
        rounds: int | None = None,
        adopt: bool | Collection[str] = True,
        logs: Path | None = None,
    ) -> None:
        self._places = dict(places)
        self._options = ["--seed", str(seed), "--interval", str(interval), "--feed", str(feed)]
        self._options += ["--failing", str(failing)]
        self._options += [] if rounds is None else ["--rounds", str(rounds)]
        self._logs = logs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._begun: set[str] = set()
        self._told: dict[int, str] = {}
        self._adopt = adopt
        self._lock = threading.RLock()
        self._timers: list[threading.Timer] = []
        self._stopped = False

    def start(self, system: str | None = None) -> None:
        """Start the worker of ``system``, or all; one that runs already is left alone.

        Only the first start takes over the jobs that show life, and only where ``adopt`` says so (of all
        systems, or of some): a worker that comes back after being killed leaves its old jobs stuck, as the
        real ones do.
        """
        for name in self._places if system is None else [system]:
            with self._lock:
                if self._stopped or self.pid(name) is not None:
                    continue
                gone = self._processes.pop(name, None)
                if gone is not None:
                    _collect(gone)
                self._processes[name] = self._spawn(name, adopt=self._adopts(name))
                self._begun.add(name)

    def pid(self, system: str) -> int | None:
        """The process id of the worker of ``system``, None when it doesn't run."""
        process = self._processes.get(system)
        return None if process is None or process.poll() is not None else process.pid

    def is_ready(self, system: str) -> bool:
        """Whether the worker of ``system`` has begun: what happens from now on it doesn't miss."""
        return READY in self._words(system)

    def is_holding(self, system: str) -> bool:
        """Whether the worker of ``system`` has done all its ``rounds``."""
        return HOLDING in self._words(system)

    def _words(self, system: str) -> str:
        """What the worker of ``system``, which runs, has told so far."""
        with self._lock:
            process = self._processes.get(system)
            if process is None or process.stdout is None or process.poll() is not None:
                return ""
            if select.select([process.stdout], [], [], 0)[0]:
                said = os.read(process.stdout.fileno(), 1000).decode()
                self._told[process.pid] = self._told.get(process.pid, "") + said
            return self._told.get(process.pid, "")

    def kill(self, system: str, *, restart_after: float | None = None) -> int | None:
        """SIGKILL: what it was doing stays running in the database for ever. Its id, None if it wasn't there.

        With ``restart_after`` another one is started that many seconds later, as a supervisor of processes
        would; it knows nothing of what this one did.
        """
        with self._lock:
            process = self._processes.pop(system, None)
        if process is None:
            return None
        process.kill()
        _collect(process)
        if restart_after is not None:
            timer = threading.Timer(restart_after, self.start, [system])
            timer.daemon = True
            with self._lock:
                self._timers.append(timer)
                timer.start()
        return process.pid

    def stop(self, timeout: float = 5.0) -> None:
        """End all in an orderly way; kill those that have not gone ``timeout`` seconds later."""
        with self._lock:
            self._stopped = True
            for timer in self._timers:
                timer.cancel()
            processes, self._processes = list(self._processes.values()), {}
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
            _collect(process)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _adopts(self, system: str) -> bool:
        wanted = self._adopt if isinstance(self._adopt, bool) else system in self._adopt
        return wanted and system not in self._begun

    def _spawn(self, system: str, *, adopt: bool) -> subprocess.Popen[bytes]:
        # -P: the folder that the console was started in is no place to import modules from.
        command = [
            sys.executable,
            "-P",
            "-m",
            "unstick.backends.demo.worker",
            "-",
            system,
        ]
        command += [*self._options, "--parent", str(os.getpid()), *(["--adopt"] if adopt else [])]
        target = Path(os.devnull) if self._logs is None else self._logs / f"{system}.log"
        with target.open("ab") as log:
            return subprocess.Popen(
                command,
                # Not on the command line, which anybody on the machine can read.
                env={**os.environ, URL_VARIABLE: str(self._places[system])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # A ctrl-c in the terminal is meant for the console.
                start_new_session=True,
            )


def _collect(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
