"""Places to go: `:jobs`, `:variants`, `:operations`, `:source NAME`, `:job ID`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unstick.recovery.completing import Completion, words_with
from unstick.recovery.display import display_text
from unstick.recovery.model import JobId
from unstick.recovery.suggest import hint
from unstick.tui.actions import ACTIONS, of_screen
from unstick.tui.actions.model import HELP, JOBS, QUESTIONS
from unstick.tui.commands.model import Command, one_of
from unstick.tui.key_words import key
from unstick.tui.keys import shown

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen
    from unstick.tui.screens.jobs import JobsScreen

PLACES = ("variants", "retries", "sources", "operations")
"""Screens that an action of the jobs' table opens: the end of the action's id, or its label."""


def place_commands(screen: ConsoleScreen) -> Iterator[Command]:
    """Return what goes to another screen. Nothing leads away from a question that is open below."""
    reason = stays(screen)
    here = {action.id for action in of_screen(screen.SCOPE)}
    home, keys = home_of(screen), screen.console.keys
    yield Command("jobs", "The table of all jobs of this source", partial(_jobs, screen), reason=reason)
    for action in of_screen(JOBS):
        place = next((word for word in PLACES if word in (action.id.rpartition(".")[2], action.label)), None)
        if place is None or place == screen.SCOPE:
            continue
        at = screen if action.id in here else home
        refused = None if at is screen else reason
        yield Command(
            place, action.help, partial(to_place, screen, action.id), aliases=(action.id,),
            reason=refused or (action.when(at.facts()) if at else None), label=action.label,
            key=shown(keys[action.id][0]),
        )  # fmt: skip
    names = tuple(display_text(session.source.name) for session in screen.console.sessions)
    yield Command(
        "source", "Show another source", partial(_source, screen), one_of(names), ("ctx",), "NAME",
        names if len(names) > 1 else (), reason,
    )  # fmt: skip
    yield Command(
        "job", "Open a job by its id", partial(_job, screen), partial(_job_ids, screen), (), "ID",
        reason=reason,
    )  # fmt: skip


def stays(screen: ConsoleScreen) -> str | None:
    """Return why one can't go elsewhere from here: a plan may be open, or being applied, below."""
    below = (getattr(each, "SCOPE", "") for each in screen.console.screen_stack)
    asking = next((scope for scope in below if scope in QUESTIONS), None)
    return (
        f"the screen {asking} is open below; go back to it with {key('app.back')} and leave it first"
        if asking
        else None
    )


def home_of(screen: ConsoleScreen) -> JobsScreen | None:
    """Return the table of jobs at the bottom of the stack."""
    from unstick.tui.screens.jobs import JobsScreen

    return next((each for each in screen.console.screen_stack if isinstance(each, JobsScreen)), None)


def go_home(screen: ConsoleScreen) -> JobsScreen | None:
    """Close everything above the table of jobs and return it."""
    home, console = home_of(screen), screen.console
    while home is not None and not home.on_top:
        # What is opened next has to come to lie on the table, so nothing may be closed later.
        _ = console.pop_screen()
    return home


def _jobs(screen: ConsoleScreen, argument: str) -> str | None:
    if argument:
        return f"jobs takes nothing after it; write filter {argument} to filter them"
    go_home(screen)
    return None


def to_place(screen: ConsoleScreen, action_id: str, argument: str) -> str | None:
    """Do the action that opens another screen: here where it is one of this screen's, else at the table."""
    if argument:
        return f"{action_id} takes nothing after it, and {argument!r} was written"
    at = screen if screen.SCOPE in _screens(action_id) else go_home(screen)
    if at is not None:
        at.action_do(action_id)
    return None


def _screens(action_id: str) -> tuple[str, ...]:
    return next(action.screens for action in ACTIONS if action.id == action_id)


def _source(screen: ConsoleScreen, argument: str) -> str | None:
    console = screen.console
    names = [session.source.name for session in console.sessions]
    if not argument:
        return f"name a source: {', '.join(display_text(name) for name in names)}"
    found = [index for index, name in enumerate(names) if name == argument] or [
        index for index, name in enumerate(names) if name.lower().startswith(argument.lower())
    ]
    if len(found) != 1:
        return f"there is no source {argument!r}{hint(argument, [display_text(name) for name in names])}"
    go_home(screen)
    if found[0] != console.shown:
        console.switch(found[0])
    return None


def _job(screen: ConsoleScreen, argument: str) -> str | None:
    if not argument:
        return "write the id of a job after it"
    if screen.SCOPE == HELP:
        screen.leave()
    screen.console.open_job(JobId(argument))
    return None


def _job_ids(screen: ConsoleScreen, text: str, caret: int) -> Completion:
    home = home_of(screen)
    loaded = [str(key) for key in home.rows.window.order] if home is not None else []
    clean = (key for key in loaded if display_text(key) == key)
    return Completion(0, caret, words_with(text[:caret], clean))
