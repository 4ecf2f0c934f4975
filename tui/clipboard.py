"""Copying through the terminal (OSC 52), which works over SSH; nothing is ever spawned."""

from __future__ import annotations

import base64
from collections.abc import Mapping

LIMIT = 74_000
"""Bytes; terminals cut or ignore longer ones."""


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """Return the sequence that copies text, wrapped for tmux and screen; None when it is too long."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > LIMIT:
        return None
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence
