"""Makes what tells people of the runs of a sweep, from the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
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

FOLDER = "alerts"


def alerter(session: Session, backends: Mapping[str, Backend]) -> Alerter | None:
    """Return what looks at the runs of these sources; None where nobody is to be told. A target without a
    URL is said at once, and is counted as failed whenever there is something to tell."""
    config = session.config
    alerts = AlertConfig(config, os.environ)
    subjects = {
        name: Subject(backend, settings, Words(name if name in config.sources else "URL", mask))
        for name, backend in backends.items()
        if (settings := alerts.of(name)).targets and settings.on
    }
    if not subjects:
        return None
    targets = {target.name: target for each in subjects.values() for target in each.settings.targets}
    for target in targets.values():
        if target.problem:
            narrate(f"unstick: alerts to {target.name}: {safe(target.problem, 500)}; it gets none")
    return Alerter(subjects, _deliver, narrate, Memory(state_folder() / FOLDER, narrate))


async def _deliver(target: Target, alert: Alert, timeout_s: float) -> str | None:
    from unstick.backends.alerts import deliver

    return await deliver(target, alert, timeout_s)
