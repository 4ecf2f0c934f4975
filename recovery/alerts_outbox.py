"""How much one target gets: at most so many messages an hour, what is over is summed up in one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .alerts import Alert, Kind, Severity, listed
from .alerts_text import TEXT, TITLE, clean

HOUR_S = 3600.0
KEPT = 50
"""Alerts that are kept until they can be summed up; of those that follow only the number is."""
_WORSE = (Severity.OVER, Severity.WARNING, Severity.CRITICAL)


@dataclass(slots=True)
class Outbox:
    """One target's messages. `sent` are the times of the last hour, `held` what waits for the summary and
    `uncounted` how many more do."""

    limit: int
    sent: deque[float] = field(default_factory=deque)
    held: list[Alert] = field(default_factory=list)
    uncounted: int = 0

    def put(self, alerts: Iterable[Alert], now: float) -> list[Alert]:
        """Return what is to be sent now: what waited first, in one message. The rest waits."""
        while self.sent and now - self.sent[0] >= HOUR_S:
            self.sent.popleft()
        ready = [self._summed()] if self.held and self._free() else []
        self.sent.extend(now for _ in ready)
        for alert in alerts:
            if self._free():
                self.sent.append(now)
                ready.append(alert if self._free() else self._last(alert))
            else:
                self.hold(alert)
        return ready

    def hold(self, alert: Alert) -> None:
        """Keep an alert for the summary: there were too many, or it could not be delivered."""
        if len(self.held) < KEPT:
            self.held.append(alert)
        else:
            self.uncounted += 1

    def _free(self) -> bool:
        return len(self.sent) < self.limit

    def _last(self, alert: Alert) -> Alert:
        note = f"\n\nThis is the last of {self.limit} messages within the hour; what follows is summed up."
        text = clean(alert.text, TEXT - len(note), multiline=True) + note
        return Alert(alert.kind, alert.source, alert.severity, alert.title, text)

    def _summed(self) -> Alert:
        held, more = self.held, self.uncounted
        self.held, self.uncounted = [], 0
        if len(held) == 1 and not more:
            return held[0]
        worst = max(held, key=lambda alert: _WORSE.index(alert.severity))
        sources = list(dict.fromkeys(alert.source for alert in held))
        title = clean(f"unstick {', '.join(sources)}: {len(held) + more:,} alerts summed up", TITLE)
        lines = listed(alert.title for alert in reversed(held))
        text = clean("\n".join(["The latest first:", *lines]), TEXT, multiline=True)
        return Alert(worst.kind, sources[0], worst.severity, title, text)

    def as_json(self) -> dict[str, Any]:
        """Return the outbox as JSON values."""
        held = [[a.kind.value, a.source, a.severity.value, a.title, a.text] for a in self.held]
        return {"sent": list(self.sent), "held": held, "uncounted": self.uncounted}

    @classmethod
    def from_json(cls, data: Any, limit: int) -> Outbox:
        """Return the outbox of `as_json`. Raises ValueError, TypeError or KeyError for anything else."""
        held = [
            Alert(Kind(kind), str(source), Severity(bad), str(title), str(text))
            for kind, source, bad, title, text in data["held"]
        ]
        return cls(limit, deque(float(at) for at in data["sent"]), held, int(data["uncounted"]))
