"""Sources that come while the console is open."""

from __future__ import annotations

from collections.abc import Callable

from unstick.recovery.source import Source
from unstick.tui.frame import Frame
from unstick.tui.pace import Pace
from unstick.tui.session import Make, Session

Find = Callable[[str], tuple[Make, Source]]
"""Takes a database URL or the name of a configured source; returns what makes its backend, and the source.
Called in a thread. Raises an UnstickError with one sentence that may be shown."""


class Places(Frame, inherit_bindings=False):
    """`find` knows where sources come from; without it none can be added. `chance` is the jitter."""

    find: Find | None = None
    chance: Callable[[], float]

    def new_session(self, make: Make, source: Source) -> Session:
        """Return a session of a source that is not part of the console yet."""
        return Session(make, source, self.clock, Pace(source.refresh_s, chance=self.chance))

    def place_of(self, source: Source) -> int | None:
        """Return where (from 0) a source is open already; where the URL isn't known, the name tells."""
        for place, session in enumerate(self.sessions):
            known = session.source
            if known.name == source.name and (known.url == source.url or not (known.url and source.url)):
                return place
        return None

    def add_session(self, session: Session) -> int:
        """Add a source behind the others, until the console is left; returns its place (from 0)."""
        self.sessions.append(session)
        return len(self.sessions) - 1
