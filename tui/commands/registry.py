"""Actions as commands: by their id, and by a short word where no other action of the screen has the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from unstick.tui.actions import ACTIONS, Action, of_screen
from unstick.tui.commands.model import Command
from unstick.tui.keys import shown

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen

HERE = ("app.command", "app.palette")
"""What opens the line and the palette is no command of theirs."""


def action_commands(screen: ConsoleScreen, taken: Collection[str] = ()) -> Iterator[Command]:
    """Return the screen's actions as commands; names in `taken` mean something else.

    What confirms a change is no command: that takes its own key.
    """
    facts, keys = screen.facts(), screen.console.keys
    demo = screen.console.demo_workers is not None
    for action in of_screen(screen.SCOPE):
        if not reachable(action, demo=demo) or action.id in taken:
            continue
        words = [word for word in short_words(screen.SCOPE)[action.id] if word not in taken]
        yield Command(
            name=words[0] if words else action.id,
            help=action.help,
            run=partial(_run, screen, action.id),
            aliases=(*words[1:], *([action.id] if words else [])),
            reason=action.when(facts),
            label=action.label,
            key=shown(keys[action.id][0]),
        )


def reachable(action: Action, *, demo: bool) -> bool:
    """Whether an action is a command where it is an action at all."""
    return not action.confirms and action.id not in HERE and (demo or not action.demo)


def elsewhere(name: str, *, demo: bool) -> Action | None:
    """Return the action of this name that is no command here: another screen has it, or it confirms."""
    wanted = name.lower()
    for action in ACTIONS:
        known = action.id == wanted if action.confirms else wanted in (action.id, *_words(action))
        if known and action.id not in HERE and (demo or not action.demo):
            return action
    return None


@cache
def short_words(screen: str) -> Mapping[str, tuple[str, ...]]:
    """Return by action the words that on this screen mean it and no other: its label, the end of its id."""
    actions = of_screen(screen)
    common = Counter(word for action in actions for word in _words(action))
    return {action.id: tuple(word for word in _words(action) if common[word] == 1) for action in actions}


def _words(action: Action) -> tuple[str, ...]:
    tail = action.id.rpartition(".")[2]
    return tuple(dict.fromkeys((action.label.replace(" ", "-").lower(), tail.replace("_", "-"))))


def _run(screen: ConsoleScreen, action_id: str, argument: str) -> str | None:
    if argument:
        return f"{action_id} takes nothing after it, and {argument!r} was written"
    screen.action_do(action_id)
    return None
