"""The rows that the live table holds: pages read by key, merged so that nothing moves under a person's hands.

Rows are known by id. While the order is frozen (marks are set, a plan is open) values change in place and new
rows are only counted. A row that left the view stays as a ghost while the cursor or the freeze holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=str)
"""What a row is known by: the id of a job, JOB/VARIANT of a variant."""
R = TypeVar("R")
Shown = TypeVar("Shown", covariant=True)

MAX_ROWS = 5_000
"""Rows kept in memory; beyond that a person needs a filter, not a longer list."""


class PageOf(Protocol[Shown]):
    """One page of a list, as the port gives it."""

    @property
    def rows(self) -> Sequence[Shown]:
        """The rows, in order."""
        ...

    @property
    def next(self) -> str | None:
        """What continues after the last row."""
        ...


@dataclass(slots=True)
class Slot(Generic[K]):
    """One page: the key it starts after, the key it ends with, and its rows' ids."""

    after: str | None
    ids: list[K]
    next: str | None


@dataclass(frozen=True, slots=True)
class Merged(Generic[K]):
    """What a merge did: ids whose row changed, and whether the order did."""

    changed: frozenset[K]
    reordered: bool


@dataclass(slots=True)
class Window(Generic[K, R]):
    """Pages as they were read. `key` gives what a row is known by, `order` is what the table shows, `unseen`
    counts rows that wait behind a freeze. Where the list is read from its end, `backwards`, the first page is
    the lowest one, and each page's last row the highest. `newest` says that only so many rows were looked
    through."""

    key: Callable[[R], K]
    slots: list[Slot[K]] = field(default_factory=list)
    rows: dict[K, R] = field(default_factory=dict)
    order: list[K] = field(default_factory=list)
    ghosts: set[K] = field(default_factory=set)
    unseen: set[K] = field(default_factory=set)
    loaded: bool = False
    backwards: bool = False
    newest: int | None = None

    @property
    def more(self) -> bool:
        """Whether there are rows after the last page that may be read."""
        return bool(self.slots) and self.slots[-1].next is not None and len(self.order) < MAX_ROWS

    @property
    def full(self) -> bool:
        """Whether rows exist that are not read because the window is full."""
        return bool(self.slots) and self.slots[-1].next is not None and len(self.order) >= MAX_ROWS

    def clear(self, *, backwards: bool = False) -> None:
        """Forget everything; the question changed."""
        self.backwards = backwards
        self.slots, self.rows, self.order = [], {}, []
        self.ghosts, self.unseen, self.loaded = set(), set(), False

    def stale(self, visible: Iterable[K]) -> range:
        """Return which slots have to be read again so that the visible rows are fresh."""
        wanted = set(visible)
        hit = [index for index, slot in enumerate(self.slots) if not wanted.isdisjoint(slot.ids)]
        return range(hit[0], hit[-1] + 1) if hit else range(1)

    def append(self, page: PageOf[R]) -> Merged[K]:
        """Add the page behind the one that was read last."""
        after = self.slots[-1].next if self.slots else None
        known = set(self.order)
        ids = [self.key(row) for row in page.rows if self.key(row) not in known]
        changed = self._store(page.rows)
        self.slots.append(Slot(after, ids, page.next))
        self._arrange()
        self.ghosts.difference_update(self.key(row) for row in page.rows)
        return Merged(changed, bool(ids))

    def merge(
        self, first: int, pages: Sequence[PageOf[R]], *, frozen: bool = False, hold: K | None = None
    ) -> Merged[K]:
        """Take pages read again, from slot `first` on. `hold` is the cursor's id, which never disappears."""
        self.loaded = True
        self.newest = next((getattr(page, "newest", None) for page in pages), None)
        changed = self._store(row for page in pages for row in page.rows)
        fresh = {self.key(row) for page in pages for row in page.rows}
        self.ghosts -= fresh
        if frozen:
            self._freeze(first, pages, fresh)
            return Merged(changed, reordered=False)
        return Merged(changed, self._replace(first, pages, fresh, hold))

    def drop_ghosts(self, keep: Iterable[K] = ()) -> bool:
        """Let go of rows that left the view, except `keep`; whether anything moved."""
        gone = self.ghosts.difference(keep)
        if not gone:
            return False
        self.ghosts -= gone
        self.order = [id_ for id_ in self.order if id_ not in gone]
        for slot in self.slots:
            slot.ids = [id_ for id_ in slot.ids if id_ not in gone]
        for id_ in gone:
            self.rows.pop(id_, None)
        return True

    def _arrange(self) -> None:
        read = [id_ for slot in self.slots for id_ in slot.ids]
        self.order = read[::-1] if self.backwards else read

    def _store(self, rows: Iterable[R]) -> frozenset[K]:
        changed = set()
        for row in rows:
            key = self.key(row)
            if self.rows.get(key) != row or key in self.ghosts:
                self.rows[key] = row
                changed.add(key)
        return frozenset(changed)

    def _freeze(self, first: int, pages: Sequence[PageOf[R]], fresh: set[K]) -> None:
        shown = set(self.order)
        self.unseen = fresh - shown
        read_again = {id_ for slot in self.slots[first : first + len(pages)] for id_ in slot.ids}
        self.ghosts |= read_again - fresh
        for id_ in self.unseen:
            self.rows.pop(id_, None)

    def _replace(self, first: int, pages: Sequence[PageOf[R]], fresh: set[K], hold: K | None) -> bool:
        before, last = self.order, first + len(pages)
        after = self.slots[first].after if first < len(self.slots) else None
        tail = self.slots[last:]
        old_end = self.slots[last - 1].next if 0 < last <= len(self.slots) else None
        fresh_slots = []
        for page in pages:
            fresh_slots.append(Slot(after, [self.key(row) for row in page.rows], page.next))
            after = page.next
        if pages and pages[-1].next != old_end:
            tail = []
        head = self.slots[:first]
        for slot in (*head, *tail):
            slot.ids = [id_ for id_ in slot.ids if id_ not in fresh]
        self.slots = [*head, *fresh_slots, *tail]
        self.unseen = set()
        self._hold(before, hold)
        self._arrange()
        kept = set(self.order)
        self.ghosts &= kept
        self.rows = {id_: row for id_, row in self.rows.items() if id_ in kept}
        return self.order != before

    def _hold(self, before: Sequence[K], hold: K | None) -> None:
        """Keep the held row at its place when no page has it any more. Where nothing else is left there is no
        neighbour that could be taken for it, and an empty table says why it is empty."""
        if hold is None or hold not in self.rows or any(hold in slot.ids for slot in self.slots):
            return
        if not any(slot.ids for slot in self.slots):
            return
        self.ghosts.add(hold)
        read = before[::-1] if self.backwards else before
        place = read.index(hold) if hold in read else 0
        for slot in self.slots:
            if place <= len(slot.ids):
                slot.ids.insert(place, hold)
                return
            place -= len(slot.ids)
        if self.slots:
            self.slots[-1].ids.append(hold)
