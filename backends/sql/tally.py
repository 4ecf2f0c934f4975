"""Counts of a refresh in one statement, of which none reads a table from end to end.

Where an index begins with the status, each status is counted by it: those of jobs that go on exactly,
those of jobs that have ended up to a bound, beyond which the statistics are asked once in a while. A table
without such an index is counted as a whole: the statement's time limit and the console's pace bound that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from unstick.recovery.model import Counts, State

from . import below, estimates, extent
from .engines.base import Expr
from .entity import EntitySql
from .reader import Asked
from .wanted import serves_stuck

BOUND = 100_000
"""Jobs of a status that has ended which are counted exactly."""

ENDED = (State.DONE, State.FAILED, State.CANCELLED, State.OTHER)
FAR = 2 * BOUND
"""By the statistics so many jobs of a status are beyond the bound for sure: they are not counted again."""
AGAIN_S = 60.0
"""Seconds after which the statistics are asked again: they change seldom."""

Status = str | None
Column = tuple[str, str, Status]
"""What is counted, of which table, of which status."""


@dataclass(slots=True)
class _Known:
    """Of one table: every status seen so far, and what was estimated."""

    statuses: tuple[Status, ...]
    estimated: Mapping[Status, int] = field(default_factory=dict)
    asked: float | None = None

    @property
    def counted(self) -> tuple[Status, ...]:
        """The statuses whose jobs are counted by the statement."""
        return tuple(each for each in self.statuses if self.estimated.get(each, 0) <= FAR)


class Tally:
    """Counts the jobs of one open source; remembers what need not be asked each time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def counts(
        self,
        connection: sa.Connection,
        tables: Sequence[EntitySql],
        asked: Asked,
        newest: int | None = None,
    ) -> Counts:
        """Count by native status and state, and the stuck rows."""
        for entity in tables:
            if entity.name not in self._known:
                self._known[entity.name] = _Known(tuple(_named(entity)))
        found = _Found(connection, asked, newest)
        fast = [each for each in tables if _countable(each) and each.extent.leads(each.spec.status or "")]
        bounded = any(each.extent.large for each in tables if each not in fast or not serves_stuck(each))
        beside = found.asked(tables, fast, self._known)
        answered = False
        for entity in tables:
            if entity not in fast:
                answered |= found.group(entity, {} if answered else beside)
        if not answered:
            found.ask(beside)
        if unknown := found.unknown:
            # A status that the profile does not name, met for the first time.
            for entity in unknown:
                seen = tuple(_distinct(connection, entity))
                known = self._known[entity.name]
                known.statuses = tuple(dict.fromkeys((*known.statuses, *seen)))
            found.ask(found.asked(tables, fast, self._known))
        estimated = frozenset(name for each in fast for name in self._estimate(connection, each, found))
        return replace(found.counts(estimated), newest=newest if bounded else None)

    def _estimate(self, connection: sa.Connection, entity: EntitySql, found: _Found) -> list[str]:
        """Put an estimate in the place of each number beyond the bound; return the statuses."""
        numbers, known = found.numbers[entity.name], self._known[entity.name]
        large = [status for status, number in numbers.items() if _ended(entity, status) and number > BOUND]
        large += [status for status in known.statuses if status not in known.counted]
        if not large:
            return []
        now = self._clock()
        if known.asked is None or now - known.asked > AGAIN_S or set(large) - set(known.estimated):
            exact = sum(number for status, number in numbers.items() if status not in large)
            shares = estimates.shared(connection, entity, large, exact)
            known.estimated = {status: max(number, BOUND) for status, number in shares.items()}
            known.asked = now
        numbers.update({status: known.estimated.get(status, BOUND) for status in large})
        return [_name(status) for status in large]


