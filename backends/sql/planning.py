"""Puts a plan together: rows, left-out rows with reasons, warnings, SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from unstick.recovery.errors import PlanError
from unstick.recovery.hooks import UNDO
from unstick.recovery.model import JobId, Target
from unstick.recovery.outcome import Operation
from unstick.recovery.plan import LeftOut, Options, Plan, PlanRow, seal
from unstick.recovery.port import Selection
from unstick.recovery.query import Query

from . import foreseeing, hooking, planner, reader, references, showing, unindexed
from .opening import Opened
from .planner import Ref, for_rows, together
from .reader import Asked
from .selecting import Selected, Selecting

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
    selecting = Selecting(connection, opened.tables, action, asked)
    if isinstance(selection, Query):
        found = selecting.by_query(planner.whole(selection))
        order = sorted(found.rows, key=lambda ref: (-_silent(found.rows[ref][1]), ref[0], ref[1] or ""))
    else:
        ids = list(dict.fromkeys(selection))
        found = selecting.by_ids(ids)
        order = _as_asked(ids, found)
        found.left += [LeftOut(job, "there is no such job") for job in _missing(ids, found)]
    rows, left = _sorted_out(opened, action, found, order, options, asked)
    planner.check_size(len(rows), options)
    rows = foreseeing.with_related(connection, opened.by_name, action, rows, asked.thresholds)
    profile = opened.layout.profile
    info = next(info for info in opened.capabilities.actions if info.name == action)
    plan = Plan(
        source=opened.layout.source.name,
        database=opened.capabilities.database,
        profile=profile.name,
        action=action,
        verb=_verb(opened, action, rows) or info.verb,
        made_at=reader.clock(connection, opened.tables[0]),
        options=planner.frozen(options, asked),
        rows=tuple(rows),
        left_out=tuple(left),
        warnings=_warnings(connection, opened, action, rows),
        hook=hooking.planned(opened, action, rows),
    )
    return seal(_with_sql(opened, plan))


def _sorted_out(
    opened: Opened, action: str, found: Selected, order: list[Ref], options: Options, asked: Asked
) -> tuple[list[PlanRow], list[LeftOut]]:
    """Split what was found into rows to change and rows left out. A job comes before its variants: what
    they set off in the database must not look like a worker's doing."""
    rows: list[PlanRow] = []
    left = list(found.left)
    ways: dict[tuple[str, str | None, tuple[str, ...]], planner.Way] = {}
    below = {job for (job, variant) in found.rows if variant is not None}
    for ref in sorted(order, key=lambda ref: ref[1] is not None):
        entity, row = found.rows[ref]
        why = planner.refusal(entity, action, row, options)
        if why is None:
            verdict = row.item.verdict
            alike = (entity.name, verdict.rule if verdict else None, row.kinds)
            if alike not in ways:
                ways[alike] = planner.Way.of(entity, action, row, asked)
            rows.append(planner.plan_row(entity, action, row, ways[alike]))
        elif row.variant is not None or row.item.verdict is not None or row.job not in below:
            # A job that is only stuck because of its variants is recovered by recovering those.
            left.append(LeftOut(row.job, why, row.variant))
    return rows, left


def _as_asked(ids: Sequence[JobId | Target], found: Selected) -> list[Ref]:
    """Return the rows in the order in which they were asked for; a job's variants follow it."""
    places = {(one.job if isinstance(one, Target) else one): place for place, one in enumerate(ids)}
    return sorted(found.rows, key=lambda ref: places.get(ref[0], len(places)))


def _missing(ids: Sequence[JobId | Target], found: Selected) -> list[JobId]:
    """Return the jobs of which nothing was found and nothing was said yet."""
    jobs = {job for job, _ in found.rows}
    said = {left.job for left in found.left}
    return [
        one
        for one in ids
        if not isinstance(one, Target)
        and one not in jobs
        and one not in said
        and one not in found.as_targets
        and not _renamed(one, jobs)
    ]


def _verb(opened: Opened, action: str, rows: list[PlanRow]) -> str:
    """What really happens: where that differs by table or rule, each with the number of its rows."""
    numbers: dict[str, int] = {}
    for _, spec, some in planner.together(rows, action, opened.by_name):
        numbers[spec.verb] = numbers.get(spec.verb, 0) + len(some)
    if len(numbers) < 2:
        return next(iter(numbers), "")
    return "; ".join(f"{number} × {verb}" for verb, number in numbers.items())


def _check_possible(opened: Opened, action: str) -> None:
    """Raise PlanError for an action whose SQL says nothing for this database: it would do nothing."""
    for entity in opened.writable:
        spec = entity.spec.actions.get(action)
        if spec is not None and spec.sql is not None and entity.layout.raw(spec.sql) is None:
            raise PlanError(
                f"profile {opened.layout.profile.name} has no SQL of {action} for {entity.engine.name}; "
                f"add sql.{entity.engine.name} to the action"
            )


def _silent(found: planner.Found) -> float:
    """Seconds that a stuck row has been silent; stuck rows come first, as on screen."""
    verdict = found.item.verdict
    return -1.0 if verdict is None else verdict.age_s or 0.0


def _renamed(job: JobId, found: Collection[JobId]) -> bool:
    """Whether the id was given without its table's name, or in another spelling, and was found all the
    same."""
    return any(known.endswith(f":{job}") or known.lower() == job.lower() for known in found)


def _warnings(connection: sa.Connection, opened: Opened, action: str, rows: list[PlanRow]) -> tuple[str, ...]:
    profile = opened.layout.profile
    used = [entity for entity in opened.writable if any(row.table == entity.name for row in rows)]
    specs = [entity.spec.actions[action] for entity in used]
    found = []
    if not profile.fenced and any(spec.only_stuck for spec in specs):
        found.append(profile.fence_warning)
    for entity, spec in zip(used, specs, strict=True):
        ruled = {row.rule for row in rows if row.table == entity.name}
        if action not in opened.layout.source.hooks:
            found += [one.hint for one in map(spec.for_rule, sorted(ruled, key=str)) if one.hint]
        found += references.warnings(connection, entity, spec)
        found += unindexed.warnings(connection, entity, spec)
    if rows:
        found += opened.pending.skipped.get(action, ())
        found += hooking.warnings(opened, action)
    if opened.capabilities.journal == "local" and rows:
        found.append(
            "the journal is in a local file on this machine; `unstick migrate` installs it in the database"
        )
    return tuple(dict.fromkeys(found))


def _with_sql(opened: Opened, plan: Plan) -> Plan:
    texts: list[str] = []
    for name, action, rows in together(plan.rows, plan.action, opened.by_name):
        entity = opened.by_name[name]
        its = for_rows(plan, rows)
        texts += showing.shown(entity, action, its, rows[:SHOWN], opened.capabilities.skip_locked)
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
        warnings=tuple(hooking.warnings(opened, UNDO)),
        hook=hooking.planned(opened, UNDO, rows),
        undoes=done.id,
    )
