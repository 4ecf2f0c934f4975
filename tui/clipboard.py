"""Copying through the terminal (OSC 52), which works over SSH; nothing is ever spawned."""

from __future__ import annotations

import base64
from collections.abc import Mapping

LIMIT = 74_000
"""Bytes; terminals cut or ignore longer ones."""

SCREEN_STRING = 256
"""Characters of a string that GNU screen surely takes. What goes beyond its buffer (768) it shows as text."""


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """Return the sequence that copies text, wrapped for tmux and screen; None when it is too long.

    Which of its forms gets through depends on settings that can't be asked for: tmux takes the plain one with
    `set-clipboard on` and the wrapped one with `allow-passthrough on`. So both are sent; what a terminal does
    not understand it ignores, and copying the same twice harms nobody.
    """
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > LIMIT:
        return None
    plain = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return plain + _for_tmux(plain)
    if environ.get("STY"):
        return _for_screen(plain)
    if not term.startswith("screen"):
        return plain
    # Over SSH nothing but TERM is left of the multiplexer outside, and tmux may call itself screen, too. It
    # ignores what is wrapped for screen, and screen ignores what is plain, as long as its buffer holds it.
    return (plain if len(plain) <= SCREEN_STRING else "") + _for_screen(plain)


def _for_tmux(sequence: str) -> str:
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def _for_screen(sequence: str) -> str:
    """One string after the other: screen passes on what is in them, so the terminal sees one sequence."""
    pieces = [sequence[at : at + SCREEN_STRING] for at in range(0, len(sequence), SCREEN_STRING)]
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
