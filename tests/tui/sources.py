"""Several sources in memory, well and unwell, for tests of what shows them side by side."""

from __future__ import annotations

from collections.abc import Sequence

from tests.tui.driver import Console
from unstick.recovery.memory import EXTRACTION, MemoryBackend
from unstick.recovery.source import Source
from unstick.tui.screens.everywhere import EverywhereScreen
from unstick.tui.screens.sources import SourcesScreen
from unstick.tui.session import Make

Seat = tuple[Make, Source]


def seat(
    name: str,
    *,
    stuck: int = 2,
    environment: str = "staging",
    read_only: bool = False,
    connect_s: float = 5.0,
    jobs: int = 20,
) -> tuple[MemoryBackend, Seat]:
    """A source, and its backend."""
    backend = MemoryBackend.example(jobs, stuck, system=EXTRACTION, source=name)
    source = Source(
        name,
        "memory://",
        environment=environment,
        refresh_s=3600.0,
        read_only=read_only,
        connect_timeout_s=connect_s,
    )
    return backend, (lambda: backend, source)


def seats(names: Sequence[str]) -> list[Seat]:
    """So many sources."""
    return [seat(name)[1] for name in names]


async def open_sources(c: Console) -> SourcesScreen:
    """Open the Sources screen; nothing is waited for but the screen itself."""
    await c.press("0")
    await c.until(lambda: isinstance(c.app.screen, SourcesScreen), "for the sources")
    await c.pilot.pause()
    return c.on(SourcesScreen)


async def open_everywhere(c: Console) -> EverywhereScreen:
    """Open the list over all sources."""
    await open_sources(c)
    await c.press("2")
    await c.until(lambda: isinstance(c.app.screen, EverywhereScreen), "for the list")
    await c.pilot.pause()
    return c.on(EverywhereScreen)


def line_of(c: Console, text: str) -> str:
    """Return the table's line that names a source, below header and title."""
    return next((line for line in c.lines[2:] if text in line[:40]), "")
