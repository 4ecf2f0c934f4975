"""`:sweep` opens the sweep's screen; `:sweep off|shadow|armed` changes what it may do, from any screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unstick.recovery.suggest import hint
from unstick.recovery.sweep import Mode
from unstick.tui.actions import ACTIONS
from unstick.tui.actions.model import SWEEP
from unstick.tui.commands.model import Command, one_of
from unstick.tui.commands.places import stays, to_place
from unstick.tui.keys import shown
from unstick.tui.sweep_look import sweep_facts

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen

MODES = tuple(mode.value for mode in Mode)
BY_MODE = {Mode.OFF: "sweep.off", Mode.SHADOW: "sweep.shadow", Mode.ARMED: "sweep.arm"}
"""The action that does the same."""


def sweep_commands(screen: ConsoleScreen) -> Iterator[Command]:
    """Return the one command. To arm it asks first, as the key does."""
    action = next(each for each in ACTIONS if each.id == "view.sweep")
    yield Command(
        "sweep", action.help, partial(_sweep, screen), one_of(MODES), (action.id,), "[off|shadow|armed]",
        MODES, stays(screen), action.label, shown(screen.console.keys[action.id][0]),
    )  # fmt: skip


def _sweep(screen: ConsoleScreen, argument: str) -> str | None:
    if not argument:
        return None if screen.SCOPE == SWEEP else to_place(screen, "view.sweep", "")
    word = "armed" if argument.lower() == "arm" else argument.lower()
    if word not in MODES:
        return f"a sweep is off, shadow or armed, not {argument!r}{hint(argument, MODES)}"
    return _switch(screen, Mode(word))


def _switch(screen: ConsoleScreen, mode: Mode) -> str | None:
    """Change the sweep of the source that is shown; what can't be done is said like by the key."""
    console = screen.console
    action = next(each for each in ACTIONS if each.id == BY_MODE[mode])
    reason = action.when(sweep_facts(console.session))
    if reason is not None:
        screen.say(f"{action.label}: {reason}")
    elif mode is Mode.ARMED:
        console.open_arm()
    else:
        console.set_sweep(console.session, mode)
        told = "tells what it would do" if mode is Mode.SHADOW else "nothing runs by itself"
        screen.say(f"sweep {mode.value}: {told}")
    return None
