"""Whether a database has every column that a profile names, and of a type that fits its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from unstick.backends.profile.clock import Clock
from unstick.backends.profile.model import (
    Action,
    Child,
    ColumnPart,
    Entity,
    Follows,
    Insert,
    JobTable,
    Owner,
    Related,
    Time,
    Variants,
)
from unstick.recovery.errors import SchemaMismatch

from .layout import Layout, Place

EPOCHS = (Clock.EPOCH_S, Clock.EPOCH_MS)


def check_columns(layout: Layout) -> None:
    """Raise SchemaMismatch for the first table that lacks columns of the profile, naming all of them."""
    for check in _checks(layout):
        check()


def mistakes(layout: Layout) -> tuple[str, ...]:
    """Return a sentence for everything that a profile names and the database hasn't got, or has otherwise."""
    found: dict[str, None] = {}
    for check in _checks(layout):
        try:
            check()
        except SchemaMismatch as error:
            found[str(error)] = None
    return tuple(found)


def _checks(layout: Layout) -> Iterator[Callable[[], None]]:
    for job in layout.profile.jobs:
        for entity in (job, *((job.variants,) if job.variants else ())):
            yield partial(_have, layout, _place(layout, entity), tuple(_columns(entity)))
            for rule in entity.rules:
                yield partial(_owner, layout, entity, rule.owner)
            for action in entity.actions.values():
                yield partial(_action, layout, entity, action)
            for time in entity.times.values():
                yield partial(_clock, layout, _place(layout, entity), time)
        for child in job.children:
            yield partial(_child, layout, job, child)
        yield partial(_log, layout, job)


def _place(layout: Layout, thing: Entity | Child | Related | Insert | Follows) -> Place:
    return layout.place(thing.table, thing.table_schema)


def _have(layout: Layout, place: Place, names: Iterable[str | None]) -> None:
    known = layout.info(place).columns
    missing = [name for name in dict.fromkeys(names) if name is not None and name not in known]
    if missing:
        what = f"column {missing[0]}" if len(missing) == 1 else f"columns {', '.join(missing)}"
        raise SchemaMismatch(
            f"{layout.source.name}: table {place[1]} has no {what}, which profile {layout.profile.name} "
            f"names; correct the profile, or choose another (the table has: {', '.join(known)})"
        )


def _columns(entity: Entity) -> Iterator[str | None]:
    yield from entity.key
    yield entity.status
    yield from (time.column for time in entity.times.values())
    yield from entity.token
    for named in dict(entity.columns).values():
        yield named.column if isinstance(named, ColumnPart) else named
    if isinstance(entity, Variants):
        yield from entity.match
        yield from entity.order
    if isinstance(entity, JobTable):
        if entity.variants is not None:
            yield from entity.variants.match.values()
        if entity.variants_json is not None:
            yield entity.variants_json.column
        for child in entity.children:
            if not child.via:
                yield from child.match.values()


def _log(layout: Layout, job: JobTable) -> None:
    if job.log is not None:
        child = next(child for child in job.children if child.name == job.log.child)
        if layout.has(_place(layout, child)):
            log = job.log
            _have(layout, _place(layout, child), (log.at.column, log.message, log.level, log.stage))


def _owner(layout: Layout, entity: Entity, owner: Owner | None) -> None:
    if owner is not None:
        schema, _, table = owner.table.rpartition(".")
        place = layout.place(table, schema)
        _have(layout, place, (*owner.match, owner.beat.column))
        _have(layout, _place(layout, entity), owner.match.values())
        _clock(layout, place, owner.beat)


def _action(layout: Layout, entity: Entity, action: Action) -> None:
    for effects in action.everything:
        copied = [given.reads for given in effects.set.values()]
        _have(layout, _place(layout, entity), (*effects.set, *copied))
        for related in effects.related:
            copied = [given.reads for given in related.set.values()]
            _have(layout, _place(layout, related), (*related.key, *related.match, *related.set, *copied))
            _have(layout, _place(layout, entity), related.match.values())
        for insert in effects.insert:
            if layout.has(_place(layout, insert)) or not insert.optional:
                _have(layout, _place(layout, insert), (*insert.key, *insert.values))
            _have(layout, _place(layout, entity), [given.column for given in insert.values.values()])

    for other in action.follows:
        _have(layout, _place(layout, other), (*other.key, *other.match, *other.columns))
        _have(layout, _place(layout, entity), other.match.values())


def _child(layout: Layout, job: JobTable, child: Child) -> None:
    place = _place(layout, child)
    if not layout.has(place) and child.optional:
        return
    _have(layout, place, (*child.key, *child.match, child.status))
    between = next((other for other in job.children if other.name == child.via), None)
    if between is not None and layout.has(_place(layout, between)):
        _have(layout, _place(layout, between), child.match.values())
    for rule in job.rules:
        for name in (*rule.age_of, *rule.fallback):
            owner, _, column = name.partition(".")
            if owner == child.name:
                _have(layout, place, (column,))
                _clock(layout, place, Time(column=column, clock=child.clock))


def _clock(layout: Layout, place: Place, time: Time) -> None:
    """Numbers are an epoch, and times of the database's own types aren't."""
    clock = time.clock or layout.profile.clock
    column = layout.info(place).columns.get(time.column)
    if time.path or column is None:
        return
    kind = column.kind
    if kind in ("int", "float") and clock not in EPOCHS:
        wrong = f"holds numbers, but its clock is {clock.value}; use epoch_s or epoch_ms"
    elif kind in ("time", "zoned_time") and clock in EPOCHS:
        wrong = f"holds times, but its clock is {clock.value}; use zoned, utc or local"
    else:
        return
    raise SchemaMismatch(
        f"{layout.source.name}: column {time.column} of table {place[1]} {wrong} "
        f"in profile {layout.profile.name}"
    )
