"""What the console reads: pages, counts, one job, its variants and events. All functions take a
connection."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import NotFound
from unstick.recovery.model import Job, JobId, Page, Queue, State, Variant
from unstick.recovery.query import Query
from unstick.recovery.thresholds import Thresholds

from . import below, filter_terms, order, rows
from .engines.base import Expr
from .entity import EntitySql


@dataclass(frozen=True, slots=True)
class Asked:
    """What every read needs to know: thresholds, attempts by job (and by job and variant) where no column
    counts them, the limit."""

    thresholds: Thresholds
    retries: Mapping[str, int]
    max_retries: int | None
    variant_retries: Mapping[tuple[str, str | None], int] = field(default_factory=dict)


GAP = 60.0
"""Seconds that may pass between two statements of one page."""


def conditions(entity: EntitySql, query: Query, asked: Asked) -> list[Expr]:
    """The query's WHERE for one table of jobs or variants."""
    stuck = below.stuck(entity, asked.thresholds)
    found = [filter_terms.condition(entity, term, stuck, _own(entity, asked)) for term in query.terms]
    if entity.parent is None:
        return found
    if query.of is not None:
        return [*found, below.of_jobs(entity, [entity.parent.key_of(query.of)])]
    return [*found, below.belongs(entity)]


def _own(entity: EntitySql, asked: Asked) -> dict[str, int]:
    if entity.parent is not None:
        counted = asked.variant_retries
        jobs = set(filter_terms.of_table(entity.parent, {job for job, _ in counted}))
        return {variant: n for (job, variant), n in counted.items() if variant is not None and job in jobs}
    return {job: asked.retries[job] for job in filter_terms.of_table(entity, asked.retries)}


def page(
    connection: sa.Connection, tables: Sequence[EntitySql], query: Query, after: str | None, asked: Asked
) -> Page:
    """Return one page over all job tables, merged in the query's order."""
    found, following = listed(connection, tables, query, after, asked)
    now = max((item.now for item in found), default=None) or clock(connection, tables[0])
    return Page(tuple(item.row for item in found if isinstance(item.row, Job)), now, following)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list: which stretch it is in, what it shows, and where the list goes on behind it.

    `first` is the first page's now (seconds since 1970), `now` that of the statement that read the row.
    """

    segment: int
    row: Job | Variant
    place: tuple[Any, ...]
    first: float
    now: datetime

    @property
    def cursor(self) -> list[Any]:
        """What goes on behind this row of its table."""
        return [self.segment, list(self.place), self.first]


def listed(
    connection: sa.Connection,
    tables: Sequence[EntitySql],
    query: Query,
    after: str | None,
    asked: Asked,
    also: Sequence[Expr] = (),
) -> tuple[list[Listed], str | None]:
    """Return one page over several tables of jobs or of variants, and the cursor that continues it. `also`
    are more conditions over a row."""
    cursors = order.read_cursor(after)
    streams = []
    for index, entity in enumerate(tables):
        found = _stretch(connection, entity, query, cursors.get(entity.name), asked, also)
        streams.append([(_merge_key(item, query), index, item) for item in found])
    merged = list(heapq.merge(*streams, key=lambda each: each[:2]))
    taken = merged[: query.limit]
    for _, index, item in taken:
        cursors[tables[index].name] = item.cursor
    more = len(merged) > len(taken) or any(len(stream) >= query.limit for stream in streams)
    return [item for _, _, item in taken], json.dumps(cursors) if more and taken else None


def _stretch(
    connection: sa.Connection,
    entity: EntitySql,
    query: Query,
    cursor: list[Any] | None,
    asked: Asked,
    also: Sequence[Expr] = (),
) -> list[Listed]:
    """Fetch up to a page of one table, from one segment into the next."""
    found: dict[tuple[str | None, str], Listed] = {}
    start, values, first = cursor or (0, None, None)
    where = [*conditions(entity, query, asked), *also]
    stuck = below.stuck(entity, asked.thresholds)
    for number, segment in enumerate(order.segments(entity, query, _own(entity, asked), first)):
        if number < start:
            continue
        marks = order.marks(entity, segment)
        statement = entity.select(*columns(entity, asked), *marks)
        statement = statement.where(*where)
        if segment.stuck is not None:
            # Only the bare condition can be answered by an index.
            # Who gets stuck between two statements must not be in neither: what was listed is left out below.
            by_now = stuck if number == start else below.stuck(entity, _later(asked.thresholds))
            other = sa.not_(sa.func.coalesce(by_now, sa.false()))
            statement = statement.where(stuck if segment.stuck else other)
        if segment.stuck and entity.parent is not None:
            statement = statement.where(below.within_reach(entity))
        if number == start and values is not None:
            statement = statement.where(order.behind(entity, segment, values))
        statement = statement.order_by(*order.order_clauses(segment)).limit(query.limit)
        for row in entity.rows(connection.execute(statement)):
            place = tuple(row[mark.name] for mark in marks)
            begun = first or rows.moment(row)
            shown = item(entity, row, asked)
            listed = Listed(number, shown, place, begun, rows.clock(row))
            found.setdefault((shown.job if isinstance(shown, Variant) else None, shown.id), listed)
        if len(found) >= query.limit:
            break
    return list(found.values())[: query.limit]


def _later(thresholds: Thresholds) -> Thresholds:
    return {name: None if age is None else age + GAP for name, age in thresholds.items()}


def columns(entity: EntitySql, asked: Asked) -> list[sa.Label[Any]]:
    """What is selected for a row of a list; of variants the key of their job too."""
    selected = rows.selected(entity, asked.thresholds)
    if entity.parent is None:
        return selected
    return [*selected, *(image.label(f"p_{name}") for name, image in below.parent_keys(entity).items())]


def item(entity: EntitySql, row: rows.Row, asked: Asked) -> Job | Variant:
    """Return the job or variant that a row of a list shows."""
    if entity.parent is None:
        return _job(entity, row, asked)
    job = JobId(entity.parent.job_id({name: row[f"p_{name}"] for name in entity.parent.key}))
    return to_variant(entity, job, row, asked)


def to_variant(entity: EntitySql, job: JobId, row: rows.Row, asked: Asked) -> Variant:
    """Return the variant of a job that a fetched row shows."""
    limit, retries = asked.max_retries, asked.variant_retries
    return rows.to_variant(entity, job, row, asked.thresholds, retries=retries, max_retries=limit)


def _job(entity: EntitySql, row: rows.Row, asked: Asked, fields: rows.Row | None = None) -> Job:
    return rows.to_job(
        entity, row, asked.thresholds, retries=asked.retries, max_retries=asked.max_retries, fields=fields
    )


def _merge_key(listed: Listed, query: Query) -> tuple[int, bool, Any, str]:
    """Where a row stands among the rows of several tables, each of which was read at a `now` of its own."""
    row, sort = listed.row, query.sort
    value: Any = {
        "kind": getattr(row, "kind", None),
        "state": row.status,
        "step": row.step_index if row.step_count else row.step,
        "retries": row.retries,
        "priority": getattr(row, "priority", None),
        "created": _seconds(row.created),
        "started": _seconds(row.started),
        "updated": _seconds(row.updated),
        "running": row.running_s,
        "idle": None if row.idle_s is None else row.idle_s - listed.now.timestamp(),
        "stuck": _seconds(_since(row)) if row.verdict else _negative(_seconds(row.created)),
    }.get(sort)
    name = row.id if isinstance(row, Job) else f"{row.job}/{row.id}"
    by_id = sort in ("id", "job")
    if isinstance(value, str) or by_id:
        text = (row.job if sort == "job" and isinstance(row, Variant) else row.id) if by_id else value
        return (listed.segment, value is None and not by_id, _Text(text, query.descending), name)
    turned = _negative(value) if query.descending else value
    return (listed.segment, value is None, turned if turned is not None else 0, name)


def _since(row: Job | Variant) -> datetime | None:
    """Since when a stuck row hangs, as far as rows of several tables can be compared."""
    return row.updated or row.created if isinstance(row, Variant) else row.started or row.updated


class _Text(str):
    """Text that sorts backwards when asked to."""

    __slots__ = ("backwards",)

    def __new__(cls, text: str, backwards: bool) -> _Text:
        made = super().__new__(cls, text)
        made.backwards = backwards
        return made

    backwards: bool

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other) if self.backwards else str.__lt__(self, other)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def clock(connection: sa.Connection, entity: EntitySql) -> datetime:
    """Return the database's now."""
    value = connection.execute(sa.select(entity.engine.epoch_now())).scalar_one()
    return datetime.fromtimestamp(float(value), UTC)


