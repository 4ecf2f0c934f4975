"""The named steps of a profile's migration: an action for all rows that a condition finds.

A step is planned, applied, journalled and undone like any other action; it only chooses the rows by itself.
"""

from __future__ import annotations

import sqlalchemy as sa

from unstick.backends.profile.migration import Step
from unstick.backends.profile.pending import APPLY
from unstick.recovery.errors import SchemaMismatch, UsageError
from unstick.recovery.model import JobId
from unstick.recovery.source import Source
from unstick.recovery.suggest import hint

from .opening import Opened, open_source
from .session import make_session


async def step_rows(source: Source, name: str) -> tuple[str, tuple[JobId, ...]]:
    """Return a step's action and the jobs that it is about. Raises UsageError when there is no such step."""
    session = make_session(source, write=False)
    try:
        return await session.run(lambda connection: _rows(connection, open_source(connection, source), name))
    finally:
        await session.close()


def _rows(connection: sa.Connection, opened: Opened, name: str) -> tuple[str, tuple[JobId, ...]]:
    step = _find(opened, name)
    if all(step.action not in entity.spec.actions for entity in opened.tables):
        raise SchemaMismatch(
            f"{opened.layout.source.name}: step {name} needs {', '.join(opened.pending.names)}, which is not "
            f"there yet: {APPLY} adds it"
        )
    found: list[JobId] = []
    for entity in opened.tables:
        if step.action not in entity.spec.actions:
            continue
        keys = [entity.engine.image(entity.col(key), entity.infos[key]).label(key) for key in entity.key]
        where = opened.layout.expression(step.where)
        statement = entity.select(*keys).where(where)
        statement = statement.order_by(*(entity.col(key) for key in entity.key))
        found += [JobId(entity.job_id(row)) for row in entity.rows(connection.execute(statement))]
    return step.action, tuple(found)


def _find(opened: Opened, name: str) -> Step:
    profile = opened.layout.profile
    for step in profile.migration.steps:
        if step.name == name:
            return step
    known = [step.name for step in profile.migration.steps]
    told = hint(name, known) if known else "; it has none"
    raise UsageError(f"--step: profile {profile.name} has no step {name!r}{told}")
