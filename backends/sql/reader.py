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
from unstick.recovery.model import Counts, Job, JobId, Page, Queue, State
from unstick.recovery.query import Query

from . import below, filter_terms, order, rows
from .engines.base import Expr
from .entity import EntitySql
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Asked:
    """What every read needs to know: thresholds, attempts by job (and by job and variant) where no column
    counts them, the limit."""

    thresholds: Thresholds
    retries: Mapping[str, int]
    max_retries: int | None
    variant_retries: Mapping[tuple[str, str | None], int] = field(default_factory=dict)


def conditions(entity: EntitySql, query: Query, asked: Asked) -> list[Expr]:
    """The query's WHERE for one job table."""
    stuck = below.stuck(entity, asked.thresholds)
    return [filter_terms.condition(entity, term, stuck, _own(entity, asked)) for term in query.terms]


def _own(entity: EntitySql, asked: Asked) -> dict[str, int]:
    return {job: asked.retries[job] for job in filter_terms.of_table(entity, asked.retries)}


def page(
    connection: sa.Connection, tables: Sequence[EntitySql], query: Query, after: str | None, asked: Asked
) -> Page:
    """Return one page over all job tables, merged in the query's order."""
    cursors = order.read_cursor(after)
    streams, now = [], _EPOCH
    for index, entity in enumerate(tables):
        found, seen = _stretch(connection, entity, query, cursors.get(entity.name), asked)
        streams.append([(_merge_key(item[0], item[1], query, seen), index, item) for item in found])
        now = max(now, seen)
    merged = list(heapq.merge(*streams))
    taken = merged[: query.limit]
    for _, index, (segment, _, marks, first) in taken:
        cursors[tables[index].name] = [segment, list(marks), first]
    more = len(merged) > len(taken) or any(len(stream) >= query.limit for stream in streams)
    following = json.dumps(cursors) if more and taken else None
    return Page(
        tuple(item[1] for _, _, item in taken),
        now if now != _EPOCH else clock(connection, tables[0]),
        following,
    )


_EPOCH = datetime.fromtimestamp(0, UTC)
_Item = tuple[int, Job, tuple[Any, ...], float]


def _stretch(
    connection: sa.Connection, entity: EntitySql, query: Query, cursor: list[Any] | None, asked: Asked
) -> tuple[list[_Item], datetime]:
    """Fetch up to a page of one table, from one segment into the next."""
    found: list[_Item] = []
    now = _EPOCH
    start, values, first = cursor or (0, None, None)
    where = conditions(entity, query, asked)
    stuck = sa.func.coalesce(below.stuck(entity, asked.thresholds), sa.false())
    for number, segment in enumerate(order.segments(entity, query, _own(entity, asked), first)):
        if number < start:
            continue
        marks = order.marks(entity, segment)
        statement = entity.select(*rows.selected(entity, asked.thresholds), *marks)
        statement = statement.where(*where)
        if segment.stuck is not None:
            statement = statement.where(stuck if segment.stuck else sa.not_(stuck))
        if number == start and values is not None:
            statement = statement.where(order.behind(entity, segment, values))
        statement = statement.order_by(*order.order_clauses(segment)).limit(query.limit - len(found))
        for row in entity.rows(connection.execute(statement)):
            now = rows.clock(row)
            place = tuple(row[mark.name] for mark in marks)
            found.append((number, _job(entity, row, asked), place, first or rows.moment(row)))
        if len(found) >= query.limit:
            break
    return found, now


def _job(entity: EntitySql, row: rows.Row, asked: Asked, fields: rows.Row | None = None) -> Job:
    return rows.to_job(
        entity, row, asked.thresholds, retries=asked.retries, max_retries=asked.max_retries, fields=fields
    )


def _merge_key(segment: int, job: Job, query: Query, now: datetime) -> tuple[int, bool, Any, str]:
    """Where a row stands among the rows of several tables, each of which was read at a `now` of its own."""
    by_id = query.sort == "id"
    value: Any = {
        "kind": job.kind,
        "state": job.status,
        "retries": job.retries,
        "priority": job.priority,
        "created": _seconds(job.created),
        "started": _seconds(job.started),
        "updated": _seconds(job.updated),
        "running": job.running_s,
        "idle": None if job.idle_s is None else job.idle_s - now.timestamp(),
        "stuck": _seconds(job.started or job.updated) if job.verdict else _negative(_seconds(job.created)),
    }.get(query.sort)
    if isinstance(value, str) or by_id:
        return (segment, value is None and not by_id, _Text(value or job.id, query.descending), job.id)
    turned = _negative(value) if query.descending else value
    return (segment, value is None, turned if turned is not None else 0, job.id)


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


def counts(connection: sa.Connection, tables: Sequence[EntitySql], asked: Asked) -> Counts:
    """Count by native status and state, and the stuck rows."""
    by_status: dict[str, int] = {}
    by_state = dict.fromkeys(State, 0)
    stuck = 0
    for entity in tables:
        status = entity.raw_status().label("status")
        columns = [status, sa.func.count().label("n")]
        if entity.spec.state_sql is not None:
            columns.insert(1, entity.state().label("state"))
        statement = entity.select(*columns).group_by(*columns[:-1])
        for row in entity.rows(connection.execute(statement)):
            number = int(str(row["n"]))
            name = "NULL" if row["status"] is None else str(row["status"])
            by_status[name] = by_status.get(name, 0) + number
            by_state[entity.state_of(row["status"], row.get("state"))] += number
        where = below.stuck(entity, asked.thresholds)
        number_stuck = entity.select(sa.func.count()).where(where)
        stuck += int(connection.execute(number_stuck).scalar_one())
    return Counts(by_state, by_status, stuck, clock(connection, tables[0]))


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
