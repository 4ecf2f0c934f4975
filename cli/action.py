"""`unstick recover | retry | delete | act ACTION`: plan, show, confirm, apply."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from unstick.cli.carry import carry_out
from unstick.cli.confirm import add_confirmation, add_pace, reason_for, require_answerable, require_pace
from unstick.cli.selecting import add_filter, query, thresholds
from unstick.cli.session import Session
from unstick.recovery.errors import UsageError
from unstick.recovery.model import JobId
from unstick.recovery.operator import describe_operator
from unstick.recovery.plan import Options

if TYPE_CHECKING:
    from unstick.recovery.port import Selection

RECOVER = "recover"


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    if verb == "act":
        parser.add_argument("action", metavar="ACTION", help="name of the action")
    else:
        parser.set_defaults(action=verb)
    every = "; without one: every stuck job" if verb == RECOVER else ""
    parser.add_argument("jobs", metavar="JOB", nargs="*", help=f"ids of jobs{every}")
    add_filter(parser)
    parser.add_argument("--out", metavar="FILE", help="save the plan, for `unstick apply FILE`")
    parser.add_argument("--max", metavar="N", type=int, help="refuse a plan of more than N rows")
    parser.add_argument(
        "--over-limit", action="store_true", help="also jobs that have reached the retry limit"
    )
    add_confirmation(parser)
    add_pace(parser)


def run(session: Session) -> int:
    """Plan an action, and apply it when confirmed."""
    args = session.args
    selection = _selection(args)
    require_answerable(args)
    require_pace(args)
    if not args.dry_run:
        session.require_writable()
    options = Options(
        thresholds=thresholds(args),
        over_limit=args.over_limit,
        max_rows=_maximum(args),
        reason=reason_for(args, session.source),
        operator=describe_operator(),
    )
    return asyncio.run(_act(session, selection, options))


def _maximum(args: argparse.Namespace) -> int | None:
    if args.max is not None and args.max < 1:
        raise UsageError("--max is a number of rows, at least 1")
    limit: int | None = args.max
    return limit


def _selection(args: argparse.Namespace) -> Selection:
    chosen = bool(args.filter) or args.stuck
    if args.jobs and chosen:
        raise UsageError("name jobs, or choose them with --filter or --stuck; not both")
    if args.jobs:
        return [JobId(job) for job in dict.fromkeys(args.jobs)]
    if not chosen and args.action != RECOVER:
        raise UsageError(
            f"which jobs? Give their ids, --filter EXPR or --stuck; {args.action} never means all"
        )
    wanted = query(args)
    return replace(wanted, stuck_only=True) if args.action == RECOVER else wanted


async def _act(session: Session, selection: Selection, options: Options) -> int:
    async with session.opened() as backend:
        plan = await backend.plan(session.args.action, selection, options)
        return await carry_out(session, backend, plan, named=bool(session.args.jobs))
