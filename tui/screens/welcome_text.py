"""What the welcome screen says."""

from __future__ import annotations

from collections.abc import Mapping

from unstick.recovery.display import display_text, fit, wrap
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
_LAST = ("app.help", "app.quit")
_KEY = 6


def welcome_lines(keys: Mapping[str, tuple[str, ...]], place: str, width: int) -> list[Line]:
    """Return the text: what this is, what can be done, how a URL looks, where the configuration would be."""
    room = max(width - 2, 20)
    lines = _text(" ".join(ABOUT), room) if room < max(map(len, ABOUT)) else [_line(each) for each in ABOUT]
    lines.append(BLANK)
    for action in of_screen(WELCOME):
        if action.id.startswith("welcome.") or action.id in _LAST:
            help_text = "All keys, and what they do" if action.id == "app.help" else action.help
            words = "Quit" if action.id == "app.quit" else help_text
            key = fit(shown(keys[action.id][0]), _KEY)
            first, *rest = wrap(words, max(room - _KEY, 10))
            lines.append((Span(f"  {key}", "key"), Span(first)))
            lines.extend((Span(" " * (_KEY + 2) + piece),) for piece in rest)
    lines += [BLANK, *_text(f"A URL: {', '.join(FORMS)}", room, "dim")]
    return lines + _text(f"Nothing is configured yet: {display_text(place, limit=200)}", room, "dim")


def _line(text: str, style: str = "text") -> Line:
    return (Span(f"  {text}", style),)


def _text(text: str, room: int, style: str = "text") -> list[Line]:
    return [_line(piece, style) for piece in wrap(text, room)]
