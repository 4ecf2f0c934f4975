"""The demo's worker processes, as far as the console knows them: one per source, and it can be killed."""

from __future__ import annotations

from typing import Protocol


class Workers(Protocol):
    """What the demo brings along; a console on real sources has none."""

    def pid(self, source: str) -> int | None:
        """Return the process id of the source's worker, None while none runs."""
        ...

    def kill(self, source: str) -> str:
        """Kill the source's worker and return what comes of that, in one sentence."""
        ...
