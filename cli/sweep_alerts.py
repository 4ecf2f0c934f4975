"""Makes what tells people of the runs of a sweep, from the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from unstick.cli.failures import mask
from unstick.cli.output import narrate, safe
from unstick.cli.session import Session
from unstick.recovery.alerting import Alerter, Subject
from unstick.recovery.alerts import Alert, Target
from unstick.recovery.alerts_looks import Words
from unstick.recovery.alerts_memory import Memory
from unstick.recovery.config.alerts import AlertConfig
from unstick.recovery.paths import state_folder

if TYPE_CHECKING:
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source
    from unstick.recovery.sweeping import Run

FOLDER = "alerts"
SAID = 20
"""Different complaints that are kept until the console is closed."""


def alerter_of(session: Session, backends: Mapping[str, Backend]) -> Alerter | None:
    """Return what looks at the runs of these sources; None where nobody is to be told. A target without a
    URL is said at once, and is counted as failed whenever there is something to tell."""
    alerts = AlertConfig(session.config, os.environ)
    found = {name: _subject(session, alerts, name, backend) for name, backend in backends.items()}
    subjects = {name: subject for name, subject in found.items() if subject is not None}
    if not subjects:
        return None
    _complain(subjects.values())
    return Alerter(subjects, _deliver, narrate, Memory(state_folder() / FOLDER, narrate))


class ConsoleAlerts:
    """Hears of the runs in the console. What goes wrong is said when the console has given the terminal
    back."""

    def __init__(self, session: Session) -> None:
        self._session, self._said = session, dict[str, None]()
        self._alerts = AlertConfig(session.config, os.environ)
        # Before the console opens: a command that prints a URL may ask something.
        names = list(session.config.sources)
        found = {name: _subject(session, self._alerts, name, None) for name in names}
        subjects = {name: subject for name, subject in found.items() if subject is not None}
        _complain(subjects.values())
        self._alerter = Alerter(subjects, _deliver, self._say, Memory(state_folder() / FOLDER, self._say))

    def __call__(self, source: Source, run: Run) -> None:
        """Take a run in."""
        if source.name not in self._alerter.subjects:
            subject = _subject(self._session, self._alerts, source.name, None)
            if subject is None:
                return
            self._alerter.watch(source.name, subject)
        self._alerter.saw(run)

    @property
    def failed(self) -> int:
        """How many messages could not be delivered so far."""
        return sum(count.failed for count in self._alerter.counts.values())

    def tell(self) -> None:
        """Say what went wrong meanwhile."""
        for text in self._said:
            narrate(text)

    def _say(self, text: str) -> None:
        if len(self._said) < SAID:
            self._said[text] = None


def _subject(session: Session, alerts: AlertConfig, name: str, backend: Backend | None) -> Subject | None:
    settings = alerts.of(name)
    if not settings.targets or not settings.on:
        return None
    return Subject(backend, settings, Words(name if name in session.config.sources else "URL", mask))


def _complain(subjects: Iterable[Subject]) -> None:
    targets = {target.name: target for each in subjects for target in each.settings.targets}
    for target in targets.values():
        if target.problem:
            narrate(f"unstick: alerts to {target.name}: {safe(target.problem, 500)}; it gets none")


async def _deliver(target: Target, alert: Alert, timeout_s: float) -> str | None:
    from unstick.backends.alerts import deliver

    return await deliver(target, alert, timeout_s)
