"""The questions that every database answers in its own words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine, UserDefinedType

from unstick.backends.profile.clock import Clock
from unstick.recovery.model import Scalar

Expr = ColumnElement[Any]


class RawType(UserDefinedType[Any]):
    """A column type by the database's own name; values travel as the driver gives them."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """Return the database's name of the type."""
        return self.name

    def literal_processor(self, dialect: sa.Dialect) -> Any:
        """Write values as SQL text, for the statements that a plan shows."""
        quote = sa.Text().dialect_impl(dialect).literal_processor(dialect)

        def process(value: Any) -> str:
            if isinstance(value, int | float):
                return repr(value)
            if isinstance(value, bytes):
                return f"X'{value.hex()}'"
            return quote(str(value)) if quote is not None else repr(str(value))

        return process


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A real column. `kind` is one of int, float, text, binary, uuid, time, zoned_time, bool, json, other.

    `labels` are an enum's values. `always` marks GENERATED ALWAYS AS IDENTITY, `computed` a column that can't
    be written, `touched` one that the database itself writes on every update.
    """

    name: str
    type: str
    kind: str
    nullable: bool = True
    always: bool = False
    computed: bool = False
    touched: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A real table: its columns by name, in order."""

    name: str
    schema: str | None
    columns: Mapping[str, ColumnInfo] = field(default_factory=dict)


class Engine(ABC):
    """One kind of database. Stateless; every expression is SQLAlchemy Core."""

    name: str
    lock_prefix = ""
    """What comes before the locking SELECT, where the lock isn't in the statement itself."""

    @abstractmethod
    def reflect(
        self, connection: sa.Connection, tables: Iterable[tuple[str | None, str]]
    ) -> dict[tuple[str | None, str], TableInfo]:
        """Return the columns of those of the tables (schema, name) that exist."""

    @abstractmethod
    def column_type(self, info: ColumnInfo) -> TypeEngine[Any]:
        """Return the type that makes comparisons and writes of the column right."""

    @abstractmethod
    def epoch_now(self) -> Expr:
        """The statement's now as seconds since 1970 (UTC)."""

    @abstractmethod
    def age(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        """Seconds since the time in the column; NULL for NULL."""

    @abstractmethod
    def epoch(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        """The time in the column as seconds since 1970 (UTC), which don't change while time passes; NULL for
        NULL and for what is no time."""

    def greatest(self, values: Sequence[Expr]) -> Expr:
        """The largest of several numbers that are not NULL."""
        return sa.func.greatest(*values)

    def older_than(self, column: Expr, clock: Clock, info: ColumnInfo, seconds: float) -> Expr:
        """Whether the time is more than `seconds` ago; written so that an index can serve where that is
        possible."""
        return self.age(column, clock, info) > seconds

    def unknown(self, column: Expr, clock: Clock, info: ColumnInfo) -> Expr:
        """Whether there is no time in the column: NULL, or text that is no time."""
        if info.kind in ("int", "float", "time", "zoned_time"):
            return column.is_(None)
        return self.age(column, clock, info).is_(None)

    @abstractmethod
    def now(self, clock: Clock, info: ColumnInfo) -> Expr:
        """The statement's now as the column stores it."""

    @abstractmethod
    def image(self, column: Expr, info: ColumnInfo) -> Expr:
        """The value as lossless text or number."""

    plain: ClassVar[frozenset[type]] = frozenset({type(None), bool, int, float, str})
    """Types of values that `decode` leaves as they are."""

    def decode(self, value: Any) -> Scalar:
        """Turn what the driver returned for an image into a JSON scalar."""
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(value)

    @abstractmethod
    def restore(self, value: Scalar, info: ColumnInfo) -> Any:
        """Return what to bind so that the column holds the imaged value again."""

    def lock(self, statement: sa.Select[Any], *, skip_locked: bool) -> sa.Select[Any]:
        """Lock the selected rows; rows locked by others are skipped, or refused at once where that is not
        known."""
        return statement.with_for_update(skip_locked=skip_locked)

    def any_of(
        self, column: Expr, info: ColumnInfo, found: Sequence[Mapping[str, Scalar]], name: str
    ) -> Expr | None:
        """Whether the column is one of the values called `name`, as one bind; None where there is none."""
        return None

    @contextmanager
    def exact_times(self, connection: sa.Connection) -> Iterator[None]:
        """A stretch in which instants are written back exactly, whatever the session's time zone."""
        yield

    @abstractmethod
    def text(self, column: Expr) -> Expr:
        """The column as text, for searching and display."""

    @abstractmethod
    def ends_with(self, column: Expr, text: str) -> Expr:
        """Whether the text column ends with the text, case-sensitively."""

    def is_empty(self, column: Expr) -> Expr:
        """Whether the text column is NULL or has no characters; blanks are characters."""
        plain = sa.type_coerce(column, sa.Text())
        return sa.or_(plain.is_(None), plain == sa.literal("", sa.Text))

    @abstractmethod
    def json_merge(self, column: Expr, values: Mapping[str, Any], info: ColumnInfo) -> Expr:
        """The JSON column with the keys set, also to null, and all other keys kept.

        The statement fails for text that is no JSON object: merging into it would lose it.
        """

    @abstractmethod
    def cut(self, column: Expr, length: int) -> Expr:
        """The first `length` characters of a text column."""

    def overriding(self, columns: Sequence[ColumnInfo]) -> str:
        """The words between the column list and VALUES that let an identity column be written."""
        return ""


def least(values: Sequence[Expr]) -> Expr:
    """The smallest value that is not NULL; NULL when all are."""
    if len(values) == 1:
        return values[0]
    huge = sa.literal(1e18, sa.Float)
    smallest: Expr = sa.func.coalesce(values[0], huge)
    for value in values[1:]:
        other = sa.func.coalesce(value, huge)
        smallest = sa.case((other < smallest, other), else_=smallest)
    return sa.func.nullif(smallest, huge)


def latest(engine: Engine, values: Sequence[Expr]) -> Expr:
    """The largest value that is not NULL; NULL when all are."""
    if len(values) == 1:
        return values[0]
    never = sa.literal(-1e18, sa.Float)
    return sa.func.nullif(engine.greatest([sa.func.coalesce(value, never) for value in values]), never)
