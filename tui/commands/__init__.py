"""Commands of the `:` line and of the palette: every action of the registry, and what takes an argument.

A provider is a function from a screen to its commands; another one is added to `PROVIDERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unstick.tui.commands.leaving import leaving_commands
from unstick.tui.commands.model import Command, Provider
from unstick.tui.commands.places import place_commands
from unstick.tui.commands.registry import action_commands
from unstick.tui.commands.settings import setting_commands
from unstick.tui.commands.sweeping import sweep_commands
from unstick.tui.commands.tables import table_commands

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen

PROVIDERS: tuple[Provider, ...] = (
    *(place_commands, sweep_commands, table_commands, setting_commands, leaving_commands),
)
"""Where commands come from that are no action."""


def commands(screen: ConsoleScreen) -> tuple[Command, ...]:
    """Return all commands of a screen: first those of the providers, which also win where names are equal."""
    named = tuple(command for provider in PROVIDERS for command in provider(screen))
    taken = {name for command in named for name in command.names}
    return (*named, *action_commands(screen, taken))


__all__ = ["PROVIDERS", "Command", "Provider", "commands"]
