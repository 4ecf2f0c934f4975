"""Which columns a person chose, and in which order. Whatever was not chosen stays automatic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

KEPT = ("state", "id")
"""Columns that a table can't do without. The reason is no column: it always takes the rest of the line."""

WHY_ID = "why"
WHY_KEPT = {
    "state": "STATE can't be hidden: it says what a row is",
    "id": "ID can't be hidden: what is acted on has to be known",
    WHY_ID: "WHY can't be hidden: it is what the table is for, and always takes the rest of the line",
}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """`order` holds ids of columns, empty: as built in. `shown` and `hidden` are by force."""

    order: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    @property
    def automatic(self) -> bool:
        """Whether nothing was chosen at all."""
        return self == AUTOMATIC

    def arranged(self, known: Sequence[str]) -> list[str]:
        """Return the known columns in the chosen order; what the choice doesn't know keeps its place."""
        if not self.order:
            return list(known)
        order = [name for name in self.order if name in known]
        for index, name in enumerate(known):
            if name not in order:
                order.insert(index, name)
        return order

    def showing(self, name: str) -> ColumnChoice:
        """Return the choice with a column shown by force."""
        return replace(self, shown=self.shown | {name}, hidden=self.hidden - {name})

    def hiding(self, name: str) -> ColumnChoice:
        """Return the choice with a column hidden."""
        return replace(self, shown=self.shown - {name}, hidden=self.hidden | {name})

    def moving(self, name: str, step: int, known: Sequence[str]) -> ColumnChoice:
        """Return the choice with a column moved to the left (-1) or right (1), as far as there is a place."""
        order = self.arranged(known)
        place = order.index(name)
        other = min(max(place + step, 0), len(order) - 1)
        order.insert(other, order.pop(place))
        return replace(self, order=() if order == list(known) else tuple(order))

    def as_json(self) -> dict[str, list[str]]:
        """Return what is written down."""
        return {
            "order": list(self.order),
            "shown": sorted(self.shown),
            "hidden": sorted(self.hidden),
        }


AUTOMATIC = ColumnChoice()


def choice_from_json(value: Any) -> ColumnChoice | None:
    """Return the choice that was written down, or None where it makes no sense."""
    if not isinstance(value, Mapping):
        return None
    lists = [value.get(name, []) for name in ("order", "shown", "hidden")]
    if not all(isinstance(each, list) and all(isinstance(name, str) for name in each) for each in lists):
        return None
    order, shown, hidden = lists
    return ColumnChoice(
        tuple(dict.fromkeys(order)), frozenset(shown), frozenset(hidden).difference(KEPT, shown)
    )


def only(names: Collection[str], known: Sequence[str]) -> ColumnChoice:
    """Return the choice that shows exactly these columns, in this order; no names at all: automatic."""
    if not names:
        return AUTOMATIC
    wanted = [name for name in dict.fromkeys(names) if name in known]
    first = [name for name in KEPT if name not in wanted]
    order = [*first, *wanted, *(name for name in known if name not in wanted and name not in first)]
    hidden = frozenset(known).difference(wanted, KEPT)
    return ColumnChoice(tuple(order), frozenset(wanted).difference(KEPT), hidden)
