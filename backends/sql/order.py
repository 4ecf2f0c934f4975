"""Sort orders and keyset cursors. A cursor holds the last row's values, so no page skips or repeats rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Variants
from unstick.recovery.errors import UsageError
from unstick.recovery.model import Scalar, State
from unstick.recovery.query import SORTS, VARIANT_SORTS, Query

from . import keys, rules
from .engines.base import ColumnInfo, Expr, latest
from .entity import EntitySql
from .filter_terms import life_signs


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One column of an order; NULLs come last either way, and first where the order is read backwards."""

    column: Expr
    info: ColumnInfo
    descending: bool
    nulls_first: bool = False

    @property
    def backwards(self) -> OrderBy:
        """The same order from its end."""
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the list with a condition and an order of its own: first the stuck rows, then the
    others."""

    stuck: bool | None
    order: tuple[OrderBy, ...]


_COLUMNS = {"kind": "kind", "retries": "retries", "priority": "priority"}
_TIMES = ("created", "started", "updated")


def segments(
    entity: EntitySql, query: Query, retries: Mapping[str, int], now: float | None = None
) -> tuple[Segment, ...]:
    """Return the stretches of the query's order for one job table. `retries` is job id -> attempts, where no
    column counts them; `now` the first page's now (seconds since 1970), None for the first page itself."""
    found = _segments(entity, query, retries, now)
    if not query.backwards:
        return found
    return tuple(replace(each, order=tuple(by.backwards for by in each.order)) for each in reversed(found))


def _segments(
    entity: EntitySql, query: Query, retries: Mapping[str, int], now: float | None
) -> tuple[Segment, ...]:
    known = SORTS if entity.parent is None else VARIANT_SORTS
    if query.sort not in known:
        raise UsageError(f"{query.sort!r} is not a sort order; choose one of {', '.join(known)}")
    if query.sort == "retries" and not entity.spec.columns.retries and retries:
        counted = (OrderBy(_attempts(entity, retries), _NUMBER, query.descending),)
        return (
            Segment(True if query.stuck_only else None, counted + _columns(entity, [], query.descending)),
        )
    if query.sort != "stuck":
        by = _by(entity, query.sort, query.descending, now)
        return (Segment(True if query.stuck_only else None, by),)
    stuck = Segment(True, _oldest(entity, query.descending))
    if query.stuck_only:
        return (stuck,)
    rest = Segment(False, _by(entity, "created", not query.descending, now))
    return (rest, stuck) if query.descending else (stuck, rest)


_NUMBER = ColumnInfo("retries", "integer", "int", nullable=False)
_PLACE = ColumnInfo("step", "integer", "int")
_WORD = ColumnInfo("status", "text", "text")
_SECONDS = ColumnInfo("seconds", "double precision", "float")
MOST = 500
"""Jobs that the retry history can sort by; the others have fewer attempts and count as having none."""


def _attempts(entity: EntitySql, retries: Mapping[str, int]) -> Expr:
    ranked = sorted(retries.items(), key=lambda item: -item[1])[:MOST]
    cases = [(entity.key_in([keys.split(job, entity.key, entity.name)]), number) for job, number in ranked]
    return sa.case(*cases, else_=0)


def _oldest(entity: EntitySql, descending: bool) -> tuple[OrderBy, ...]:
    # A rule of variants mostly compares with the job or with siblings, and has no clock.
    last = "created" if entity.parent is None or "updated" not in entity.spec.times else "updated"
    first = next((rule.age_of[0] for rule in entity.spec.rules if rule.age_of), last)
    return _timed(entity, first, descending)


def _timed(entity: EntitySql, time: str, descending: bool) -> tuple[OrderBy, ...]:
    """By a time: by its column where it has one, so that an index can serve."""
    if time in entity.clocks:
        return _columns(entity, [entity.clocks[time][0]], descending)
    rest = _columns(entity, [], descending)
    return (_seconds(entity, entity.epoch(time), descending), *rest) if time in entity.spec.times else rest


def _by(entity: EntitySql, sort: str, descending: bool, now: float | None) -> tuple[OrderBy, ...]:
    if sort == "state":
        if entity.spec.status_sql is not None:
            return (OrderBy(entity.status(), _WORD, descending), *_columns(entity, [], descending))
        return _columns(entity, [entity.spec.status] if entity.spec.status else [], descending)
    if sort == "idle":
        return _idle(entity, descending)
    if sort == "running":
        return _running(entity, descending, now)
    if sort == "job" and isinstance(entity.spec, Variants):
        return _columns(entity, list(entity.spec.match), descending)
    if sort == "step":
        return _stepped(entity, descending)
    if sort in _TIMES:
        return _timed(entity, sort if sort in entity.spec.times else "created", descending)
    column = getattr(entity.spec.columns, _COLUMNS[sort]) if sort in _COLUMNS else None
    return _columns(entity, [column] if column else [], descending)


def _stepped(entity: EntitySql, descending: bool) -> tuple[OrderBy, ...]:
    """By the declared order of the steps; by their names where none is declared."""
    column = entity.spec.columns.step
    if column is None:
        return _columns(entity, [], descending)
    steps = entity.spec.steps or (entity.parent.spec.steps if entity.parent is not None else ())
    if not steps:
        return _columns(entity, [column], descending)
    place = sa.type_coerce(rules.step_order(entity.col(column), steps), entity.engine.column_type(_PLACE))
    return (OrderBy(place, _PLACE, descending), *_columns(entity, [], descending))


