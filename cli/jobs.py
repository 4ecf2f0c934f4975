"""`unstick jobs`: the list."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from unstick.cli.encode import job_object, print_json
from unstick.cli.output import count, narrate, table
from unstick.cli.selecting import add_filter, query
from unstick.cli.session import Session
from unstick.recovery.durations import short_duration
from unstick.recovery.errors import UsageError
from unstick.recovery.model import Job, State
from unstick.recovery.query import SORTS

if TYPE_CHECKING:
    from unstick.recovery.model import Variant
    from unstick.recovery.query import Query

R = TypeVar("R")
Listed = TypeVar("Listed", covariant=True)

STUCK = 5
"""Exit code of `--check` when something is stuck."""
PAGE = 500


class Rows(Protocol[Listed]):
    """One page of a list."""

    @property
    def rows(self) -> Sequence[Listed]:
        """The rows, in order."""
        ...

    @property
    def next(self) -> str | None:
        """What continues after the last row."""
        ...


class Read(Protocol[Listed]):
    """Reads one page of a list."""

    async def __call__(self, query: Query, after: str | None = None) -> Rows[Listed]:
        """Return the page from the start, or after an earlier one."""
        ...


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    add_filter(parser)
    parser.add_argument("--state", metavar="S", help="pending, running, done, failed, cancelled or other")
    parser.add_argument("--limit", metavar="N", type=int, default=100, help="at most N jobs, 0 for all (100)")
    parser.add_argument("--sort", choices=SORTS, default="stuck", metavar="COLUMN", help=", ".join(SORTS))
    parser.add_argument("--reverse", action="store_true", help="turn the order around")
    parser.add_argument("--check", action="store_true", help="with --stuck: exit code 5 when there are any")


def run(session: Session) -> int:
    """List jobs."""
    args = session.args
    if args.check and not args.stuck:
        raise UsageError("--check goes together with --stuck")
    if args.limit < 0:
        raise UsageError("--limit is a number of jobs, or 0 for all")
    wanted = replace(query(args, args.state), sort=args.sort, descending=args.reverse)
    return asyncio.run(_list(session, wanted))


async def _list(session: Session, wanted: Query) -> int:
    async with session.opened() as backend:
        jobs, more = await collect(backend.page, wanted, session.args.limit)
        if session.json:
            print_json(
                {
                    "source": backend.source,
                    "profile": backend.capabilities.profile,
                    "now": await backend.clock(),
                    "shown": len(jobs),
                    "more": more,
                    "jobs": [job_object(job) for job in jobs],
                }
            )
        else:
            _print(session, jobs, more)
    return STUCK if session.args.check and jobs else 0


async def collect(read: Read[R], wanted: Query, limit: int) -> tuple[list[R], bool]:
    """Return at most `limit` rows (0: all), and whether there are more. What gets stuck meanwhile may be
    listed among the stuck ones and among the others: it is returned once."""
    found: list[R] = []
    known: set[object] = set()
    after = None
    while True:
        size = PAGE if not limit else min(PAGE, limit - len(found))
        page = await read(replace(wanted, limit=size), after)
        new = [row for row in page.rows if (getattr(row, "job", None), getattr(row, "id", row)) not in known]
        known |= {(getattr(row, "job", None), getattr(row, "id", row)) for row in new}
        found.extend(new)
        after = page.next
        if after is None or (limit and len(found) >= limit):
            return found, after is not None


def _print(session: Session, jobs: list[Job], more: bool) -> None:
    name = session.source.name
    if not jobs:
        narrate(f"{name}: all clear, nothing is stuck" if session.args.stuck else f"{name}: no such jobs")
        return
    table(("STATE", "ID", "KIND", "STEP", "DONE", "TRY", "RUN", "IDLE", "WHY"), [_row(job) for job in jobs])
    narrate(
        f"{name}: {count(len(jobs), 'job')}" + ("; there are more: --limit N, or 0 for all" if more else "")
    )


def _row(job: Job) -> tuple[object, ...]:
    tries = str(job.retries) if job.max_retries is None else f"{job.retries}/{job.max_retries}"
    return (
        state_words(job),
        job.id,
        job.kind,
        step_words(job),
        None if job.variants_total is None else f"{job.variants_done or 0}/{job.variants_total}",
        tries,
        short_duration(job.running_s),
        short_duration(job.idle_s),
        why_words(job),
    )


def why_words(item: Job | Variant) -> str | None:
    """Return why a job or variant needs a look: its verdict or its error, and whether it needs a person."""
    why = item.verdict.why if item.verdict else item.error
    if not item.needs_person or not (item.verdict or item.state is State.FAILED):
        return why
    return f"needs a person: {why}" if why else "needs a person"


def state_words(job: Job | Variant) -> str:
    """Return the state, `stuck` in front where it is, and the native status where it says something else."""
    words = "stuck" if job.verdict else job.state.value
    native = job.status or ""
    return words if native.lower() in (words, job.state.value) else f"{words} ({native or 'no status'})"


def step_words(job: Job | Variant) -> str | None:
    """Return `3/8 overlay`, or how far the job is in percent."""
    if job.step is not None and job.step_index is not None and job.step_count:
        return f"{job.step_index}/{job.step_count} {job.step}"
    if isinstance(job, Job) and job.step is None and job.progress is not None:
        return f"{job.progress:.0%}"
    return job.step
