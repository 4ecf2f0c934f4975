"""Actions on one variant inside a JSON column: planned and written as a change of its job's row."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from unstick.backends.profile.model import JobTable
from unstick.recovery.errors import NotFound
from unstick.recovery.model import Target
from unstick.recovery.plan import LeftOut

from . import details, json_counts, planner
from .entity import EntitySql
from .layout import Layout
from .planner import Found
from .reader import Asked


def entity_of(layout: Layout, job: EntitySql) -> EntitySql | None:
    """Return the job's table as that of its tasks; None where nothing can be done to one of them."""
    held = json_counts.spec_of(job)
    if held is None or not held.actions:
        return None
    # Their statuses are those of a task, which the row's own status says nothing about.
    actions = {
        name: action.model_copy(update={"statuses": (), "not_statuses": ()})
        for name, action in held.actions.items()
    }
    alike = job.spec.model_copy(update={"actions": actions, "variants": None})
    job.tasks = EntitySql(layout, alike, name=f"{job.name}/tasks", prefixed=False)
    return job.tasks


def find(
    connection: sa.Connection, job: EntitySql, name: str, target: Target, asked: Asked
) -> Found | LeftOut:
    """Return the task as a row of a plan, or why it can't be one."""
    table, held, spec = job.tasks, json_counts.spec_of(job), job.spec
    assert table is not None
    assert held is not None
    assert isinstance(spec, JobTable)
    try:
        where = [table.key_in([job.key_of(target.job)])]
    except NotFound:
        where = [sa.false()]
    rows = list(planner.select_rows(connection, table, table.spec.actions[name], where, asked))
    if not rows:
        return LeftOut(target.job, "there is no such job", target.variant)
    shown = details.from_json(spec, held, target.job, rows[0].targets.get(held.column))
    broken = next((task.error for task in shown if task.status == "malformed"), None)
    if broken is not None:
        why = f"the {held.column} of job {target.job} is {broken}: nothing writes to it"
        return LeftOut(target.job, why, target.variant)
    task = next((task for task in shown if task.id == target.variant), None)
    if task is None:
        return LeftOut(target.job, "there is no such variant", target.variant)
    action, status = held.actions[name], task.status or "NULL"
    if (action.statuses and status not in action.statuses) or status in action.not_statuses:
        why = planner.refused_status(action, name, f"{target.job}/{task.id}", status)
        return LeftOut(target.job, why, target.variant)
    counted = asked.variant_retries.get((target.job, task.id), 0)
    return replace(rows[0], item=replace(task, retries=counted, max_retries=asked.max_retries))