class _Found:
    """Numbers as they come in, by table and status."""

    def __init__(self, connection: sa.Connection, asked: Asked, newest: int | None) -> None:
        self._connection, self._asked, self._newest = connection, asked, newest
        self._entities: dict[str, EntitySql] = {}
        self.numbers: dict[str, dict[Status, int]] = {}
        self._states: dict[tuple[str, Status], State] = {}
        self._stuck = self._variants = 0
        self._now = 0.0
        self.unknown: list[EntitySql] = []
        """The tables that have more statuses than are known."""

    def group(self, entity: EntitySql, also: Mapping[Column, Expr]) -> bool:
        """Count a whole table, and `also` what is asked beside it; whether that was answered."""
        status = entity.raw_status().label("status")
        columns = [status, sa.func.count().label("n")]
        if entity.spec.state_sql is not None:
            columns.insert(1, entity.state().label("state"))
        beside = [each.label(f"also_{number}") for number, each in enumerate(also.values())]
        statement = entity.select(*columns, *beside).group_by(*columns[:-1])
        if entity.extent.large and self._newest is not None:
            statement = statement.where(extent.newest(self._connection, entity, self._newest))
        numbers = self.numbers.setdefault(entity.name, {})
        self._entities[entity.name] = entity
        found = entity.rows(self._connection.execute(statement))
        for row in found:
            name = None if row["status"] is None else str(row["status"])
            state = entity.state_of(row["status"], row.get("state"))
            # One native status may mean several states.
            key = name if self._states.get((entity.name, name), state) is state else f"{name} ({state.value})"
            self._states[entity.name, key] = state
            numbers[key] = numbers.get(key, 0) + int(str(row["n"]))
        if found and also:
            self._take(also, [found[0][each.name] for each in beside])
        return bool(found)

    def asked(
        self, tables: Sequence[EntitySql], fast: Sequence[EntitySql], known: Mapping[str, _Known]
    ) -> dict[Column, Expr]:
        """What is asked beside the groups: the now, what is stuck, and the statuses that an index counts."""
        columns: dict[Column, Expr] = {("now", "", None): tables[0].engine.epoch_now()}
        for entity in tables:
            for label, expression in self._hanging(entity):
                columns[label, entity.name, None] = expression
        for entity in fast:
            self._entities[entity.name] = entity
            for status in known[entity.name].counted:
                columns["status", entity.name, status] = _number(entity, status)
            columns["unknown", entity.name, None] = _others(entity, known[entity.name].statuses)
        return columns

    def _hanging(self, entity: EntitySql) -> list[tuple[str, Expr]]:
        """How many jobs of a table, and how many variants below it, are stuck."""
        where = below.stuck(entity, self._asked.thresholds)
        if self._newest is not None and not serves_stuck(entity):
            where = sa.and_(where, extent.newest(self._connection, entity, self._newest))
        found: list[tuple[str, Expr]] = [
            ("stuck", entity.select(sa.func.count()).where(where).scalar_subquery())
        ]
        table = entity.variants
        if table is not None and table.spec.rules:
            within = [below.stuck(table, self._asked.thresholds), below.within_reach(table)]
            found.append(("variants", table.select(sa.func.count()).where(*within).scalar_subquery()))
        return found

    def ask(self, columns: Mapping[Column, Expr]) -> None:
        """Ask all of these in one statement."""
        row = self._connection.execute(sa.select(*(each.label(None) for each in columns.values()))).one()
        self._take(columns, row)

    def _take(self, columns: Iterable[Column], values: Sequence[Any]) -> None:
        self._stuck = self._variants = 0
        self.unknown = []
        for (what, name, status), value in zip(columns, values, strict=True):
            if what == "now":
                self._now = float(value)
                continue
            number = int(str(value or 0))
            self._stuck += number if what == "stuck" else 0
            self._variants += number if what == "variants" else 0
            if what == "status":
                self.numbers.setdefault(name, {})[status] = number
            elif what == "unknown" and number:
                self.unknown.append(self._entities[name])

    def counts(self, estimated: frozenset[str]) -> Counts:
        """Put the numbers together."""
        by_status: dict[str, int] = {}
        by_state = dict.fromkeys(State, 0)
        about = set()
        for name, numbers in self.numbers.items():
            entity = self._entities[name]
            for status, number in numbers.items():
                if number:
                    by_status[_name(status)] = by_status.get(_name(status), 0) + number
                    state = self._states.get((name, status)) or entity.state_of(status)
                    by_state[state] += number
                    about |= {state} if _name(status) in estimated else set()
        now = datetime.fromtimestamp(self._now, UTC)
        return Counts(
            by_state, by_status, self._stuck, now, estimated, self._variants, about=frozenset(about)
        )


def _countable(entity: EntitySql) -> bool:
    """Whether the status is a column as it is, and every row of the table counts."""
    spec = entity.spec
    if spec.status is None or spec.state_sql is not None or spec.joins is not None or spec.only is not None:
        return False
    plain = entity.infos[spec.status]
    return plain.kind == "text" and str(entity.raw_status()) == str(entity.col(spec.status))


def _named(entity: EntitySql) -> Iterator[Status]:
    """Every status that the profile names, and none where there may be none."""
    status = entity.spec.status
    if status is not None and entity.infos[status].nullable:
        yield None
    yield from entity.states


def _ended(entity: EntitySql, status: Status) -> bool:
    return entity.state_of(status) in ENDED


def _name(status: Status) -> str:
    return "NULL" if status is None else status


def _number(entity: EntitySql, status: Status) -> Expr:
    column = entity.raw_status()
    rows = entity.select(sa.literal_column("1").label("one"))
    rows = rows.where(column.is_(None) if status is None else column == status)
    if _ended(entity, status):
        # In the index's order, or PostgreSQL prefers the table where nearly all rows have this status.
        rows = rows.order_by(*(entity.col(name) for name in _behind_status(entity))).limit(BOUND + 1)
    return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()


def _behind_status(entity: EntitySql) -> tuple[str, ...]:
    """The columns of an index behind the status that it begins with."""
    found = (index.columns for index in entity.extent.indexes if not index.where)
    longest = max((each for each in found if each[:1] == (entity.spec.status,)), key=len, default=())
    return tuple(name for name in longest[1:] if name)


def _others(entity: EntitySql, known: Sequence[Status]) -> Expr:
    """How many statuses there are beside these."""
    distinct = _statuses(entity)
    named = [status for status in known if status is not None]
    column = distinct.c.status
    beside = column.not_in(named) if named else sa.true()
    statement = sa.select(sa.func.count()).select_from(distinct).where(column.is_not(None), beside)
    return statement.scalar_subquery()


def _statuses(entity: EntitySql) -> Any:
    """Every status once, from one to the next by the index. MySQL does so by itself, the others are told."""
    column = entity.raw_status()
    if entity.engine.name == "mysql":
        return entity.select(column.label("status")).distinct().subquery()
    first = entity.select(sa.func.min(column).label("status"))
    # Without a name of its own: one statement asks several tables.
    found = first.cte(recursive=True)
    further = entity.select(sa.func.min(column)).where(column > found.c.status).scalar_subquery()
    return found.union_all(sa.select(further).where(found.c.status.is_not(None)))


def _distinct(connection: sa.Connection, entity: EntitySql) -> list[str]:
    statuses = _statuses(entity)
    found = connection.execute(sa.select(statuses.c.status).where(statuses.c.status.is_not(None)))
    return [str(entity.engine.decode(status)) for (status,) in found]
