"""Saved views in the configuration: `[views.NAME]` with filter, view, sort and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unstick.recovery.errors import FilterError
from unstick.recovery.filters import parse_filter
from unstick.recovery.query import SORTS, VARIANT_SORTS
from unstick.recovery.suggest import hint
from unstick.recovery.toml_file import Mistake

ORDERS: Mapping[str, tuple[str, ...]] = {"jobs": SORTS, "variants": VARIANT_SORTS}

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "jobs": (
        *("state", "id", "kind", "status", "step", "variants", "priority"),
        *("tries", "created", "running", "idle", "why"),
    ),
    "variants": ("state", "id", "job", "kind", "status", "step", "tries", "created", "idle", "why"),
}
"""Every column of each table; the console's tests hold it to its own."""


class ViewTable(BaseModel):
    """A name for what a live table shows: the keys 6 to 9 open the first four."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    table: Literal["jobs", "variants"] = Field("jobs", description="the list that it is for")
    filter: str = Field("", description="as after `/`: state:failed age>1h kind:mail")
    view: Literal["all", "stuck", "failed", "running", "pending"] = Field("all", description="what 1-5 show")
    sort: str = Field("stuck", description="the order")
    reverse: Annotated[bool, Field(strict=True, description="the other way round")] = False
    columns: list[str] = Field([], description="columns in order; without it as the table has them")

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        try:
            parse_filter(self.filter)
        except FilterError as error:
            raise Mistake(str(error), "filter") from None
        if self.sort not in ORDERS[self.table]:
            raise Mistake(f"can't be {self.sort!r}{hint(self.sort, ORDERS[self.table])}", "sort")
        for name in self.columns:
            if name not in COLUMNS[self.table]:
                told = hint(name, COLUMNS[self.table])
                raise Mistake(f"there is no column {name!r} of {self.table}{told}", "columns")
        return self
