"""How things are shown: `:rate 10`, `:theme NAME`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import UsageError
from unstick.recovery.suggest import hint
from unstick.tui.commands.model import Command, one_of
from unstick.tui.pace import FLOOR_S, STEPS

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen

SLOWEST_S = 86_400.0


def setting_commands(screen: ConsoleScreen) -> Iterator[Command]:
    """Return them; they are the same on every screen."""
    yield Command(
        "rate", "Refresh this source every so many seconds", partial(_rate, screen),
        one_of(f"{step:g}" for step in STEPS), argument="SECONDS",
    )  # fmt: skip
    names = screen.console.theme_names()
    yield Command(
        "theme", "Show everything in another theme", partial(_theme, screen), one_of(names), (), "NAME", names
    )


def _theme(screen: ConsoleScreen, argument: str) -> str | None:
    names = screen.console.theme_names()
    if argument not in names:
        wrong = f"there is no theme {argument!r}" if argument else "name a theme"
        return f"{wrong}{hint(argument, names)}"
    screen.console.use_theme(argument)
    screen.tell()
    return None


def _rate(screen: ConsoleScreen, argument: str) -> str | None:
    try:
        seconds = parse_duration(argument, unit="s")
    except UsageError:
        seconds = None
    if seconds is None or seconds > SLOWEST_S:
        return f"write seconds after it, from {FLOOR_S:g}, or 2m; pause stops refreshing"
    pace = screen.session.pace
    pace.every_s = max(seconds, FLOOR_S)
    feed = getattr(screen, "feed", None)
    if feed is not None:
        feed.pace_changed()
    screen.tell()
    least = ", the shortest there is" if seconds < FLOOR_S else ""
    screen.say(f"refresh every {pace.every_s:g} s{least}" + (", but it is paused" if pace.paused else ""))
    return None
