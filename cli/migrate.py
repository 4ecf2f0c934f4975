"""`unstick migrate`: the tables that unstick keeps in the database, if you let it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from unstick.cli import confirm
from unstick.cli.encode import print_json
from unstick.cli.output import block, count, narrate
from unstick.cli.session import Session
from unstick.recovery.errors import UsageError


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("--apply", action="store_true", help="run the statements")
    parser.add_argument(
        "--rollback", action="store_true", help="the statements that take everything away again"
    )
    parser.add_argument("--dry-run", action="store_true", help="only show them, as without --apply")
    parser.add_argument("--yes", action="store_true", help="don't ask; needed without a terminal")


def run(session: Session) -> int:
    """Show the statements; run them with --apply."""
    args = session.args
    applies = args.apply and not args.dry_run
    if applies:
        session.require_writable()
        if not args.yes and not confirm.interactive():
            raise UsageError("without a terminal --apply needs --yes")
    return asyncio.run(_migrate(session, applies=applies))


async def _migrate(session: Session, *, applies: bool) -> int:
    from unstick import backends

    args, source = session.args, session.source
    statements = await backends.install_journal(source, rollback=args.rollback)
    if applies and statements:
        question = f"Run {count(_number(statements), 'statement')}"
        if not args.yes:
            for statement in statements:
                narrate("\n".join(block(_shown(statement))))
        if not confirm.confirmed(args, source, _number(statements), question):
            raise UsageError("not confirmed; nothing was changed")
        statements = await backends.install_journal(source, rollback=args.rollback, apply=True)
    if session.json:
        print_json({"source": source.name, "rollback": args.rollback, "applied": applies, "sql": statements})
        return 0
    for statement in statements:
        print("\n".join(line.rstrip() for line in block(_shown(statement))))
    narrate(_summary(statements, applies=applies, rollback=args.rollback))
    return 0


def _shown(statement: str) -> str:
    return statement if statement.startswith("--") else f"{statement};"


def _number(statements: Sequence[str]) -> int:
    """How many there are to run: remarks among them are not."""
    return sum(not statement.startswith("--") for statement in statements)


def _summary(statements: Sequence[str], *, applies: bool, rollback: bool) -> str:
    if not statements:
        return "nothing to do: " + ("there is nothing to take away" if rollback else "all tables are there")
    if applies:
        return f"{count(_number(statements), 'statement')} run"
    return "nothing was changed; run these with --apply"
