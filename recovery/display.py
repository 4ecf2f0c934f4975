"""The one gate for everything that comes from a database and goes to a screen, a clipboard or human output.

Widths come from the standard library, not from a package: the command line needs them too, the import costs
nothing, and where terminals and tables disagree about a character a stand-in replaces it anyway.
"""

from __future__ import annotations

import re
import unicodedata

CELL_LIMIT = 300
"""Characters of a value that a table cell ever looks at."""

TEXT_LIMIT = 20_000
"""Characters of a value that a detail screen shows."""

CUT = "~"
"""Stands where text was cut off. Plain ASCII, because the width of the ellipsis depends on the terminal."""

_SUSPECT = re.compile(r"[^ -~]")
_SUSPECT_IN_LINES = re.compile(r"[^\n -~]")

_INVISIBLE = re.compile(
    "[\u034f\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d376"
    "\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)
"""Printable by the tables, but invisible, or changing the width of a neighbour, or of a width that depends on
the terminal's Unicode version (variation selectors, skin tones, fillers, trigrams)."""


def display_text(value: object, *, limit: int = CELL_LIMIT, multiline: bool = False) -> str:
    """Return the value as text that is safe to show: nothing in it moves a cursor, hides, or reorders.

    Escapes, control characters, bidi and zero-width controls, private-use, unassigned and lone surrogate code
    points become visible stand-ins such as `\\x1b`. At most `limit` characters come back, the last one `~` if
    text was cut. `multiline` keeps line feeds and widens tabs. Applying it twice changes nothing.
    """
    if value is None:
        return ""
    text = value if isinstance(value, str) else _as_text(value)
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = _replace(text, multiline)
        cut = cut or len(text) > limit
    return text[: limit - 1] + CUT if cut else text


def _as_text(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[:TEXT_LIMIT]).decode("utf-8", "backslashreplace")
    return str(value)


def _replace(text: str, multiline: bool) -> str:
    if multiline:
        text = text.replace("\r\n", "\n").replace("\t", "    ")
        return _SUSPECT_IN_LINES.sub(_stand_in, text)
    return _SUSPECT.sub(_stand_in, text)


_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def _stand_in(match: re.Match[str]) -> str:
    char = match[0]
    if char.isprintable() and not _INVISIBLE.match(char):
        return char
    if char in _NAMED:
        return _NAMED[char]
    if unicodedata.category(char) == "Zs":
        return " "
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def char_width(char: str) -> int:
    """Return how many terminal cells one character takes: 0 for combining marks, 2 for wide ones."""
    if char.isascii():
        return 1
    if unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cell_width(text: str) -> int:
    """Return how many terminal cells the text takes; `display_text` must have seen it."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return the text cut (ending in `~`) or padded to exactly `width` cells; `right` pads on the left."""
    if width <= 0:
        return ""
    taken = cell_width(text)
    if taken > width:
        text, taken = _cut(text, width - 1)
        text, taken = text + CUT, taken + 1
    padding = " " * (width - taken)
    return padding + text if right else text + padding


def clip(text: str, width: int) -> str:
    """Return the text cut to at most `width` cells, not padded."""
    return text if cell_width(text) <= width else fit(text, width).rstrip(" ") if width > 0 else ""


def _cut(text: str, width: int) -> tuple[str, int]:
    if text.isascii():
        return text[:width], min(width, len(text))
    taken = 0
    for index, char in enumerate(text):
        size = char_width(char)
        if taken + size > width:
            return text[:index], taken
        taken += size
    return text, taken


def wrap(text: str, width: int) -> list[str]:
    """Break safe text (with line feeds) into lines of at most `width` cells, at spaces where it can."""
    width = max(width, 1)
    return [piece for line in text.split("\n") for piece in _wrap_line(line, width)]


def _wrap_line(line: str, width: int) -> list[str]:
    pieces = []
    while cell_width(line) > width:
        head, _ = _cut(line, width)
        head = head or line[0]
        space = head.rfind(" ")
        if space > width // 2:
            head = head[: space + 1]
        pieces.append(head.rstrip(" "))
        line = line[len(head) :]
    return [*pieces, line]
