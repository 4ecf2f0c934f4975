"""The variants of one job as a table below its text, with a cursor that comes when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from unstick.recovery.model import Target, Variant
from unstick.tui.columns import VARIANT_COLUMNS, Layout, why
from unstick.tui.key_words import key as named
from unstick.tui.paint import Line
from unstick.tui.screens.job_rows import variant_key
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.table import Table

LEAST = 2
"""Rows of the table that are shown however low the terminal is."""

SHORT = 9
"""Lines for text and variants below which the variants show only while the cursor is among them."""


class VariantRows:
    """The variants of one job, in the job's order; their job needs no column."""

    def __init__(self) -> None:
        self.layout = Layout(tuple(each for each in VARIANT_COLUMNS if each.id != "job"), why)
        self.rows: dict[str, Variant] = {}

    def resize(self, width: int) -> None:
        """Lay out for another width."""
        self.layout.resize(width, self.layout.wide)

    def header(self) -> Line:
        """Return the heading line."""
        return self.layout.header()

    def row(self, key: str) -> Line:
        """Return one variant's line."""
        return self.layout.row(self.rows[key])

    def empty(self) -> str:
        """Say why there are no rows."""
        return "this job has none"

    def tail(self) -> str:
        """There is nothing after the last variant."""
        return ""


class JobVariants(Table):
    """Takes no room while the job has no variants. Without `active` there is no cursor."""

    DEFAULT_CSS = "JobVariants { height: 3; display: none; }"

    def __init__(self) -> None:
        self.held = VariantRows()
        super().__init__(self.held)
        self.active = False

    @property
    def chosen(self) -> Target | None:
        """The variant under the cursor."""
        found = self.held.rows.get(self.cursor or "") if self.active else None
        return found.target if found else None

    def take(self, variants: Sequence[Variant]) -> None:
        """Show these; only what changed is painted."""
        rows = {variant_key(each): each for each in variants}
        changed = {key for key, each in rows.items() if self.held.rows.get(key) != each}
        self.held.rows = rows
        if not rows:
            self.active = False
        if self.held.layout.measure(variants):
            self.restyle()
        self.show(list(rows), changed)

    def fit(self, height: int) -> None:
        """Take a part of so many lines: a third, or two thirds while the cursor is here."""
        room = max(height * (2 if self.active else 1) // 3 - 1, LEAST)
        lines = min(len(self.held.rows), room) + 1
        # On a very short terminal its heading is enough: what is wrong with the job comes first.
        shown = bool(self.held.rows) and (self.active or height >= SHORT)
        if self.display != shown:
            self.display = shown
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines

    def enter(self) -> None:
        """Let the cursor come: to the first stuck variant, unless it was here before."""
        self.active = True
        stuck = next((key for key, each in self.held.rows.items() if each.verdict), None)
        self.move_to(stuck or next(iter(self.held.rows), None))

    def leave(self) -> None:
        """Let the cursor go."""
        self.active = False
        self.move_to(None)

    def heading(self, called: str, key: str) -> list[Part]:
        """Return the line above the table."""
        stuck = sum(1 for each in self.held.rows.values() if each.verdict)
        told = f", {stuck:,} stuck" if stuck else ""
        back, enter = named("app.back"), named("rows.open")
        how = f"{back} goes back to the job" if self.active else f"{key} or {enter} goes to them"
        return [
            Part(f"{called}: {len(self.held.rows):,}{told}", "stuck" if stuck else "heading"),
            Part(how, "dim", 1, right=True),
        ]

    def _settle(self, line: int) -> None:
        super()._settle(line)
        if not self.active:
            self.cursor = None
