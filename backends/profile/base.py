"""What every part of a profile is made of: strict models, durations, SQL per dialect, times."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import UsageError

from .clock import Clock

DialectName = Literal["postgresql", "mysql", "sqlite", "*"]


class Strict(BaseModel):
    """Unknown keys are errors; values don't change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _seconds(value: object) -> object:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return parse_duration(value)
        except UsageError as error:
            raise ValueError(str(error)) from None
    return value


def _per_dialect(value: object) -> object:
    return {"*": value} if isinstance(value, str) else value


Seconds = Annotated[float | None, BeforeValidator(_seconds)]
Sql = Annotated[dict[DialectName, str], BeforeValidator(_per_dialect)]
"""SQL text for every dialect (a plain string), or one text per dialect with `*` for the others."""


Key = Annotated[tuple[str, ...], Field(min_length=1)]
Match = Annotated[dict[str, str], Field(min_length=1)]


def _plain_keys(path: tuple[str, ...]) -> tuple[str, ...]:
    for key in path:
        if not key or any(letter in key for letter in '"\\{}'):
            raise ValueError(
                f"a key of a path can't be empty or hold a quote, a backslash or braces, not {key!r}"
            )
    return path


JsonPath = Annotated[tuple[str, ...], AfterValidator(_plain_keys)]
"""The keys that lead to a value within a JSON document."""


class Time(Strict):
    """A time column and its clock; written short as just the column's name."""

    column: str
    path: JsonPath = ()
    """Where the time is, in a column that holds a JSON document."""
    clock: Clock | None = None


class ColumnPart(Strict):
    """A column, or a value in the JSON document that it holds; written short as the column's name."""

    column: str
    path: JsonPath = ()


def _of_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


TimeRef = Annotated[Time, BeforeValidator(_of_column)]
ColumnRef = Annotated[ColumnPart, BeforeValidator(_of_column)]
