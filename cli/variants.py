"""`unstick variants [JOB]`: the variants of all jobs as a list of their own."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from unstick.cli.encode import print_json, variant_object
from unstick.cli.jobs import STUCK, collect, state_words, step_words, why_words
from unstick.cli.output import count, narrate, safe, table
from unstick.cli.selecting import add_filter, query
from unstick.cli.session import Session
from unstick.recovery.durations import short_duration
from unstick.recovery.errors import UsageError
from unstick.recovery.model import JobId
from unstick.recovery.query import VARIANT_SORTS

if TYPE_CHECKING:
    from unstick.recovery.model import Variant
    from unstick.recovery.query import Query


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("job", metavar="JOB", nargs="?", help="only those of this job")
    add_filter(parser)
    parser.add_argument("--state", metavar="S", help="pending, running, done, failed, cancelled or other")
    parser.add_argument(
        "--limit", metavar="N", type=int, default=100, help="at most N variants, 0 for all (100)"
    )
    parser.add_argument(
        "--sort", choices=VARIANT_SORTS, default="stuck", metavar="COLUMN", help=", ".join(VARIANT_SORTS)
    )
    parser.add_argument("--reverse", action="store_true", help="turn the order around")
    parser.add_argument("--check", action="store_true", help="with --stuck: exit code 5 when there are any")


def run(session: Session) -> int:
    """List variants."""
    args = session.args
    if args.check and not args.stuck:
        raise UsageError("--check goes together with --stuck")
    if args.limit < 0:
        raise UsageError("--limit is a number of variants, or 0 for all")
    wanted = replace(query(args, args.state), sort=args.sort, descending=args.reverse)
    return asyncio.run(_list(session, wanted))


async def _list(session: Session, wanted: Query) -> int:
    args = session.args
    async with session.opened() as backend:
        if args.job is not None:
            wanted = replace(wanted, of=(await backend.job(JobId(args.job))).id)
        variants, more = await collect(backend.variant_page, wanted, args.limit)
        name = backend.capabilities.variants_name
        if session.json:
            print_json(
                {
                    "source": backend.source,
                    "profile": backend.capabilities.profile,
                    "called": name,
                    "now": await backend.clock(),
                    "shown": len(variants),
                    "more": more,
                    "variants": [variant_object(each, full=False) for each in variants],
                }
            )
        else:
            _print(session, name, variants, more)
    return STUCK if args.check and variants else 0


def _print(session: Session, name: str | None, variants: list[Variant], more: bool) -> None:
    source, called = session.source.name, safe(name or "variants")
    if name is None:
        narrate(f"{source}: the jobs of this system have no variants")
    elif not variants:
        clear = f"all clear, none of the {called} is stuck"
        narrate(f"{source}: {clear if session.args.stuck else f'no such {called}'}")
    else:
        head = ("STATE", "JOB", "VARIANT", "NAME", "STEP", "TRY", "IDLE", "WHY")
        table(head, [_row(each) for each in variants])
        rest = "; there are more: --limit N, or 0 for all" if more else ""
        narrate(f"{source}: {count(len(variants), 'row')} of {called}{rest}")


def _row(variant: Variant) -> tuple[object, ...]:
    most = "" if variant.max_retries is None else f"/{variant.max_retries}"
    return (
        state_words(variant),
        variant.job,
        variant.id,
        variant.name,
        step_words(variant),
        f"{variant.retries}{most}",
        short_duration(variant.idle_s),
        why_words(variant),
    )
