"""What the console reads: pages, counts, one job, its variants and events. All functions take a
connection."""

from __future__ import annotations

import heapq
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import NotFound
from unstick.recovery.model import Job, JobId, Page, Queue, Scalar, State, Variant
from unstick.recovery.query import Query
from unstick.recovery.thresholds import Thresholds

from . import below, extent, filter_terms, order, rows
from .costly import costly
from .engines.base import Expr
from .entity import EntitySql


@dataclass(frozen=True, slots=True)
class Asked:
    """What every read needs to know: thresholds, attempts by job (and by job and variant) where no column
    counts them, the limit. `made` is by table what counts them in the statement itself."""

    thresholds: Thresholds
    retries: Mapping[str, int]
    max_retries: int | None
    variant_retries: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    made: Mapping[str, Expr] = field(default_factory=dict)


GAP = 60.0
"""Seconds by which a clock here may be behind the database's, and that one statement may take."""


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
    jobs = tuple(item.row for item in found if isinstance(item.row, Job))
    bounded = query.newest is not None and any(costly(entity, query) for entity in tables)
    return Page(jobs, now, following, query.newest if bounded else None)


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
    """Fetch up to a page of one table, from one segment into the next, in one statement."""
    start, values, first = cursor or (0, None, None)
    where = [*conditions(entity, query, asked), *also]
    bounded = query.newest is not None and entity.parent is None and costly(entity, query)
    if bounded and query.newest is not None:
        where.append(extent.newest(connection, entity, query.newest))
    asking = _Asking(entity, query, asked, where, start, first, bounded)
    segments = order.segments(entity, query, _own(entity, asked), first)
    parts = [asking.part(n, segments, values if n == start else None) for n in range(start, len(segments))]
    if len(parts) > 1:
        # Each is limited on its own, which not every database allows in the parts of a UNION.
        below_limit = [part.subquery(f"s_{number}") for number, part in enumerate(parts)]
        rows_found = entity.rows(
            connection.execute(sa.union_all(*(sa.select(*each.c) for each in below_limit)))
        )
    else:
        rows_found = entity.rows(connection.execute(parts[0]))
    found: dict[tuple[str | None, str], Listed] = {}
    for row in sorted(rows_found, key=lambda each: int(str(each["segment_"]))):
        number = int(str(row["segment_"]))
        place = tuple(row[f"o_{number}_{i}"] for i in range(len(segments[number].order)))
        begun = first or rows.moment(row)
        shown = item(entity, row, asked)
        listed = Listed(number, shown, place, begun, rows.clock(row))
        found.setdefault((shown.job if isinstance(shown, Variant) else None, shown.id), listed)
    return list(found.values())[: query.limit]


@dataclass(frozen=True, slots=True)
class _Asking:
    """What the stretches of one page have in common."""

    entity: EntitySql
    query: Query
    asked: Asked
    where: Sequence[Expr]
    start: int
    first: float | None
    bounded: bool

    def part(
        self, number: int, segments: Sequence[order.Segment], values: Sequence[Scalar] | None
    ) -> sa.Select[Any]:
        """Return the statement of one stretch, with a place for the marks of all of them."""
        entity, segment = self.entity, segments[number]
        marks = [
            mark if n == number else sa.null().label(mark.name)
            for n, each in enumerate(segments)
            if n >= self.start
            for mark in order.marks(entity, each, n)
        ]
        segment_ = sa.literal_column(str(number), sa.Integer).label("segment_")
        statement = entity.select(*columns(entity, self.asked), *marks, segment_).where(*self.where)
        if segment.stuck is not None:
            statement = statement.where(self._stuck(segment, number))
        if segment.stuck and entity.parent is not None:
            statement = statement.where(below.within_reach(entity))
        if values is not None:
            statement = statement.where(order.behind(entity, segment, values))
        # An index that gives the order must not be preferred to the one that leads to few rows.
        few = self.bounded and entity.engine.name != "mysql"
        return statement.order_by(*order.order_clauses(segment, of_few=few)).limit(self.query.limit)

    def _stuck(self, segment: order.Segment, number: int) -> Expr:
        """Whether a row belongs to the stretch; only the bare condition can be answered by an index.

        Who gets stuck while a list is read must not be in neither stretch: once the stuck ones were listed,
        those count as not stuck that were not when the list was begun. Who is in both is listed once.
        """
        if segment.stuck:
            return below.stuck(self.entity, self.asked.thresholds)
        listed = number > 0
        # In whole steps: a statement that differs is compiled anew.
        passed = math.ceil(max(time.time() - self.first, 0.0) / GAP) * GAP if self.first is not None else 0.0
        by_then = _later(self.asked.thresholds, passed) if listed else self.asked.thresholds
        return sa.not_(sa.func.coalesce(below.stuck(self.entity, by_then), sa.false()))


def _later(thresholds: Thresholds, passed: float) -> Thresholds:
    return {name: None if age is None else age + GAP + passed for name, age in thresholds.items()}


def columns(entity: EntitySql, asked: Asked) -> list[sa.Label[Any]]:
    """What is selected for a row of a list; of variants the key of their job too."""
    selected = rows.selected(entity, asked.thresholds)
    if entity.parent is None:
        made = asked.made.get(entity.name)
        return selected if made is None else [*selected, made.label("made_")]
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
    made = row.get("made_")
    job = entity.job_id({name: row[f"k_{name}"] for name in entity.key})
    retries = asked.retries if made is None else {job: int(str(made))}
    return rows.to_job(
        entity, row, asked.thresholds, retries=retries, max_retries=asked.max_retries, fields=fields
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
    turned = query.descending != query.backwards
    by_id = sort in ("id", "job")
    if isinstance(value, str) or by_id:
        text = (row.job if sort == "job" and isinstance(row, Variant) else row.id) if by_id else value
        unknown = value is None and not by_id
        return (listed.segment, unknown != query.backwards, _Text(text, turned), _Text(name, query.backwards))
    number = _negative(value) if turned else value
    place = number if number is not None else 0
    return (listed.segment, (value is None) != query.backwards, place, _Text(name, query.backwards))


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
    """Return who holds a sequential queue, since when, how many wait and who is next; in one statement."""
    running = entity.select(*rows.selected(entity, asked.thresholds))
    running = running.where(entity.in_state([State.RUNNING])).order_by(*_oldest_start(entity)).limit(1)
    waiting = entity.in_state([State.PENDING])
    number = entity.select(sa.func.count()).where(waiting).scalar_subquery()
    following = [
        entity.select(entity.image(name))
        .where(waiting)
        .order_by(*(sa.text(text) for text in ordering))
        .limit(1)
        .scalar_subquery()
        .label(f"next_{name}")
        for name in entity.key
    ]
    one, holds = sa.select(sa.literal_column("1").label("one")).subquery("one"), running.subquery("holds")
    statement = sa.select(*holds.c, number.label("waiting_"), *following)
    [row] = entity.rows(connection.execute(statement.select_from(one.outerjoin(holds, sa.true()))))
    holder = None if row["now"] is None else _job(entity, row, asked)
    key = {name: row[f"next_{name}"] for name in entity.key}
    return Queue(
        holder=holder.id if holder else None,
        holder_since=holder.started or holder.updated if holder else None,
        holder_stuck=bool(holder and holder.verdict),
        waiting=int(str(row["waiting_"])),
        next=None if None in key.values() else JobId(entity.job_id(key)),
    )


def _oldest_start(entity: EntitySql) -> list[Expr]:
    if "started" not in entity.clocks:
        return [entity.col(name) for name in entity.key]
    started = entity.col(entity.clocks["started"][0])
    return [started.is_(None), started]
