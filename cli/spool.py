"""Prints a JSON object that is too long for memory, from a file."""

from __future__ import annotations

from typing import IO

PIECE = 65_536
"""Characters that are in memory at once."""


def print_spool(head: str, middle: IO[str], tail: str) -> None:
    """Print one object: how it begins, what the file holds, how it ends."""
    middle.seek(0)
    print(only_ascii(head), end="")
    while piece := middle.read(PIECE):
        print(only_ascii(piece), end="")
    print(only_ascii(tail))


def only_ascii(text: str) -> str:
    """Return JSON without a character that could move a cursor; `json` has escaped the others already."""
    return "".join(char if " " <= char <= "~" or char == "\n" else f"\\u{ord(char):04x}" for char in text)
