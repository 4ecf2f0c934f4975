"""Killing the demo's workers by the sources that they work for, and saying what comes of it."""

from __future__ import annotations

from collections.abc import Mapping

from unstick.backends.demo.pace import within
from unstick.backends.demo.workers import Workers

RESTART_S = 4.0
"""Seconds after which a killed worker has a successor, as a supervisor of processes would see to."""


class SourceWorkers:
    """The workers by source; ``systems`` maps the source's name to its system."""

    def __init__(self, workers: Workers, systems: Mapping[str, str]) -> None:
        self._workers = workers
        self._systems = dict(systems)

    def pid(self, source: str) -> int | None:
        """The process id of the source's worker, None while none runs."""
        system = self._systems.get(source)
        return None if system is None else self._workers.pid(system)

    def kill(self, source: str) -> str:
        """Kill the source's worker; one sentence of what comes of that."""
        system = self._systems[source]
        pid = self._workers.kill(system, restart_after=RESTART_S)
        if pid is None:
            return "no worker was running; nothing was killed"
        return (
            f"worker {pid} killed: what it was at gets stuck within {within(system):g} s;"
            f" a new one starts in {RESTART_S:g} s"
        )
