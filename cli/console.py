"""Bare `unstick`: the console. The only place that knows it, and only when it is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from unstick.cli.session import Session
from unstick.recovery.config.environment import flag, read_variable
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.source import Source


def run(session: Session) -> int:
    """Open the console on one source."""
    require_terminal(session)
    args = session.args
    named = [*([args.url] if args.url else []), *(args.source or [])]
    if len(named) > 1:
        raise UsageError("the console opens one source at a time; name one")
    args.source = named[0] if named else None
    return open_console(session, session.source)


def require_terminal(session: Session) -> None:
    """Raise UsageError where no console can be shown."""
    if session.json:
        raise UsageError("the console prints no JSON; use a command, such as `unstick jobs --json`")
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError(
            "the console needs a terminal; without one use `unstick jobs`, `show`, `recover --dry-run`"
        )


def open_console(session: Session, source: Source) -> int:
    """Run the console until it is left; return its exit code."""
    from unstick.tui.app import run_console

    config = session.config
    return run_console(
        session.backend(source),
        source,
        keymap=config.keys,
        theme=session.args.theme or os.environ.get("UNSTICK_THEME") or config.data.get("theme"),
        ascii=_ascii(session),
    )


def _ascii(session: Session) -> bool:
    if session.args.ascii:
        return True
    text = os.environ.get("UNSTICK_ASCII")
    if text:
        return bool(read_variable("UNSTICK_ASCII", text, flag))
    return bool(session.config.data.get("ascii", False))
