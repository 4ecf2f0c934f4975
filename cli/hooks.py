"""`unstick hooks OPERATION [--retry]`: what became of an operation's hooks; the missing ones once more."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from unstick.cli.carry import INTERRUPTED, stoppable
from unstick.cli.confirm import confirmed, require_answerable
from unstick.cli.hooks_telling import hooked, tell
from unstick.cli.output import count, narrate, safe, table
from unstick.cli.session import Session
from unstick.recovery.engine import Stop
from unstick.recovery.errors import UsageError
from unstick.recovery.hooks_again import call_again, due_rows, hook_again
from unstick.recovery.hooks_outcome import due

if TYPE_CHECKING:
    from unstick.recovery.outcome import OperationRow


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("operation", metavar="OPERATION", help="its id, as `unstick operations` lists it")
    parser.add_argument(
        "--retry", action="store_true", help="call those again that failed or were never called"
    )
    parser.add_argument("--dry-run", action="store_true", help="with --retry: only show what would be called")
    parser.add_argument("--yes", action="store_true", help="don't ask; needed without a terminal")


def run(session: Session) -> int:
    """List the outcomes, or call again what is missing."""
    args = session.args
    if not args.retry:
        if args.yes or args.dry_run:
            raise UsageError("--yes and --dry-run are for --retry; without it nothing is called")
        return asyncio.run(_list(session))
    require_answerable(args)
    if not args.dry_run:
        session.require_writable()
    return asyncio.run(_retry(session))


async def _list(session: Session) -> int:
    async with session.opened() as backend:
        operation = await backend.operation(session.args.operation)
        tell(session, backend, operation, hooked(operation), None)
    if not session.json and (rows := due_rows(operation)):
        again = session.next_step("hooks", operation.id, "--retry")
        narrate(f"{count(len(rows), 'hook')} can be called again: {again}")
    return 0


async def _retry(session: Session) -> int:
    async with session.opened() as backend:
        operation = await backend.operation(session.args.operation)
        rows = due_rows(operation)
        if not rows or session.args.dry_run:
            if rows:
                usable = hook_again(backend, operation, reading=True)
                narrate(f"would call {usable.shown} for {count(len(rows), 'row')}; nothing was called")
            else:
                narrate(f"{session.source.name}: no hook of {operation.id} is to be called")
            tell(session, backend, operation, rows, None)
            return 0
        hook = hook_again(backend, operation)
        _ask(session, rows, hook.shown)
        stop = Stop()
        with stoppable(stop, "stopping after the hooks that are being called; once more to give up waiting"):
            called = await call_again(backend, operation, stopped=lambda: stop.requested)
        tell(session, backend, operation, called.rows, called)
        if called.error is not None:
            return called.error.exit_code
        left = any(due(row.hook) for row in called.rows)
        return INTERRUPTED if stop.requested and left else int(left)


def _ask(session: Session, rows: Sequence[OperationRow], shown: str) -> None:
    if session.args.yes:
        return
    with redirect_stdout(sys.stderr):
        table(("JOB", "VARIANT", "HOOK"), [(row.job, row.variant, row.hook) for row in rows])
    what = f"call {safe(shown)} for {count(len(rows), 'row')}"
    if not confirmed(session.args, session.source, len(rows), what):
        raise UsageError("not confirmed; nothing was called")
