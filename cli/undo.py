"""`unstick undo OPERATION`: puts back what an operation changed, where it is still as we left it."""

from __future__ import annotations

import argparse
import asyncio

from unstick.cli.carry import carry_out
from unstick.cli.confirm import add_confirmation, add_pace, reason_for, require_answerable, require_pace
from unstick.cli.session import Session
from unstick.recovery.operator import describe_operator
from unstick.recovery.plan import Options


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("operation", metavar="OPERATION", help="its id, as `unstick operations` lists it")
    parser.add_argument("--out", metavar="FILE", help="save the plan, for `unstick apply FILE`")
    add_confirmation(parser)
    add_pace(parser)


def run(session: Session) -> int:
    """Plan the undo, and apply it when confirmed."""
    require_answerable(session.args)
    require_pace(session.args)
    if not session.args.dry_run:
        session.require_writable()
    options = Options(reason=reason_for(session.args, session.source), operator=describe_operator())
    return asyncio.run(_undo(session, options))


async def _undo(session: Session, options: Options) -> int:
    async with session.opened() as backend:
        plan = await backend.plan_undo(session.args.operation, options)
        return await carry_out(session, backend, plan, named=True)
