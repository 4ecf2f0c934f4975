"""One job or variants table as SQL expressions. The row's table is always `j`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.clock import Clock
from unstick.backends.profile.model import (
    Action,
    Child,
    ColumnPart,
    Entity,
    Insert,
    JobTable,
    Variants,
)
from unstick.recovery.errors import NotFound
from unstick.recovery.model import Image, Scalar, State

from . import json_text, keys
from .engines.base import ColumnInfo, Expr
from .extent import Extent
from .layout import Layout, Place, children_of


class EntitySql:
    """What can be asked of the table: columns, ages, status, key conditions, lossless images."""

    def __init__(
        self, layout: Layout, spec: Entity, *, name: str, prefixed: bool, parent: EntitySql | None = None
    ) -> None:
        self.parent = parent
        self.variants: EntitySql | None = None
        self.tasks: EntitySql | None = None
        """The same table for actions on variants inside a JSON column."""
        if parent is not None:
            parent.variants = self
        self.layout, self.spec, self.name, self.prefixed = layout, spec, name, prefixed
        self.engine = layout.engine
        self.skip_locked = True
        self.extent = Extent()
        self.bounds: dict[int, tuple[str, float, Scalar]] = {}
        """Which row so many newest ones begin with, and since when that is known."""
        self.place = layout.place(spec.table, spec.table_schema)
        self.infos = layout.info(self.place).columns
        self.children: dict[str, Child] = children_of(layout, spec) if isinstance(spec, JobTable) else {}
        joins = layout.raw(spec.joins) or ""
        self.source = layout.tables_text(f"{layout.quoted(self.place)} AS j {joins}".strip())
        self.table = self._table()
        self.states = {status: state for state, statuses in spec.states.items() for status in statuses}

    def _table(self) -> sa.Table:
        columns = [sa.Column(i.name, self.engine.column_type(i)) for i in self.infos.values()]
        return sa.Table(self.place[1], sa.MetaData(), *columns, schema=self.place[0])

    def select(self, *columns: Any) -> sa.Select[Any]:
        """SELECT of rows that count as jobs (or variants) at all."""
        statement = sa.select(*columns).select_from(self.source)
        return (
            statement if self.spec.only is None else statement.where(self.layout.expression(self.spec.only))
        )

    def col(self, name: str) -> Expr:
        """A column of the row."""
        return self.layout.column(self.place, "j", name)

    def image(self, name: str) -> Expr:
        """A column of the row, lossless."""
        return self.engine.image(self.col(name), self.infos[name]).label(name)

    @property
    def spec_name(self) -> str:
        """What its rows are called: `variants`, `changes`; of a job table its name."""
        return self.spec.name if isinstance(self.spec, Variants) else self.name

    @property
    def key(self) -> tuple[str, ...]:
        """The key columns."""
        return self.spec.key

    @property
    def clocks(self) -> dict[str, tuple[str, Clock]]:
        """Time name -> column and clock, for times that are a column of their own."""
        default = self.layout.profile.clock
        times = self.spec.times.items()
        return {name: (time.column, time.clock or default) for name, time in times if not time.path}

    @property
    def token_columns(self) -> tuple[str, ...]:
        """What is watched between plan and apply: status, times, attempt count, and what the profile adds."""
        spec = self.spec
        names = [
            spec.status,
            *(time.column for time in spec.times.values()),
            spec.columns.retries,
            *spec.token,
        ]
        return tuple(dict.fromkeys(name for name in names if name))

    def status(self) -> Expr:
        """The native status as text."""
        if self.spec.status_sql is not None:
            return self.layout.expression(self.spec.status_sql)
        if self.spec.status is not None:
            return self.engine.text(self.col(self.spec.status))
        return self.state()

    def raw_status(self) -> Expr:
        """The status for comparisons, so that an index can serve."""
        if self.spec.status is not None:
            return self.comparable(self.col(self.spec.status))
        return self.status()

    def comparable(self, status: Expr) -> Expr:
        """The status column; as text where it is an enum that lacks one of the profile's statuses, which it
        would not be compared with."""
        labels = self.infos[self.spec.status].labels if self.spec.status else ()
        asked = {status for rule in self.spec.rules for status in rule.statuses}
        for action in self.spec.actions.values():
            asked |= {*action.statuses, *action.not_statuses}
        return self.engine.text(status) if labels and not {*asked, *self.states} <= {*labels} else status

    def state(self) -> Expr:
        """The state as SQL, for profiles that compute it."""
        if self.spec.state_sql is not None:
            return self.layout.expression(self.spec.state_sql)
        cases = [
            (self.raw_status().in_(found), state.value) for state, found in self.spec.states.items() if found
        ]
        return sa.case(*cases, else_=State.OTHER.value) if cases else sa.literal(State.OTHER.value, sa.Text)

    def state_of(self, status: Scalar, state: Scalar = None) -> State:
        """Return what a native status means."""
        if self.spec.state_sql is not None:
            return State(str(state)) if str(state) in State.__members__.values() else State.OTHER
        return self.states.get(str(status), State.OTHER) if status is not None else State.OTHER

    def in_state(self, states: Sequence[State]) -> Expr:
        """Whether the row is in one of the states."""
        if self.spec.state_sql is not None:
            found = self.state()
            wanted: list[str] = [state.value for state in states]
            known: list[str] = [state.value for state in State if state is not State.OTHER]
        else:
            found = self.raw_status()
            wanted = [status for state in states for status in self.spec.states.get(state, ())]
            known = list(self.states)
        # An empty list is no condition that every database can compare a typed column with.
        condition: Expr = found.in_(wanted) if wanted else sa.false()
        if State.OTHER in states:
            other = found.not_in(known) if known else sa.true()
            condition = sa.or_(condition, found.is_(None), other)
        return condition

    def number(self, place: ColumnPart) -> Expr:
        """A number in a column, or within the JSON document in it."""
        column, info = self.col(place.column), self.infos[place.column]
        if not place.path:
            return column
        return json_text.number_at(self.engine, self.layout.dialect, column, place.path, info)

    def age(self, time: str) -> Expr:
        """Seconds since a named time of the profile, or since a child's newest `child.column`."""
        column, clock, info = self.clock_of(time)
        return self.engine.age(column, clock, info)

    def epoch(self, time: str) -> Expr:
        """A named time, or a child's newest `child.column`, as seconds since 1970."""
        column, clock, info = self.clock_of(time)
        return self.engine.epoch(column, clock, info)

    def clock_of(self, time: str) -> tuple[Expr, Clock, ColumnInfo]:
        """Return the column, its clock and its real type for a named time or `child.column`."""
        child_name, dot, column = time.partition(".")
        if dot:
            return self._newest(self.children[child_name], column)
        spec = self.spec.times[time]
        found, info = self.layout.time(self.place, "j", spec)
        return found, spec.clock or self.layout.profile.clock, info

    def tells(self, time: str) -> bool:
        """Whether the time is there to be asked: an optional child's table may be absent."""
        child, dot, _ = time.partition(".")
        return not dot or child in self.children

    def _newest(self, child: Child, column: str) -> tuple[Expr, Clock, ColumnInfo]:
        place = self.layout.place(child.table, child.table_schema)
        newest = sa.func.max(self.layout.column(place, "c", column))
        statement = sa.select(newest).select_from(self.child_source(child)).where(self.child_match(child))
        info = self.layout.info(place).columns[column]
        typed = sa.type_coerce(statement.scalar_subquery(), self.engine.column_type(info))
        return typed, child.clock or self.layout.profile.clock, info

    def child_place(self, child: Child | Variants) -> Place:
        """Where the child's table is."""
        return self.layout.place(child.table, child.table_schema)

    def child_source(self, child: Child | Variants) -> sa.TextClause:
        """The child's table as `c`."""
        return self.layout.tables_text(f"{self.layout.quoted(self.child_place(child))} AS c")

    def child_match(self, child: Child | Variants) -> Expr:
        """Whether a child row `c` belongs to the row `j`."""
        place = self.child_place(child)
        if isinstance(child, Child) and child.match_sql is not None:
            pairs = [self.layout.expression(child.match_sql) == self.key_text()]
        elif isinstance(child, Child) and child.via:
            pairs = [self._through(child, self.children[child.via])]
        else:
            pairs = [
                self.layout.column(place, "c", theirs) == self.col(ours)
                for theirs, ours in child.match.items()
            ]
        if isinstance(child, Child) and child.only is not None:
            pairs.append(self.layout.expression(child.only))
        if isinstance(child, Variants) and child.only is not None and self.variants is not None:
            same = [self.variants.col(name) == self.layout.column(place, "c", name) for name in child.key]
            pairs.append(self.variants.select(sa.literal(1)).where(*same).exists())
        return sa.and_(*pairs)

    def _through(self, child: Child, between: Child) -> Expr:
        """Whether a child row `c` belongs to a row of the child in between, and that one to the row `j`."""
        layout, place, middle = self.layout, self.child_place(child), self.child_place(between)
        linked = [
            layout.column(place, "c", theirs) == layout.column(middle, "v", ours)
            for theirs, ours in child.match.items()
        ]
        linked += [
            layout.column(middle, "v", theirs) == self.col(ours) for theirs, ours in between.match.items()
        ]
        source = layout.tables_text(f"{layout.quoted(middle)} AS v")
        return sa.select(sa.literal(1)).select_from(source).where(*linked).exists()

    def inserts(self, action: Action) -> list[Insert]:
        """The rows that an action adds to other tables; one that is optional and absent gets none."""
        return [
            insert
            for insert in action.insert
            if not insert.optional or self.layout.has(self.layout.place(insert.table, insert.table_schema))
        ]

    def key_text(self) -> Expr:
        """The key as text, for searching."""
        parts = [self.engine.text(self.col(name)) for name in self.key]
        if len(parts) > 1:
            parts = [keys.escaped(part) for part in parts]
        text = parts[0]
        for part in parts[1:]:
            text = text + sa.literal(",", sa.Text) + part
        return text

    def key_in(self, found: Sequence[Image], table: sa.Table | None = None) -> Expr:
        """Whether the row's key is one of those; of `table` instead of `j` where given."""
        return keys.key_in(
            self.engine, self.infos, self.key, found, self.col if table is None else table.c.__getitem__
        )

    def key_at(self, found: Sequence[Image], column: Callable[[str], Expr]) -> Expr:
        """Whether the key, in the columns that `column` gives, is one of those."""
        return keys.key_in(self.engine, self.infos, self.key, found, column)

    def job_id(self, image: Mapping[str, Scalar]) -> str:
        """Return the id that people see for a key."""
        return keys.join(image, self.key, self.name if self.prefixed else None)

    def key_of(self, text: str) -> Image:
        """Return the key for an id. Raises NotFound when it can't be one."""
        image = keys.split(text, self.key, self.name if self.prefixed else None)
        for name, value in image.items():
            if not keys.plausible(value, self.infos[name]):
                raise NotFound(f"{self.layout.source.name} has no job {text}")
        return image

    def rows(self, result: sa.CursorResult[Any]) -> list[dict[str, Scalar]]:
        """Fetch rows as dicts of JSON scalars."""
        decode, names = self.engine.decode, list(result.keys())
        plain = self.engine.plain
        return [
            dict(zip(names, row if plain.issuperset(map(type, row)) else map(decode, row), strict=True))
            for row in result
        ]
