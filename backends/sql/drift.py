"""Says in words how a row moved on since it was planned."""

from __future__ import annotations

from collections.abc import Mapping

from unstick.backends.profile.model import Action
from unstick.recovery.model import Image, Scalar, State
from unstick.recovery.plan import PlanRow

from . import assign, json_edit, planner
from .entity import EntitySql

SHOWN = 80
"""Characters of a value in a sentence about it."""


def explain(entity: EntitySql, action: Action, name: str, row: PlanRow, now: Image) -> str | None:
    """Return how the locked row differs from the planned token, or None when it is still the same."""
    unseen = [column for column in action.set if column not in row.after]
    if unseen:
        # The profile is another one by now, or its migration was applied: a plan writes what it shows.
        return f"planned without {', '.join(unseen)}, which {name} writes by now: make a new plan"
    changed = [column for column, value in row.token.items() if column in now and now[column] != value]
    if not changed:
        return None
    status = entity.spec.status
    if status in changed:
        return _status(entity, action, name, row, str(row.token[status]), str(now[status]))
    started = entity.clocks.get("started", ("", None))[0]
    if started in changed:
        return f"claimed again: {started} {row.token[started]} → {now[started]}"
    owner = next((column for column in changed if column in entity.spec.token), None)
    if owner is not None:
        return f"taken over: {owner} {row.token[owner]} → {now[owner]}"
    return _changed(entity, changed[0], row.token[changed[0]], now[changed[0]])


def _changed(entity: EntitySql, column: str, old: Scalar, new: Scalar) -> str:
    """Which time of the column moved, or that it changed; of a document only the time."""
    times = [time for time in entity.spec.times.values() if time.column == column]
    for time in (time for time in times if time.path):
        moments = [json_edit.find(value, time.path) for value in (old, new)]
        if moments[0] != moments[1]:
            return f"alive: {'.'.join(time.path)} {_short(moments[0])} → {_short(moments[1])}"
    word = "alive" if any(not time.path for time in times) else "changed"
    return f"{word}: {column} {_short(old)} → {_short(new)}"


def _short(value: object) -> str:
    """A value in a sentence: documents and long texts only by their beginning."""
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _status(entity: EntitySql, action: Action, name: str, row: PlanRow, old: str, new: str) -> str:
    refused = (action.statuses and new not in action.statuses) or new in action.not_statuses
    if refused and action.refuse:
        return f"{old} → {new}: {planner.refused_status(action, name, row.job, new)}"
    # Only the job's own worker says that it is done; it may fail at another console's word as well.
    if entity.state_of(new) is State.DONE and entity.state_of(old) is State.RUNNING:
        return f"ended by itself: {old} → {new}"
    return f"moved on: {old} → {new}"


def in_words(entity: EntitySql, old: Scalar, new: Scalar, before: Image, after: Image) -> str:
    """Return in a few words what an action changed: the status, else what else was watched and is no time."""
    if old != new:
        return f"{old} → {new}"
    times = {time.column for time in entity.spec.times.values()}
    moved = [name for name, old in before.items() if name not in times and after.get(name, old) != old]
    words = ", ".join(f"{name} {_plain(before[name])} → {_plain(after[name])}" for name in moved)
    return words or ("changed" if old is None else f"{new}, as before")


def _plain(value: Scalar) -> str:
    return "NULL" if value is None else str(value)


def judged(
    entity: EntitySql, action: Action, name: str, row: PlanRow, now: Mapping[str, Scalar]
) -> str | None:
    """Return why a row is not to be changed although none of its own columns moved: its computed status
    did, time went by, or what belongs to it changed. `now` is what its rules and guards say when locked."""
    if entity.spec.status is None and now.get("(status)") != row.token.get("(status)"):
        return f"moved on: {row.token.get('(status)')} → {now.get('(status)')}"
    rule = now.get("rule")
    if action.only_stuck and rule is None:
        return "no longer stuck by the database's clock"
    differing = entity.spec.actions[name].by_rule
    if row.rule != rule and (row.rule in differing or rule in differing):
        return f"stuck for another reason now: {row.rule} → {rule}"
    refused = planner.refused_by(action, now)
    if not refused:
        return None
    return assign.fill(refused[0], {"status": str(now.get("(status)")), "job": row.job})
