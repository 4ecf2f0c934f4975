"""The `:` line: finds the command that is meant, completes names and what follows them, remembers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unstick.recovery.completing import Completion, words_with
from unstick.recovery.suggest import closest
from unstick.tui.commands import commands
from unstick.tui.commands.model import Command
from unstick.tui.commands.registry import elsewhere
from unstick.tui.widgets.prompt import Help

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen


def ask_command(screen: ConsoleScreen, text: str = "") -> None:
    """Ask for a command. One that makes no sense keeps the line open, so that it can be put right."""
    history = screen.console.histories["command"]

    def accept(line: str) -> str | None:
        # A command may ask for something itself, and keys do nothing while something is asked.
        screen.prompt.close()
        problem = run_line(screen, line)
        if problem is None:
            history.add(line.strip().removeprefix(":"))
            return None
        ask_command(screen, line)
        return problem

    help_ = Help(lambda line, caret: complete_line(commands(screen), line, caret), history)
    screen.prompt.ask(":", text, accept, screen.say, help=help_)


def run_line(screen: ConsoleScreen, line: str) -> str | None:
    """Do what the line says; returns what is wrong with it, or None. What is not possible now is told."""
    name, argument = split(line)
    if not name:
        return None
    known = commands(screen)
    command = find(known, name)
    if command is None:
        return unknown(known, name, demo=screen.console.demo_workers is not None)
    if command.refusal is not None:
        screen.say(command.refusal)
        return None
    return command.run(argument)


def split(line: str) -> tuple[str, str]:
    """Return the command's name and what follows it; a second `:` in front is what habits type."""
    name, _, argument = line.strip().removeprefix(":").strip().partition(" ")
    return name, argument.strip()


def find(known: Sequence[Command], name: str) -> Command | None:
    """Return the command of this name: as it is written, else in any case, else the only one beginning so."""
    for same in (str, str.lower):
        for command in known:
            if same(name) in command.names:
                return command
    begin = [command for command in known if command.name.startswith(name.lower())]
    return begin[0] if len(begin) == 1 else None


def unknown(known: Sequence[Command], name: str, *, demo: bool) -> str:
    """Say that there is no such command here, and what may have been meant."""
    action = elsewhere(name, demo=demo)
    if action is not None:
        where = f"is not here but on: {', '.join(action.screens)}"
        return f"{name} {'confirms a change: only its own key does that' if action.confirms else where}"
    begin = [command.name for command in known if command.name.startswith(name.lower())]
    if begin:
        return f"{name} may mean {', '.join(begin[:6])}; write more of it"
    near = closest(name, [each for command in known for each in command.names])
    return f"no command {name!r}; " + (f"did you mean {near}?" if near else "tab lists them")


def complete_line(known: Sequence[Command], line: str, caret: int) -> Completion:
    """Complete the name, or by the command itself what follows it."""
    written = line[:caret]
    lead = len(written) - len(written.lstrip(": "))
    name, space, argument = written[lead:].partition(" ")
    if not space:
        return Completion(lead, caret, _names(known, name))
    command = find(known, name)
    at = lead + len(name) + 1
    at += len(argument) - len(argument.lstrip())
    if command is None:
        return Completion(caret, caret)
    found = command.complete(line[at:], caret - at)
    return Completion(at + found.start, at + found.end, found.candidates)


def _names(known: Sequence[Command], written: str) -> tuple[str, ...]:
    """Names first; ids and other aliases where they are meant, because no name begins like that."""
    names = words_with(written, sorted(_with_space(each, each.name) for each in known))
    return names or words_with(
        written, sorted(_with_space(each, alias) for each in known for alias in each.aliases)
    )


def _with_space(command: Command, name: str) -> str:
    return f"{name} " if command.argument else name