def _idle(entity: EntitySql, descending: bool) -> tuple[OrderBy, ...]:
    """The longest idle is the one that moved first. One life sign is asked for as it is, so that an index can
    serve; of several the latest counts, as on the screen."""
    signs = life_signs(entity)
    if not signs:
        return _columns(entity, [], descending)
    if len(signs) == 1 and signs[0] in entity.clocks:
        first = _columns(entity, [entity.clocks[signs[0]][0]], not descending)[0]
    else:
        first = _seconds(entity, latest(entity.engine, [entity.epoch(s) for s in signs]), not descending)
    return (first, *_columns(entity, [], descending))


def _running(entity: EntitySql, descending: bool, now: float | None) -> tuple[OrderBy, ...]:
    """Running rows since their start, the others from start to finish. Later pages keep the first one's now:
    otherwise the running rows would overtake the others from page to page."""
    if "started" not in entity.spec.times:
        return _columns(entity, [], descending)
    started = entity.epoch("started")
    moment = entity.engine.epoch_now() if now is None else sa.literal(now, sa.Double)
    ended = entity.epoch("finished") - started if "finished" in entity.spec.times else sa.null()
    shown = sa.case((entity.in_state([State.RUNNING]), moment - started), else_=ended)
    return (_seconds(entity, shown, descending), *_columns(entity, [], descending))


def _seconds(entity: EntitySql, value: Expr, descending: bool) -> OrderBy:
    return OrderBy(sa.type_coerce(value, entity.engine.column_type(_SECONDS)), _SECONDS, descending)


def _columns(entity: EntitySql, names: Sequence[str], descending: bool) -> tuple[OrderBy, ...]:
    ordered = [*names, *(name for name in entity.key if name not in names)]
    return tuple(OrderBy(entity.col(name), _known(entity, name), descending) for name in ordered)


def _known(entity: EntitySql, name: str) -> ColumnInfo:
    """A key is never NULL, though SQLite allows it: else no index could give the order."""
    info = entity.infos[name]
    return replace(info, nullable=False) if name in entity.key else info


def order_clauses(segment: Segment, *, of_few: bool = False) -> list[Any]:
    """The ORDER BY; `of_few` rows it is to be sorted, whatever index would give the order of all of them."""
    clauses: list[Any] = []
    for by in segment.order:
        if of_few:
            by = replace(by, column=sa.func.coalesce(by.column, sa.null()))
        if by.info.nullable:
            unknown = by.column.is_(None)
            clauses.append(unknown.desc() if by.nulls_first else unknown)
        clauses.append(by.column.desc() if by.descending else by.column.asc())
    return clauses


def marks(entity: EntitySql, segment: Segment, number: int) -> list[sa.Label[Any]]:
    """The values that a cursor keeps of a row of the stretch with this number."""
    return [
        entity.engine.image(by.column, by.info).label(f"o_{number}_{i}") for i, by in enumerate(segment.order)
    ]


def behind(entity: EntitySql, segment: Segment, values: Sequence[Scalar]) -> Expr:
    """Whether a row stands behind the cursor, so that an index leads right there.

    As row values where all columns go the same way; else, and on MySQL, which uses no index for row values,
    as ORs below a bound on the first column.
    """
    if entity.engine.name != "mysql" and _one_way(segment, values):
        return _as_row(entity, segment, values)
    alternatives: list[Expr] = []
    equal: list[Expr] = []
    for by, value in zip(segment.order, values, strict=True):
        bound = entity.engine.restore(value, by.info)
        if value is None:
            if by.nulls_first:
                alternatives.append(sa.and_(*equal, by.column.is_not(None)))
            equal.append(by.column.is_(None))
            continue
        further = by.column < bound if by.descending else by.column > bound
        if by.info.nullable and not by.nulls_first:
            further = sa.or_(further, by.column.is_(None))
        alternatives.append(sa.and_(*equal, further))
        equal.append(by.column == bound)
    first, value = segment.order[0], values[0]
    behind_it = sa.or_(sa.false(), *alternatives)
    if first.info.nullable or value is None:
        return behind_it
    bound = entity.engine.restore(value, first.info)
    return sa.and_(first.column <= bound if first.descending else first.column >= bound, behind_it)


def _one_way(segment: Segment, values: Sequence[Scalar]) -> bool:
    same = len({by.descending for by in segment.order}) == 1
    return same and not any(by.info.nullable for by in segment.order) and None not in values


def _as_row(entity: EntitySql, segment: Segment, values: Sequence[Scalar]) -> Expr:
    columns = [by.column for by in segment.order]
    bounds = []
    for by, value in zip(segment.order, values, strict=True):
        bound = entity.engine.restore(value, by.info)
        literal = isinstance(bound, sa.ClauseElement)
        bounds.append(bound if literal else sa.literal(bound, by.column.type))
    if len(columns) == 1:
        return columns[0] < bounds[0] if segment.order[0].descending else columns[0] > bounds[0]
    row, place = sa.tuple_(*columns), sa.tuple_(*bounds)
    return row < place if segment.order[0].descending else row > place


def read_cursor(cursor: str | None) -> dict[str, list[Any]]:
    """Return table -> [segment, values, now of the first page]. Raises UsageError for anything but an earlier
    page's cursor."""
    if cursor is None:
        return {}
    try:
        data = json.loads(cursor)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not all(
        isinstance(value, list) and len(value) == 3 for value in data.values()
    ):
        raise UsageError("this is not a cursor that an earlier page gave; start again")
    return data
