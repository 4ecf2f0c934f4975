"""Leaving: `:q` and `:quit` leave the console from wherever they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unstick.tui.commands.model import Command
from unstick.tui.working import Work

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen


def leaving_commands(screen: ConsoleScreen) -> Iterator[Command]:
    """Return the one way out."""
    yield Command("quit", "Leave the console", partial(_quit, screen), aliases=("q", "q!", "exit"))


def _quit(screen: ConsoleScreen, argument: str) -> str | None:
    if argument:
        return "quit takes nothing after it"
    console = screen.console
    # As with ctrl-c twice: what is being applied below ends its chunk first.
    Work(console, "leave").begin(console.hang_up, 0)
    return None
