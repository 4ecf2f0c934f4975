"""Who hears of the runs of a sweep besides the terminal: alerts, metrics. None of them can hold it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from unstick.cli.failures import mask
from unstick.cli.output import narrate

if TYPE_CHECKING:
    from unstick.recovery.config import Config
    from unstick.recovery.sweeping import Run


def wanted(config: Config, sources: Iterable[str]) -> bool:
    """Return whether anybody is to be alerted about one of these sources."""
    own = any(config.sources.get(name, {}).get("alerts") for name in sources)
    return bool(own or config.data.get("alerts"))


class Watcher(Protocol):
    """Hears of runs."""

    def saw(self, run: Run) -> None:
        """Take a run in. Returns at once."""
        ...

    async def drain(self, within_s: float | None = None) -> None:
        """Finish what is under way, within so many seconds (None: however long it takes)."""
        ...


@dataclass(frozen=True, slots=True)
class Watching:
    """All who hear, `tell` first."""

    tell: Callable[[Run], None]
    watchers: Sequence[Watcher] = ()

    def __call__(self, run: Run) -> None:
        """Tell everybody of a run; what goes wrong with a watcher is said, and is none of the others'
        business."""
        self.tell(run)
        for watcher in self.watchers:
            try:
                watcher.saw(run)
            except Exception as error:
                narrate(f"unstick: {type(watcher).__name__}: {mask(str(error))}")

    async def drain(self, within_s: float | None = None) -> None:
        """Let everybody finish."""
        for watcher in self.watchers:
            try:
                await watcher.drain(within_s)
            except Exception as error:
                narrate(f"unstick: {type(watcher).__name__}: {mask(str(error))}")
