"""Who is at the keyboard, for the journal."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping


def describe_operator(environ: Mapping[str, str] | None = None) -> str:
    """Return `user@host`, with who used sudo and where the SSH session comes from where that is known."""
    environ = os.environ if environ is None else environ
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = f"uid {os.getuid()}"
    who = f"{user}@{socket.gethostname()}"
    before = environ.get("SUDO_USER")
    if before and before != user:
        who += f" (sudo by {before})"
    client = environ.get("SSH_CLIENT", "").split()
    return f"{who} from {client[0]}" if client else who
