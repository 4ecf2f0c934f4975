"""What an action writes into a column: a constant, or one of a few operations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from unstick.recovery.toml_file import Mistake

from .clock import Clock
from .json_edits import JsonEdit

Constant = str | int | float | bool


class Assignment(BaseModel):
    """Exactly one of the keys. Text may hold `{timeout_minutes}` and `{timeout_seconds}`; in related rows
    also `{job}`.

    `cases` chooses a constant by what column `by` holds before the change; any other value of it gives
    `otherwise`, and leaves the column as it is where that is not said.

    Within `json_merge` a text that is nothing but `{job}` is a number where the job's key is one, and
    `{ null = true }` is JSON's null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Constant | None = None
    text: str | None = None
    now: bool = False
    clock: Clock | None = None
    """The clock that `now` is written in, for a column that `times` doesn't name."""
    null: bool = False
    increment: int | None = None
    append: str | None = None
    separator: str = "\n\n"
    json_merge: dict[str, Any] | None = None
    column: str | None = None
    sql: dict[str, str] | None = None
    json_edit: tuple[JsonEdit, ...] | None = None
    cases: dict[str, Constant] | None = None
    by: str | None = None
    otherwise: Constant | None = None

    @property
    def reads(self) -> str | None:
        """The column that the written value is taken from."""
        return self.column or self.by

    @model_validator(mode="after")
    def _exactly_one(self) -> Assignment:
        given = [name for name in OPERATIONS if getattr(self, name) not in (None, False)]
        if self.value is not None and "value" not in given:
            given.append("value")
        if len(given) != 1:
            raise ValueError(f"say exactly one of {', '.join(OPERATIONS)}, or just a constant")
        if self.clock is not None and not self.now:
            raise Mistake("clock belongs to now = true", "clock")
        if (self.cases is None) != (self.by is None):
            raise Mistake("cases and by belong together: the column, and what each of its values gives", "by")
        if self.otherwise is not None and self.cases is None:
            raise Mistake(
                "otherwise is for values that cases doesn't name, but there are no cases", "otherwise"
            )
        for key in self.json_merge or ():
            if '"' in key or "\\" in key:
                raise Mistake(f"a key can't hold a quote or a backslash, not {key!r}", "json_merge")
        return self


OPERATIONS = (
    "value",
    "text",
    "now",
    "null",
    "increment",
    "append",
    "json_merge",
    "column",
    "sql",
    "cases",
    "json_edit",
)


def _shorthand(value: object) -> object:
    if isinstance(value, str | int | float | bool):
        return {"value": value}
    if isinstance(value, dict) and isinstance(value.get("sql"), str):
        return {**value, "sql": {"*": value["sql"]}}
    return value


Assign = Annotated[Assignment, BeforeValidator(_shorthand)]
