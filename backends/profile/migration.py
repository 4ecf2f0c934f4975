"""What a job system's tables gain by a migration: columns, indexes, and steps that are taken by name.

A type is one of a small vocabulary that every database has a word for. A column named here may be absent:
until the migration is applied, what needs it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from unstick.recovery.suggest import hint
from unstick.recovery.toml_file import Mistake

from .base import Key, Sql, Strict

TYPES = ("integer", "bigint", "float", "boolean", "text", "varchar(N)", "timestamp", "timestamptz", "json")
"""`timestamp` has no time zone, `timestamptz` is an instant."""
_VARCHAR = re.compile(r"varchar\(([1-9]\d{0,3})\)")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DEFAULTS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "bigint": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "varchar": (str,),
}


def length_of(kind: str) -> int | None:
    """Return the length of a `varchar(N)`; None for every other type."""
    match = _VARCHAR.fullmatch(kind)
    return int(match[1]) if match else None


def _known_type(value: str) -> str:
    if value not in TYPES and length_of(value) is None:
        raise ValueError(f"there is no type {value!r}; it is one of {', '.join(TYPES)}")
    if value == "varchar(N)":
        raise ValueError("say how long it is, for example varchar(255)")
    return value


class Column(Strict):
    """A column to add. Rows that are there already get the default."""

    table: str
    table_schema: str = Field("", alias="schema")
    column: str
    type: Annotated[str, AfterValidator(_known_type)]
    default: bool | int | float | str | None = None
    null: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Column:
        if self.default is None:
            if not self.null:
                raise Mistake("rows that are there already need a value: give a default", "null")
            return self
        kind = "varchar" if length_of(self.type) else self.type
        allowed = _DEFAULTS.get(kind)
        if allowed is None:
            # MySQL takes none for text and JSON, SQLite none for times.
            raise Mistake(f"a column of type {self.type} can't have a default on every database", "default")
        shown = str(self.default).lower() if isinstance(self.default, bool) else repr(self.default)
        if not isinstance(self.default, allowed) or (isinstance(self.default, bool) and kind != "boolean"):
            raise Mistake(f"{shown} is no value of type {self.type}", "default")
        return self


class Index(Strict):
    """An index to add. `where` makes it a partial one; MySQL has none, and gets the whole index."""

    name: str = Field(min_length=1, max_length=63)
    table: str
    table_schema: str = Field("", alias="schema")
    columns: Key
    where: Sql | None = None
    """SQL over the table's bare column names."""


class Step(Strict):
    """An action for all rows that a condition finds, taken only when it is asked for by name."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    title: str
    """What it does, for people."""
    action: str
    where: Sql
    """SQL over `j`."""


class Migration(Strict):
    """What the job system's own tables gain."""

    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Migration:
        for key, names in (
            ("columns", [f"{one.table_schema}.{one.table}.{one.column}" for one in self.columns]),
            ("indexes", [one.name for one in self.indexes]),
            ("steps", [one.name for one in self.steps]),
        ):
            for number, name in enumerate(names):
                if name in names[:number]:
                    raise Mistake("it is named twice", key, number)
        return self

    @property
    def empty(self) -> bool:
        """Whether it adds nothing to the tables."""
        return not (self.columns or self.indexes)

    def adds(self, table: str) -> frozenset[str]:
        """Return the columns that it adds to a table, which is written as in `[recognise]`."""
        return frozenset(
            one.column for one in self.columns if table in (one.table, f"{one.table_schema}{one.table}")
        )


def check_migration(migration: Migration, parameters: Collection[str], actions: Collection[str]) -> None:
    """Raise Mistake for a placeholder or action that leads nowhere."""
    things: list[tuple[str, int, Any]] = [
        ("columns", number, one) for number, one in enumerate(migration.columns)
    ]
    things += [("indexes", number, one) for number, one in enumerate(migration.indexes)]
    for key, number, thing in things:
        for field, text in (("table", thing.table), ("schema", thing.table_schema)):
            for name in _PLACEHOLDER.findall(text):
                if name not in parameters:
                    raise Mistake(
                        f"there is no parameter {name!r}{hint(name, sorted(parameters) or ['none'])}",
                        *("migration", key, number, field),
                    )
    for number, step in enumerate(migration.steps):
        if step.action not in actions:
            raise Mistake(
                f"there is no action {step.action!r}{hint(step.action, sorted(actions) or ['none'])}",
                *("migration", "steps", number, "action"),
            )
