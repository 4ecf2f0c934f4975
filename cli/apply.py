"""`unstick apply FILE`: a plan that was saved before."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from unstick.cli.carry import carry_out, tell_plan
from unstick.cli.confirm import add_confirmation, add_pace, reason_for, require_answerable, require_pace
from unstick.cli.session import Session
from unstick.cli.standing import standing
from unstick.recovery.engine import check_applicable, check_source
from unstick.recovery.errors import UsageError
from unstick.recovery.hooks_applying import hook_for
from unstick.recovery.plan import load, seal

if TYPE_CHECKING:
    from unstick.recovery.plan import Plan


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("file", metavar="FILE", help="the plan; - for standard input")
    add_confirmation(parser)
    add_pace(parser)


def run(session: Session) -> int:
    """Apply a saved plan: only rows that are still as the plan saw them are changed."""
    args = session.args
    require_answerable(args)
    require_pace(args)
    plan = _read(args.file)
    if args.source is None and plan.source in session.config.sources:
        args.source = plan.source
    if not args.dry_run:
        session.require_writable()
    return asyncio.run(_apply(session, _with_reason(session, plan)))


def _with_reason(session: Session, plan: Plan) -> Plan:
    """Put a reason into the plan. The id follows the content: same file, same reason, same operation."""
    session.args.reason = session.args.reason or plan.options.reason
    reason = reason_for(session.args, session.source)
    if reason == plan.options.reason:
        return plan
    return seal(replace(plan, id="", options=replace(plan.options, reason=reason)))


def _read(name: str) -> Plan:
    if name == "-":
        return load(sys.stdin.read())
    try:
        return load(Path(name).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"the plan {name} can't be read: {why}") from None


async def _apply(session: Session, plan: Plan) -> int:
    async with session.opened() as backend:
        if session.args.dry_run:
            check_source(plan, backend.source, backend.capabilities)
            hook_for(plan, backend)
            return tell_plan(session, plan, await standing(backend, plan))
        check_applicable(plan, backend.source, backend.capabilities)
        hook_for(plan, backend)
        return await carry_out(session, backend, plan)
