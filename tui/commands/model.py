"""What a command is: something that is typed after `:`, or chosen in the palette."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unstick.recovery.completing import Completion, words_with
from unstick.tui.completion import Complete

if TYPE_CHECKING:
    from unstick.tui.screens.base import ConsoleScreen


def completes_nothing(text: str, caret: int) -> Completion:
    """What follows can't be known."""
    return Completion(caret, caret)


def one_of(words: Iterable[str]) -> Complete:
    """Complete a text that is one of these words as a whole."""
    known = tuple(words)
    return lambda text, caret: Completion(0, caret, words_with(text[:caret], known))


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do on a screen, right now.

    `run` gets what follows the name, without spaces around it, and returns what is wrong with that, or None.
    `complete` gets the same text with the caret in it. `argument` is how help writes what follows (`NAME`;
    in brackets if it may be left out), `choices` are arguments worth listing. `label` stands before the
    `reason` why it can't be done now. `key` is what does the same.
    """

    name: str
    help: str
    run: Callable[[str], str | None]
    complete: Complete = completes_nothing
    aliases: tuple[str, ...] = ()
    argument: str = ""
    choices: tuple[str, ...] = ()
    reason: str | None = None
    label: str = ""
    key: str = ""

    @property
    def refusal(self) -> str | None:
        """Why it can't be done now, in the words that its key has for it."""
        return f"{self.label or self.name}: {self.reason}" if self.reason else None

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        return (self.name, *self.aliases)


Provider = Callable[["ConsoleScreen"], Iterable[Command]]
"""Returns the commands that there are on a screen, with what they would be about now."""
