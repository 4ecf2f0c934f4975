"""What the screens share that act on jobs: dry run, recover, retry, delete, undo, and the refresh keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from unstick.recovery.display import display_text
from unstick.recovery.model import JobId, Target
from unstick.recovery.plan import Options, Plan
from unstick.tui.columns import fit_id
from unstick.tui.feed import Feed
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.session import sentence
from unstick.tui.working import Work

TITLE = 14
"""Cells that an id takes in a title."""

Maker = Callable[[Options], Awaitable[Plan]]


def as_record(item: Any) -> dict[str, Any]:
    """Return everything about a job or variant as JSON wants it."""
    return asdict(item)


def variant_words(target: Target) -> str:
    """Return `variant 3f2a…91c0 of job 88213`, short enough for a title."""
    ids = (display_text(each, limit=200) for each in (target.variant, target.job))
    variant, job = (fit_id(each, TITLE).strip() for each in ids)
    return f"variant {variant} of job {job}"


class ActingScreen(ConsoleScreen):
    """A screen with jobs to act on."""

    feed: Feed[Any]

    def chosen(self) -> tuple[list[JobId | Target], str]:
        """Return the ids to act on, captured now, and how they were chosen."""
        raise NotImplementedError

    def plan(self, action: str, *, dry_run: bool = False) -> None:
        """Open the plan of an action on the ids that are chosen now."""
        ids, how = self.chosen()
        self._plan_on(action, tuple(ids), how, dry_run=dry_run)

    def _plan_on(
        self, action: str, ids: tuple[JobId | Target, ...], how: str, *, dry_run: bool = False
    ) -> None:
        backend = self.session.backend
        one = ids[0] if len(ids) == 1 else None
        title = f"{action} {variant_words(one)}" if isinstance(one, Target) else action
        self.console.open_plan(
            lambda options: backend.plan(action, ids, options), action, how, dry_run=dry_run, title=title
        )

    def do_act_choose(self) -> None:
        """List all actions, for the ids that are chosen now."""
        ids, how = self.chosen()
        captured = tuple(ids)
        self.console.open_choice(self.facts(), how, lambda action: self._plan_on(action, captured, how))

    def do_act_dry_run(self) -> None:
        """Show what recover would do."""
        self.plan("recover", dry_run=True)

    def do_act_recover(self) -> None:
        """Plan a recovery."""
        self.plan("recover")

    def do_act_retry(self) -> None:
        """Plan a retry."""
        self.plan("retry")

    def do_act_delete(self) -> None:
        """Plan a deletion."""
        self.plan("delete")

    def do_act_undo(self) -> None:
        """Plan the undo of the last operation."""
        Work(self, "undo", exclusive=True).begin(self._undo_last)

    async def _undo_last(self) -> None:
        session = self.session
        operation = session.last_operation
        if operation is None:
            try:
                newest = await session.call(lambda: session.backend.operations(limit=20))
            except Exception as error:
                self.say(sentence(error))
                return
            operation = next(
                (each.id for each in newest if each.status != "undone" and not each.undoes), None
            )
        if operation is None:
            self.say("there is no operation to undo")
        elif self.on_top:
            self.open_undo(operation)

    def open_undo(self, operation: str) -> None:
        """Open the undo plan of an operation."""
        backend = self.session.backend
        self.console.open_plan(
            lambda options: backend.plan_undo(operation, options), "undo", f"operation {operation}"
        )

    def do_refresh_now(self) -> None:
        """Refresh now."""
        self.feed.now()

    def do_refresh_pause(self) -> None:
        """Pause or resume."""
        pace = self.session.pace
        pace.paused = not pace.paused
        self.feed.pace_changed()
        self.tell()

    def do_refresh_faster(self) -> None:
        """Refresh more often."""
        self._paced(self.session.pace.faster())

    def do_refresh_slower(self) -> None:
        """Refresh less often."""
        self._paced(self.session.pace.slower())

    def _paced(self, every_s: float) -> None:
        self.feed.pace_changed()
        self.tell()
        self.say(f"refresh every {every_s:g} s")
