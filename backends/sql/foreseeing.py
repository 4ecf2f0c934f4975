"""What a plan says of other tables' rows that change along: read while planning, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Related
from unstick.recovery.difference import as_words, differences
from unstick.recovery.model import Image
from unstick.recovery.plan import PlanRow
from unstick.recovery.thresholds import Thresholds, narrowed

from . import assign, keys, planner
from .entity import EntitySql
from .relations import Relations
from .rows import Row

FORESEEN = 50
"""Rows of a plan of which related rows are read; of the others only what is written is told."""
GUARDED = "(guarded)"
WIDEST = 120
"""Characters of a value in a plan's words."""


def with_related(
    connection: sa.Connection,
    tables: Mapping[str, EntitySql],
    action: str,
    planned: Sequence[PlanRow],
    thresholds: Thresholds,
) -> list[PlanRow]:
    """Return the plan's rows, each with what happens to the rows that are updated with it."""
    told: dict[int, list[str]] = {}
    for name, spec, rows in planner.together(planned, action, tables):
        entity = tables[name]
        known = assign.words(entity, spec, narrowed(thresholds, rows[0].kinds))
        for related in spec.related:
            jobs = _matched(connection, entity, related, rows[:FORESEEN])
            for place, row in enumerate(rows):
                lines = told.setdefault(id(row), [])
                if place >= FORESEEN:
                    lines.append(f"{related.name}: {related.table}")
                    continue
                job = jobs.get(keys.canonical(row.key, entity.key))
                found = _found(connection, entity, related, job) if job is not None else []
                lines += _lines(related, found, {**known, "job": Relations.job_word(entity, row.key)})
    return [
        replace(row, related=(*row.related, *told[id(row)])) if told.get(id(row)) else row for row in planned
    ]


def _matched(
    connection: sa.Connection, entity: EntitySql, related: Related, rows: Sequence[PlanRow]
) -> dict[tuple[str, ...], Row]:
    """Return what related rows are found by, by the key of the row that they belong to."""
    names = dict.fromkeys((*entity.key, *related.match.values()))
    images = [entity.engine.image(entity.col(name), entity.infos[name]).label(name) for name in names]
    statement = entity.select(*images).where(entity.key_in([row.key for row in rows]))
    found = entity.rows(connection.execute(statement))
    return {keys.canonical(row, entity.key): row for row in found}


def _found(connection: sa.Connection, entity: EntitySql, related: Related, job: Row) -> Sequence[Row]:
    """Return the related rows of one row, each with whether its guard holds."""
    layout, engine = entity.layout, entity.engine
    place = layout.place(related.table, related.table_schema)
    info = layout.info(place)

    def theirs(name: str) -> Any:
        return layout.column(place, "r", name)

    copied = [given.reads for given in related.set.values() if given.reads]
    names = dict.fromkeys((*related.key, *related.set, *copied))
    columns: list[Any] = [engine.image(theirs(name), info.columns[name]).label(name) for name in names]
    guard = sa.true() if related.guard is None else layout.expression(related.guard)
    columns.append(sa.case((guard, 1), else_=0).label(GUARDED))
    both = layout.tables_text(f"{layout.quoted(place)} AS r, {layout.quoted(entity.place)} AS j")
    links = [
        theirs(name) == engine.restore(job[ours], info.columns[name]) for name, ours in related.match.items()
    ]
    mine = entity.key_in([{name: job[name] for name in entity.key}])
    statement = sa.select(*columns).select_from(both).where(mine, *links)
    return entity.rows(connection.execute(statement.order_by(*map(theirs, related.key))))


def _lines(related: Related, found: Sequence[Row], known: assign.Words) -> Iterator[str]:
    if not found:
        yield f"{related.name}: there is no such row in {related.table}"
    for row in found:
        name = " ".join(str(row[column]) for column in related.key)
        if not row[GUARDED]:
            yield f"{related.name} {name}: stays as it is, it is not this row's"
            continue
        before: Image = {column: row[column] for column in _columns(related)}
        after: Image = {
            column: assign.preview(column, given, known, before) for column, given in related.set.items()
        }
        yield f"{related.name} {name}: {', '.join(map(_told, differences(before, after))) or 'no change'}"


def _columns(related: Related) -> Iterator[str]:
    yield from related.set
    yield from (given.reads for given in related.set.values() if given.reads)


def _told(difference: tuple[str, Any, Any]) -> str:
    where, before, after = as_words(difference)
    return f"{where}: {_short(before)} -> {'now' if after == assign.NOW else _short(after)}"


def _short(text: str | None) -> str:
    if text is None:
        return "NULL"
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
