"""Writes TOML by hand, because a draft is read by people: comments beside what they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from unstick.recovery.display import display_text

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
WIDTH = 100
LOOK = "LOOK:"
"""Begins a comment about what a person has to decide."""


def quoted(text: str) -> str:
    """Return a text as a TOML string; what can't be seen is escaped."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def key(text: str) -> str:
    """Return a text as a TOML key."""
    return text if _BARE.fullmatch(text) else quoted(text)


def strings(values: Sequence[str]) -> str:
    """Return an array of texts."""
    return "[" + ", ".join(map(quoted, values)) + "]"


def table(values: Mapping[str, str]) -> str:
    """Return an inline table of values that are TOML already."""
    return "{ " + ", ".join(f"{key(name)} = {value}" for name, value in values.items()) + " }"


def comment(text: str) -> list[str]:
    """Return a comment as lines; text of the database can't end it and can't reach the terminal raw."""
    words, lines = display_text(text, limit=1_000).split(), ["#"]
    for word in words:
        if len(lines[-1]) + len(word) >= WIDTH and lines[-1] != "#":
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def look(text: str) -> list[str]:
    """Return a comment about what a person has to decide; its further lines are indented."""
    first, *rest = comment(f"{LOOK} {text}")
    return [first, *(f"#   {line.removeprefix('# ')}" for line in rest)]
