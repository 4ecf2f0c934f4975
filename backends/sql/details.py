"""What belongs to a job and is only shown: variants from a table or from JSON, and the event log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import JobTable, JsonVariants, Log
from unstick.recovery.model import Event, JobId, Scalar, State, Variant, VariantId

from . import below, rows
from .entity import EntitySql
from .reader import Asked


def variants(connection: sa.Connection, job: EntitySql, text: str, asked: Asked) -> tuple[Variant, ...]:
    """Return a job's variants in their declared order."""
    spec, table = job.spec, job.variants
    key = job.key_of(text)
    name = JobId(text)
    if table is not None:
        order = getattr(table.spec, "order", ()) or table.key
        statement = table.select(*rows.selected(table, asked.thresholds))
        statement = statement.where(below.of_jobs(table, [key]))
        statement = statement.order_by(*(table.col(column) for column in order))
        fetched = table.rows(connection.execute(statement))
        return tuple(
            rows.to_variant(
                table,
                name,
                row,
                asked.thresholds,
                retries=asked.variant_retries,
                max_retries=asked.max_retries,
            )
            for row in fetched
        )
    if isinstance(spec, JobTable) and spec.variants_json is not None:
        column = spec.variants_json.column
        statement = job.select(job.image(column)).where(job.key_in([key]))
        value = job.engine.decode(connection.execute(statement).scalar_one_or_none())
        return tuple(counted(each, asked) for each in from_json(spec, spec.variants_json, name, value))
    return ()


def counted(variant: Variant, asked: Asked) -> Variant:
    """Return a variant from a document with the attempts that the retry history has of it."""
    made = asked.variant_retries.get((variant.job, variant.id), 0)
    return replace(variant, retries=made, max_retries=asked.max_retries)


def from_json(spec: JobTable, layout: JsonVariants, job: JobId, value: Scalar) -> tuple[Variant, ...]:
    """Return the variants in a JSON document; malformed text gives one variant that says so."""
    if value is None:
        return ()
    try:
        data: Any = json.loads(str(value))
        for part in layout.path:
            data = data.get(part, {}) if isinstance(data, dict) else {}
    except (ValueError, RecursionError) as error:
        return (Variant(VariantId("malformed"), job, State.OTHER, "malformed", error=f"not JSON: {error}"),)
    pairs = (
        list(data.items())
        if isinstance(data, dict)
        else list(enumerate(data if isinstance(data, list) else []))
    )
    meanings = layout.states or spec.states
    states = {status: state for state, found in meanings.items() for status in found}
    return tuple(_json_variant(layout, job, str(name), entry, states) for name, entry in pairs)


def _json_variant(
    layout: JsonVariants, job: JobId, name: str, entry: Any, states: Mapping[str, State]
) -> Variant:
    entry = entry if isinstance(entry, dict) else {}
    status = entry.get(layout.status)
    moments: dict[str, Any] = {time: _moment(entry.get(key)) for time, key in layout.times.items()}
    error = entry.get(layout.error) if layout.error else None
    return Variant(
        id=VariantId(str(entry.get(layout.id, name))),
        job=job,
        state=states.get(str(status), State.OTHER),
        status=None if status is None else str(status),
        error=None if error is None else str(error),
        fields={str(key): _field(value) for key, value in entry.items()},
        **moments,
    )


def _field(value: Any) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def events(connection: sa.Connection, job: EntitySql, log: Log, text: str, limit: int) -> tuple[Event, ...]:
    """Return the newest lines of the event log, oldest first."""
    child = job.children.get(log.child)
    if child is None:
        return ()
    layout, engine = job.layout, job.engine
    place = job.child_place(child)
    at, info = layout.time(place, "c", log.at)
    clock = log.at.clock or child.clock or layout.profile.clock
    columns = [engine.age(at, clock, info).label("age"), engine.epoch_now().label("now")]
    for label, column in (("message", log.message), ("level", log.level), ("stage", log.stage)):
        if column:
            columns.append(engine.text(layout.column(place, "c", column)).label(label))
    parent = layout.tables_text(f"{layout.quoted(place)} AS c, {layout.quoted(job.place)} AS j")
    moment = engine.epoch(at, clock, info) if log.at.path else at
    order = [moment.is_(None), moment.desc(), *(layout.column(place, "c", name).desc() for name in child.key)]
    statement = (
        sa.select(*columns)
        .select_from(parent)
        .where(job.key_in([job.key_of(text)]), job.child_match(child))
        .order_by(*order)
        .limit(limit)
    )
    return tuple(reversed([_event(row) for row in job.rows(connection.execute(statement))]))


def _event(row: rows.Row) -> Event:
    now, age = rows.clock(row), row["age"]
    at = None if age is None else now - timedelta(seconds=float(age))
    level, stage = row.get("level"), row.get("stage")
    return Event(
        at,
        None if level is None else str(level),
        "" if row["message"] is None else str(row["message"]),
        None if stage is None else str(stage),
    )
