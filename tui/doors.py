"""Doors: how one gets from screen to screen. Each imports its screen when it is first opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from unstick.tui.frame import Frame

if TYPE_CHECKING:
    from unstick.recovery.model import JobId, Target
    from unstick.recovery.plan import Options, Plan
    from unstick.tui.availability import Facts
    from unstick.tui.column_choice import ColumnChoice
    from unstick.tui.columns import Layout
    from unstick.tui.screens.base import ConsoleScreen


class Doors(Frame, inherit_bindings=False):
    """Every screen that can be opened, by what it is about."""

    def open_screen(self, screen: ConsoleScreen) -> None:
        """Put a screen on top."""
        # Awaiting the mount from a handler of the screen below would wait for itself.
        _ = self.push_screen(screen)

    def open_job(self, job: JobId) -> None:
        """Show everything about one job."""
        from unstick.tui.screens.job import JobScreen

        self.open_screen(JobScreen(self.session, job))

    def open_variants(self) -> None:
        """Show the variants of all jobs."""
        from unstick.tui.screens.variants import VariantsScreen

        self.open_screen(VariantsScreen(self.session))

    def open_variant(self, target: Target) -> None:
        """Show everything about one variant."""
        from unstick.tui.screens.variant import VariantScreen

        self.open_screen(VariantScreen(self.session, target))

    def open_plan(
        self,
        make: Callable[[Options], Awaitable[Plan]],
        action: str,
        how: str,
        *,
        dry_run: bool = False,
        title: str = "",
    ) -> None:
        """Make a plan and show it. `make` is called with options, and again when they change."""
        from unstick.tui.screens.plan import PlanScreen

        self.open_screen(PlanScreen(self.session, make, action, how, dry_run=dry_run, title=title))

    def open_choice(self, facts: Facts, how: str, choose: Callable[[str], None]) -> None:
        """Show all actions; `choose` gets the name of the one that was chosen."""
        from unstick.tui.screens.choice import ChoiceScreen

        self.open_screen(ChoiceScreen(self.session, facts, how, choose))

    def open_columns(self, layout: Layout[Any], choose: Callable[[ColumnChoice], None], called: str) -> None:
        """Show all columns of a live table; `choose` gets what was chosen, at once."""
        from unstick.tui.screens.columns import ColumnsScreen

        self.open_screen(ColumnsScreen(self.session, layout, choose, called))

    def open_kill(self, pid: int) -> None:
        """Ask whether the demo's worker is to be killed."""
        from unstick.tui.screens.kill import KillScreen

        if self.demo_workers is not None:
            self.open_screen(KillScreen(self.session, self.demo_workers, pid))

    def open_text(self, text: str, what: str) -> None:
        """Show a text with nothing beside it, so that it can be selected."""
        from unstick.tui.screens.text import TextScreen

        self.open_screen(TextScreen(self.session, text, what))

    def open_operations(self) -> None:
        """Show the journal."""
        from unstick.tui.screens.operations import OperationsScreen

        self.open_screen(OperationsScreen(self.session))

    def open_operation(self, operation: str) -> None:
        """Show one operation."""
        from unstick.tui.screens.operation import OperationScreen

        self.open_screen(OperationScreen(self.session, operation))

    def open_retries(self) -> None:
        """Show how often jobs are retried."""
        from unstick.tui.screens.retries import RetriesScreen

        self.open_screen(RetriesScreen(self.session))

    def open_sweep(self) -> None:
        """Show what a sweep would do."""
        from unstick.tui.screens.sweep import SweepScreen

        self.open_screen(SweepScreen(self.session))

    def open_arm(self) -> None:
        """Ask whether the sweep of this source may recover by itself."""
        from unstick.tui.screens.arm import ArmScreen

        self.open_screen(ArmScreen(self.session))

    def open_sources(self) -> None:
        """Show all sources; where they are open below, go back to them."""
        from unstick.tui.screens.sources import SourcesScreen

        there = next((screen for screen in self.screen_stack if isinstance(screen, SourcesScreen)), None)
        if there is None:
            self.open_screen(SourcesScreen(self.session))
        while there is not None and self.screen is not there:
            _ = self.pop_screen()

    def open_everywhere(self) -> None:
        """Show the stuck jobs of all sources."""
        from unstick.tui.screens.everywhere import EverywhereScreen

        self.open_screen(EverywhereScreen(self.session))

    def open_palette(self, below: ConsoleScreen) -> None:
        """Show all that can be done on a screen, to be found by words."""
        from unstick.tui.screens.palette import PaletteScreen

        self.open_screen(PaletteScreen(self.session, below))

    def open_help(self, scope: str, facts: Facts) -> None:
        """Show the keys of a screen."""
        from unstick.tui.screens.help import HelpScreen

        self.open_screen(HelpScreen(self.session, scope, facts))
