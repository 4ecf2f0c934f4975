"""What the welcome screen says."""

from __future__ import annotations

from collections.abc import Mapping

from unstick.recovery.display import clip, display_text, fit, wrap
from unstick.tui.actions import of_screen
from unstick.tui.actions.model import WELCOME
from unstick.tui.keys import shown
from unstick.tui.paint import BLANK, Line, Span

ABOUT = (
    "unstick shows background jobs that hang, and says why they do.",
    "What a recovery would change is shown first; what it changed can be undone.",
    "It reads your own job tables: PostgreSQL, MySQL/MariaDB or SQLite.",
)
"""Three lines: on a terminal of 80 columns each of them is one."""

FORMS = ("postgresql://user@host/database", "mysql://user@host/database", "sqlite:///path")
ROOMY = 60
"""Cells from which each choice is told in a sentence, below what this is."""
_LAST = {"app.help": "All keys, and what they do", "app.quit": "Quit"}
_KEY = 6


def welcome_lines(keys: Mapping[str, tuple[str, ...]], place: str, width: int) -> list[Line]:
    """Return the text: what this is, what can be done, how a URL looks, where the configuration would be."""
    room = max(width - 2, 20)
    if room < ROOMY:
        first, *rest = ABOUT
        return [*_text(first, room), *_choices(keys, room, short=True), BLANK, *_text(" ".join(rest), room),
                *_end(place, room)]  # fmt: skip
    lines = [line for each in ABOUT for line in _text(each, room)]
    return [*lines, BLANK, *_choices(keys, room), BLANK, *_end(place, room)]


def _choices(keys: Mapping[str, tuple[str, ...]], room: int, *, short: bool = False) -> list[Line]:
    """What can be done, by key; in a word where there is no room for more."""
    lines: list[Line] = []
    for action in of_screen(WELCOME):
        if action.id.startswith("welcome.") or action.id in _LAST:
            words = action.label if short else _LAST.get(action.id, action.help)
            key = fit(shown(keys[action.id][0]), _KEY)
            lines.append((Span(f"  {key}", "key"), Span(clip(words, room - _KEY))))
    return lines


def _end(place: str, room: int) -> list[Line]:
    return [
        *_text(f"A URL: {', '.join(FORMS)}", room, "dim"),
        *_text(f"Nothing is configured yet: {display_text(place, limit=200)}", room, "dim"),
    ]


def _line(text: str, style: str = "text") -> Line:
    return (Span(f"  {text}", style),)


def _text(text: str, room: int, style: str = "text") -> list[Line]:
    return [_line(piece, style) for piece in wrap(text, room)]
