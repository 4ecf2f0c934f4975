"""`unstick migrate`: unstick's own tables, and what a profile's documents add to its system's."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from unstick.cli import confirm
from unstick.cli.carry import carry_out
from unstick.cli.encode import print_json
from unstick.cli.output import block, count, narrate, safe, say
from unstick.cli.session import Session
from unstick.recovery.errors import NotFound, UsageError
from unstick.recovery.operator import describe_operator
from unstick.recovery.plan import Options

if TYPE_CHECKING:
    from unstick.backends.sql.migration import Migrated
    from unstick.recovery.outcome import Operation

OPERATIONS = 1000
"""How far back in the journal a step is looked for."""


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("--apply", action="store_true", help="run the statements")
    parser.add_argument("--rollback", action="store_true", help="what takes away again what was added")
    parser.add_argument(
        "--drop",
        metavar="NAME",
        action="append",
        default=[],
        help="with --rollback: drop this TABLE.COLUMN or index, or all, even if values are lost",
    )
    parser.add_argument(
        "--step",
        metavar="NAME",
        help="a step of its own that the profile offers; with --rollback put it back",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show, as without --apply")
    parser.add_argument("--yes", action="store_true", help="don't ask; needed without a terminal")
    parser.add_argument("--reason", metavar="TEXT", help="for the journal, with --step; required in prod")


def run(session: Session) -> int:
    """Show the statements; run them with --apply."""
    args = session.args
    args.dry_run = args.dry_run or not args.apply
    if args.drop and (args.step or not args.rollback):
        raise UsageError("--drop belongs to --rollback without --step")
    if not args.dry_run:
        session.require_writable()
        if not args.yes and not confirm.interactive():
            raise UsageError("without a terminal --apply needs --yes")
    if args.step:
        reason = confirm.reason_for(args, session.source)
        words = mark(args.step) + (f": {reason}" if reason else "")
        return asyncio.run(_step(session, Options(reason=words, operator=describe_operator())))
    return asyncio.run(_migrate(session))


async def _migrate(session: Session) -> int:
    from unstick import backends

    args, source = session.args, session.source
    found = await backends.migrate(source, rollback=args.rollback, drop=args.drop)
    applies = not args.dry_run
    if applies and found.sql:
        if not args.yes:
            for statement in found.sql:
                narrate("\n".join(block(_shown(statement))))
        number = _number(found.sql)
        if not confirm.confirmed(args, source, number, f"Run {count(number, 'statement')}"):
            raise UsageError("not confirmed; nothing was changed")
        found = await backends.migrate(source, rollback=args.rollback, apply=True, drop=args.drop)
    if session.json:
        print_json(_document(session, found, applies=applies))
    else:
        for statement in found.sql:
            say("\n".join(line.rstrip() for line in block(_shown(statement))))
        for name, reason in found.left_out:
            narrate(f"left out: {safe(name)}: {safe(reason, 1000)}")
        narrate(_summary(found.sql, applies=applies, rollback=args.rollback))
        for name, title in found.steps:
            narrate(f"not part of this: {safe(title)}: {session.next_step('migrate', '--step', name)}")
    return 1 if applies and found.left_out else 0


def _document(session: Session, found: Migrated, *, applies: bool) -> dict[str, object]:
    return {
        "source": session.source.name,
        "profile": found.profile,
        "rollback": session.args.rollback,
        "applied": applies,
        "sql": list(found.sql),
        "left_out": [{"name": name, "reason": reason} for name, reason in found.left_out],
        "steps": [{"name": name, "title": title} for name, title in found.steps],
    }


def _shown(statement: str) -> str:
    return statement if statement.startswith("--") else f"{statement};"


def _number(statements: Sequence[str]) -> int:
    """How many there are to run: remarks among them are not."""
    return sum(not statement.startswith("--") for statement in statements)


def _summary(statements: Sequence[str], *, applies: bool, rollback: bool) -> str:
    if not _number(statements):
        return "nothing to do: " + ("there is nothing to take away" if rollback else "everything is there")
    if applies:
        return f"{count(_number(statements), 'statement')} run"
    return "nothing was changed; run these with --apply"


async def _step(session: Session, options: Options) -> int:
    from unstick import backends

    args = session.args
    action, jobs = await backends.step_rows(session.source, args.step)
    async with session.opened() as backend:
        if args.rollback:
            operation = last_of(args.step, await backend.operations(OPERATIONS))
            plan = await backend.plan_undo(operation, options)
        else:
            plan = await backend.plan(action, jobs, options)
        return await carry_out(session, backend, plan)


def mark(step: str) -> str:
    """Return what the journal says of a step, in front of the operator's own words."""
    return f"step {step}"


def last_of(step: str, operations: Iterable[Operation]) -> str:
    """Return the newest operation of a step that can be put back, of those given, newest first.

    Raises NotFound when there is none."""
    for operation in operations:
        ours = operation.reason == mark(step) or operation.reason.startswith(f"{mark(step)}: ")
        if ours and operation.undoes is None and operation.counts.applied > operation.undone:
            return operation.id
    raise NotFound(f"the journal has no step {step} that could be put back")
