"""Marks: ids that a person chose. They never depend on positions, and hidden ones are counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Marks:
    """The marked ids, and where a range began."""

    ids: frozenset[str] = frozenset()
    anchor: str | None = None

    def toggle(self, key: str) -> None:
        """Mark or unmark one row."""
        self.ids ^= {key}

    def add(self, keys: Collection[str]) -> int:
        """Mark rows; how many were not marked before."""
        before = len(self.ids)
        self.ids |= frozenset(keys)
        return len(self.ids) - before

    def range_to(self, key: str, order: Sequence[str]) -> int:
        """Mark everything from the anchor to this row, in the shown order; how many are new."""
        anchor, self.anchor = self.anchor, None
        if anchor not in order or key not in order:
            return self.add([key])
        first, last = sorted((order.index(anchor), order.index(key)))
        return self.add(order[first : last + 1])

    def clear(self) -> int:
        """Remove every mark; how many there were."""
        count, self.ids, self.anchor = len(self.ids), frozenset(), None
        return count

    def hidden(self, shown: Collection[str], ghosts: Collection[str]) -> int:
        """Count marked rows that the view doesn't have (any more)."""
        return len(self.ids.difference(shown)) + len(self.ids.intersection(ghosts))

    def in_order(self, order: Sequence[str]) -> list[str]:
        """Return the marked ids: first those shown, in their order, then the hidden ones."""
        shown = [key for key in order if key in self.ids]
        return [*shown, *sorted(self.ids.difference(shown))]
