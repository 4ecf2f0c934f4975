"""Headless commands; starts the console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

YOUNG = 50_000
"""Objects made and not freed until the youngest are looked through; Python's own 700 suits small programs."""


def main(
    argv: Sequence[str] | None = None, *, make_backend: Callable[[Source], Backend] | None = None
) -> int:
    """Run the command line and return the exit code.

    `argv` is without the program's name; `make_backend` takes the place of the database backends.
    """
    if argv is None:
        _collect_seldom()
    try:
        from unstick.cli.entry import run

        return run(argv, make_backend)
    except KeyboardInterrupt:
        # Before anything was begun, or after all was told.
        return 130


def _collect_seldom() -> None:
    """Look for garbage less often: what imports make stays, and looking through it again and again takes a
    tenth of the start. Only for a process of our own."""
    import gc

    gc.set_threshold(YOUNG)
