"""What a sweep would do on a source now: read for its screen, and before it is armed."""

from __future__ import annotations

from dataclasses import dataclass

from unstick.recovery.errors import PlanError
from unstick.recovery.model import Counts
from unstick.recovery.plan import Options, Plan
from unstick.recovery.query import Query
from unstick.recovery.sweep import Forecast, Mode, forecast
from unstick.tui.availability import Facts
from unstick.tui.session import Session, sentence

RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class Look:
    """What was read together. `problem` says why there is no plan, and so no forecast."""

    counts: Counts
    plan: Plan | None
    problem: str | None
    forecast: Forecast | None


async def look(session: Session) -> Look:
    """Plan the recovery of all that is stuck and judge it as the next run would."""
    backend, settings = session.backend, session.source.sweep
    counts = await backend.counts()
    try:
        plan = await backend.plan(RECOVER, Query(stuck_only=True), Options(by_sweep=True))
    except PlanError as error:
        return Look(counts, None, sentence(error), None)
    sweep = session.sweep
    failed, overruled = (sweep.failed_runs, sweep.overruled) if sweep is not None else (0, False)
    shares = settings.brake and not overruled
    seen = forecast(plan, counts, cap=settings.cap, failed_runs=failed, shares=shares)
    return Look(counts, plan, None, seen)


def sweep_facts(session: Session) -> Facts:
    """Return what the sweep of a source may be changed by."""
    sweep = session.sweep
    return Facts(
        session.capabilities,
        sweep=(sweep.mode if sweep is not None else Mode.OFF).value,
        sweeping=sweep is not None and sweep.running,
    )
