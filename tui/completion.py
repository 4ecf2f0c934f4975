"""The tab key: first as far as all candidates agree, then one candidate after the other. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from unstick.recovery.completing import Completion, common_start
from unstick.recovery.display import cell_width, display_text

Complete = Callable[[str, int], Completion]
"""Takes text and caret; returns what may stand there."""

NOTHING = "nothing completes this"


@dataclass(slots=True)
class Tabs:
    """What the last tab found. Anything else that changes the text starts over."""

    _found: Completion = field(default_factory=lambda: Completion(0, 0))
    _rest: str = ""
    _index: int = -1
    _left: tuple[str, int] | None = None

    def press(self, text: str, caret: int, complete: Complete, step: int = 1) -> tuple[str, int]:
        """Return text and caret after the tab key; `step` is -1 for backwards."""
        if self._left == (text, caret) and len(self._found.candidates) > 1:
            self._index = (self._index + step) % len(self._found.candidates) if self._index >= 0 or step > 0 \
                else len(self._found.candidates) - 1  # fmt: skip
            return self._put(text, self._found.candidates[self._index])
        self._found, self._index = complete(text, caret), -1
        candidates, self._rest = self._found.candidates, text[self._found.end :]
        if not candidates:
            self._left = None
            return text, caret
        written = text[self._found.start : caret]
        agreed = common_start(candidates)
        # Where nothing is written yet, the first tab only shows what there is.
        if len(candidates) > 1 and written and len(agreed) <= len(written):
            self._index = 0 if step > 0 else len(candidates) - 1
            agreed = candidates[self._index]
        return self._put(text, agreed)

    def _put(self, text: str, written: str) -> tuple[str, int]:
        start = self._found.start
        self._left = text[:start] + written + self._rest, start + len(written)
        return self._left

    def told(self, width: int) -> str:
        """Return the candidates as one line, the chosen one in brackets; empty if there is no choice."""
        candidates = self._found.candidates
        if not candidates:
            return NOTHING
        return listing(candidates, self._index, width) if len(candidates) > 1 else ""


def listing(words: Sequence[str], chosen: int, width: int) -> str:
    """Return as many words as fit, with the chosen one among them, and how many more there are."""
    room = max(width - 10, 12)
    first = max(chosen, 0)
    while first > 0 and _taken(words[first - 1 : chosen + 1]) <= room:
        first -= 1
    last, taken = first, 0
    while last < len(words) and (last == first or taken + _taken(words[last : last + 1]) <= room):
        taken += _taken(words[last : last + 1])
        last += 1
    shown = [f"[{_clean(word)}]" if index == chosen else _clean(word)
             for index, word in enumerate(words[first:last], start=first)]  # fmt: skip
    more = len(words) - last
    return "  ".join([*shown, *([f"+{more:,}"] if more else [])])


def _clean(word: str) -> str:
    return display_text(word.strip())


def _taken(words: Sequence[str]) -> int:
    return sum(cell_width(_clean(word)) + 2 for word in words)
