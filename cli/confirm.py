"""Asking before anything is written."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from unstick.cli.output import narrate
from unstick.recovery.display import display_text
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.source import Source

MANY = 20
"""Above so many rows their number has to be typed."""
PROD = "prod"


def interactive() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def add_confirmation(parser: argparse.ArgumentParser) -> None:
    """Add `--dry-run`, `--yes` and `--reason`."""
    parser.add_argument(
        "--dry-run", action="store_true", help="show exactly what would change, change nothing"
    )
    parser.add_argument("--yes", action="store_true", help="don't ask; needed without a terminal")
    parser.add_argument("--reason", metavar="TEXT", help="for the journal; required in prod")


def add_pace(parser: argparse.ArgumentParser) -> None:
    """Add `--max-rate` and `--no-brake`."""
    parser.add_argument(
        "--max-rate", metavar="N", type=float, help="change at most N rows a second, for a loaded database"
    )
    parser.add_argument(
        "--no-brake", action="store_true", help="go on also where most of the rows fail (10 or more)"
    )


def require_pace(args: argparse.Namespace) -> None:
    """Raise UsageError for a rate that is none."""
    if args.max_rate is not None and not 0 < args.max_rate < float("inf"):
        raise UsageError(f"--max-rate: {args.max_rate:g} is no number of rows a second; write one above 0")


def require_answerable(args: argparse.Namespace) -> None:
    """Raise UsageError when a write would need an answer and nobody is there to give it."""
    if not args.dry_run and not args.yes and not interactive():
        raise UsageError("without a terminal a write needs --yes; --dry-run only shows what would change")


def reason_for(args: argparse.Namespace, source: Source) -> str:
    """Return the operator's reason, asking for it where it is required. Raises UsageError."""
    reason = (args.reason or "").strip()
    if reason or args.dry_run or source.environment != PROD:
        return reason
    if args.yes or not interactive():
        raise UsageError(f"{source.name} is prod: say why with --reason TEXT")
    reason = ask("Reason (for the journal): ").strip()
    if not reason:
        raise UsageError("in prod a reason is required; nothing was changed")
    return reason


def confirmed(args: argparse.Namespace, source: Source, rows: int, what: str) -> bool:
    """Ask whether to go on, harder for many rows and in prod."""
    if args.yes:
        return True
    name = display_text(source.name)
    if source.environment == PROD:
        return ask(f"{what} in {name} [PROD]? Type the source's name to go on: ").strip() == source.name
    if rows > MANY:
        return ask(f"{what} in {name}? Type the number of rows to go on: ").strip() == str(rows)
    return ask(f"{what} in {name}? [y/N] ").strip().lower() in ("y", "yes")


def ask(question: str) -> str:
    """Ask on stderr, so that stdout stays data, and return the line that was typed."""
    narrate(question, end="")
    with _interruptible():
        answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        narrate()
    return answer


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let one ctrl-c end a question: asyncio would only cancel the task, which waits for the answer."""
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