def job(connection: sa.Connection, entity: EntitySql, text: str, asked: Asked) -> Job:
    """Return one job with every column of its row. Raises NotFound."""
    key = entity.key_of(text)
    statement = entity.select(*rows.selected(entity, asked.thresholds))
    found = entity.rows(connection.execute(statement.where(entity.key_in([key]))))
    fields = entity.select(*(entity.image(name) for name in entity.infos))
    images = entity.rows(connection.execute(fields.where(entity.key_in([key]))))
    if not found or not images:
        raise NotFound(f"{entity.layout.source.name} has no job {text}")
    full = dict(found[0])
    if entity.spec.columns.error:
        full["error"] = images[0][entity.spec.columns.error]
    return _job(entity, full, asked, fields=images[0])


def queue(connection: sa.Connection, entity: EntitySql, asked: Asked, ordering: Sequence[str]) -> Queue:
    """Return who holds a sequential queue, since when, how many wait and who is next."""
    running = entity.select(*rows.selected(entity, asked.thresholds))
    running = running.where(entity.in_state([State.RUNNING])).order_by(*_oldest_start(entity)).limit(1)
    holders = [_job(entity, row, asked) for row in entity.rows(connection.execute(running))]
    waiting = entity.in_state([State.PENDING])
    number = entity.select(sa.func.count()).where(waiting)
    key = entity.select(*(entity.image(name) for name in entity.key)).where(waiting)
    key = key.order_by(*(sa.text(text) for text in ordering)).limit(1)
    following = entity.rows(connection.execute(key))
    holder = holders[0] if holders else None
    return Queue(
        holder=holder.id if holder else None,
        holder_since=holder.started or holder.updated if holder else None,
        holder_stuck=bool(holder and holder.verdict),
        waiting=int(connection.execute(number).scalar_one()),
        next=JobId(entity.job_id(following[0])) if following else None,
    )


def _oldest_start(entity: EntitySql) -> list[Expr]:
    if "started" not in entity.clocks:
        return [entity.col(name) for name in entity.key]
    started = entity.col(entity.clocks["started"][0])
    return [started.is_(None), started]
