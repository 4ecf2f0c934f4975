"""Puts a plan together: rows, left-out rows with reasons, warnings, SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa

from unstick.recovery.errors import PlanError
from unstick.recovery.model import JobId
from unstick.recovery.outcome import Operation
from unstick.recovery.plan import LeftOut, Options, Plan, PlanRow, seal
from unstick.recovery.port import Selection
from unstick.recovery.query import Query

from . import planner, reader, references, showing
from .opening import Opened
from .reader import Asked

SHOWN = 500
"""Rows in the SQL that a plan shows: one chunk; the others differ in their keys only."""


def make(
    connection: sa.Connection,
    opened: Opened,
    action: str,
    selection: Selection,
    options: Options,
    asked: Asked,
) -> Plan:
    """Return the sealed plan for an action."""
    _check_possible(opened, action)
    if isinstance(selection, Query):
        found = planner.by_query(connection, opened.tables, action, planner.whole(selection), asked)
        left: list[LeftOut] = []
        order = sorted(found, key=lambda job: (-_silent(found[job][1]), job))
    else:
        ids = list(dict.fromkeys(selection))
        found, left = planner.by_ids(connection, opened.tables, action, ids, asked)
        missing = [job for job in ids if job not in found and all(row.job != job for row in left)]
        left += [LeftOut(job, "there is no such job") for job in missing if not _renamed(job, found)]
        places = {job: place for place, job in enumerate(ids)}
        order = sorted(found, key=lambda job: places.get(job, len(places)))
    rows: list[PlanRow] = []
    for job in order:
        entity, row = found[job]
        why = planner.refusal(entity.spec.actions[action], action, row.job, options)
        if why is not None:
            left.append(LeftOut(job, why))
        else:
            rows.append(planner.plan_row(entity, action, row, asked, options))
    planner.check_size(len(rows), options)
    profile = opened.layout.profile
    info = next(info for info in opened.capabilities.actions if info.name == action)
    plan = Plan(
        source=opened.layout.source.name,
        database=opened.capabilities.database,
        profile=profile.name,
        action=action,
        verb=info.verb,
        made_at=reader.clock(connection, opened.tables[0]),
        options=planner.frozen(options, asked),
        rows=tuple(rows),
        left_out=tuple(left),
        warnings=_warnings(connection, opened, action, rows),
    )
    return seal(_with_sql(opened, plan))


def _check_possible(opened: Opened, action: str) -> None:
    """Raise PlanError for an action whose SQL says nothing for this database: it would do nothing."""
    for entity in opened.tables:
        spec = entity.spec.actions.get(action)
        if spec is not None and spec.sql is not None and entity.layout.raw(spec.sql) is None:
            raise PlanError(
                f"profile {opened.layout.profile.name} has no SQL of {action} for {entity.engine.name}; "
                f"add sql.{entity.engine.name} to the action"
            )


def _silent(found: planner.Found) -> float:
    """Seconds that a stuck row has been silent; stuck rows come first, as on screen."""
    verdict = found.job.verdict
    return -1.0 if verdict is None else verdict.age_s or 0.0


def _renamed(job: JobId, found: Collection[JobId]) -> bool:
    """Whether the id was given without its table's name, or in another spelling, and was found all the
    same."""
    return any(known.endswith(f":{job}") or known.lower() == job.lower() for known in found)


def _warnings(connection: sa.Connection, opened: Opened, action: str, rows: list[PlanRow]) -> tuple[str, ...]:
    profile = opened.layout.profile
    found = []
    spec = next(job.actions[action] for job in profile.jobs if action in job.actions)
    if not profile.fenced and spec.only_stuck and rows:
        found.append(profile.fence_warning)
    if spec.hint and rows:
        found.append(spec.hint)
    for entity in opened.tables:
        if any(row.table == entity.name for row in rows):
            found += references.warnings(connection, entity, entity.spec.actions[action])
    if opened.capabilities.journal == "local" and rows:
        found.append(
            "the journal is in a local file on this machine; `unstick migrate` installs it in the database"
        )
    return tuple(found)


def _with_sql(opened: Opened, plan: Plan) -> Plan:
    texts: list[str] = []
    for entity in opened.tables:
        rows = [row for row in plan.rows if row.table == entity.name]
        if not rows:
            continue
        action = entity.spec.actions[plan.action]
        texts += showing.shown(entity, action, plan, rows[:SHOWN], opened.capabilities.skip_locked)
        if len(rows) > SHOWN:
            texts.append(f"-- and so on for the other {len(rows) - SHOWN} rows, {SHOWN} in each transaction")
    return replace(plan, sql=tuple(texts))


def undo_plan(
    connection: sa.Connection,
    opened: Opened,
    done: Operation,
    rows: list[PlanRow],
    left: list[LeftOut],
    options: Options,
) -> Plan:
    """Return the plan of an undo."""
    what = "take back the undo of" if done.undoes else f"put back what {done.action} of"
    return Plan(
        source=opened.layout.source.name,
        database=opened.capabilities.database,
        profile=opened.layout.profile.name,
        action="undo",
        verb=f"{what} {done.started_at:%Y-%m-%d %H:%M:%S} UTC{'' if done.undoes else ' changed'}",
        made_at=reader.clock(connection, opened.tables[0]),
        options=planner.storable(options),
        rows=tuple(rows),
        left_out=tuple(left),
        sql=tuple(showing.undone(opened.by_name, rows)),
        undoes=done.id,
    )
