"""What the palette lists, and which of it fits the words that were typed. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from unstick.recovery.display import cell_width, display_text, fit
from unstick.tui.commands.model import Command
from unstick.tui.paint import Line, Span

NARROW = 60
"""Columns below which the key has no column of its own."""
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `run` is called on the screen below, after the palette has closed; what it returns is wrong.

    `asks` is what the `:` line begins with where something has to follow.
    """

    name: str
    told: str
    run: Callable[[], str | None]
    key: str = ""
    refusal: str | None = None
    reason: str | None = None
    asks: str = ""
    also: str = ""

    @property
    def searched(self) -> str:
        """What words are looked for in."""
        return f"{self.name} {self.told} {self.key} {self.also}".lower()


def entries_of(commands: Iterable[Command]) -> tuple[Entry, ...]:
    """Return what can be chosen: commands, and each argument worth listing; moving about comes last."""
    found: list[Entry] = []
    for command in commands:
        also = " ".join(command.aliases)
        asks = f"{command.name} " if command.argument and not command.argument.startswith("[") else ""
        name = f"{command.name} {command.argument}".strip()
        found.append(
            Entry(name, command.help, _calls(command, ""), command.key, command.refusal, command.reason,
                  asks, also)
        )  # fmt: skip
        found.extend(
            Entry(f"{command.name} {choice}", command.help, _calls(command, choice), "", command.refusal,
                  command.reason, also=also)
            for choice in command.choices
        )  # fmt: skip
    return tuple(sorted(found, key=_rank))


def _calls(command: Command, argument: str) -> Callable[[], str | None]:
    return lambda: command.run(argument)


def _rank(entry: Entry) -> int:
    """What has a key is what is done most; moving needs no palette."""
    if "move." in entry.also or entry.name.startswith("move."):
        return 2
    return 0 if entry.key else 1


def matching(entries: Sequence[Entry], words: str) -> tuple[Entry, ...]:
    """Return the entries in which every word occurs; those whose name begins with the words come first."""
    wanted = words.lower().split()
    typed = " ".join(wanted)
    found = [entry for entry in entries if all(word in entry.searched for word in wanted)]

    def rank(entry: Entry) -> int:
        name = entry.name.lower()
        if not wanted or name.startswith(typed):
            return 0
        return 1 if all(word in name for word in wanted) else 2

    return tuple(sorted(found, key=rank))


class PaletteRows:
    """The entries for the table widget, known by their names."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries: Mapping[str, Entry] = {entry.name: entry for entry in entries}
        self._width = 80
        longest = max((cell_width(display_text(name)) for name in self.entries), default=0)
        self._name = min(longest, LONGEST_NAME)

    def resize(self, width: int) -> None:
        """Leave out the keys where there is no room for them."""
        self._width = width

    def header(self) -> Line:
        """Return the heading line."""
        return (Span(f"   {self._key('KEY')}{fit('NAME', self._names)} WHAT IT DOES", "heading"),)

    def row(self, key: str) -> Line:
        """Return one entry's line; why it can't be done now stands before what it would do."""
        entry = self.entries[key]
        reason = display_text(entry.reason, limit=200)
        return (
            Span(self._key(entry.key), "dim" if reason else "key"),
            Span(f"{fit(display_text(entry.name), self._names)} ", "dim" if reason else "text"),
            Span(f"not now: {reason}  " if reason else "", "warning"),
            Span(display_text(entry.told, limit=200), "dim"),
        )

    def _key(self, key: str) -> str:
        return "" if self._width < NARROW else f"{fit(key, 5)} "

    @property
    def _names(self) -> int:
        return self._name if self._width >= NARROW else min(self._name, 16)

    def empty(self) -> str:
        """Say why there are no rows."""
        return "nothing has all of these words"

    def tail(self) -> str:
        """There is nothing after the last entry."""
        return ""
