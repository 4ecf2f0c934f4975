"""The variants of all jobs: which hang, and why. A live table like that of the jobs."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.model import JobId, Target, Variant, VariantPage
from unstick.recovery.query import VARIANT_SORTS, Query
from unstick.tui.actions.model import VARIANTS
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings
from unstick.tui.screens.job_rows import variant_rows
from unstick.tui.screens.list_keys import ListScreen
from unstick.tui.session import Session


class VariantsScreen(ListScreen[str, Variant]):
    """Opened from the jobs; its rows are known by JOB/VARIANT."""

    SCOPE = VARIANTS
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(VARIANTS))
    ORDERS = VARIANT_SORTS
    ONE = "variant"

    def __init__(self, session: Session) -> None:
        super().__init__(session, variant_rows())
        # A marked row that left the list must still be known for what it is.
        self._targets: dict[str, Target] = {}

    async def page(self, query: Query, after: str | None) -> VariantPage:
        """Read one page of variants."""
        found = await self.session.backend.variant_page(query, after)
        self._targets.update((str(each.target), each.target) for each in found.rows)
        return found

    @property
    def called(self) -> str:
        """What the system calls them."""
        able = self.session.capabilities
        return (able.variants_name if able else None) or "variants"

    def facts(self) -> Facts:
        """What is acted on here are variants."""
        cursor, marked = self.table.cursor, len(self.marks.ids)
        return Facts(self.session.capabilities, VARIANTS, row=cursor, marked=marked, variants=True)

    def chosen(self) -> tuple[list[JobId | Target], str]:
        """Return the variants to act on, captured now, and how they were chosen."""
        keys, how = self.chosen_keys()
        return [self._targets[key] for key in keys], how

    def do_rows_open(self) -> None:
        """Open the variant under the cursor."""
        if self.table.cursor is not None:
            self.console.open_variant(self._targets[self.table.cursor])

    def do_rows_job(self) -> None:
        """Open the job of the variant under the cursor."""
        if self.table.cursor is not None:
            self.console.open_job(self._targets[self.table.cursor].job)

    def do_app_back(self) -> None:
        """Let go of one transient thing, then go back to the jobs."""
        if not self.let_go():
            self.leave()

    def do_app_quit(self) -> None:
        """Go back to the jobs."""
        self.leave()
