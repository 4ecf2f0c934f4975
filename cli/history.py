"""`unstick history [JOB | JOB/VARIANT]`: the retry history."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unstick.cli.encode import plain, print_json
from unstick.cli.output import narrate, safe, table
from unstick.cli.session import Session
from unstick.recovery.model import JobId, Target

if TYPE_CHECKING:
    from unstick.recovery.model import Attempt
    from unstick.recovery.port import Backend


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument(
        "job",
        metavar="JOB[/VARIANT]",
        nargs="?",
        help="only this job with its variants, or this variant",
    )
    parser.add_argument("--limit", metavar="N", type=int, default=200, help="at most N attempts (200)")


def run(session: Session) -> int:
    """List attempts, newest first."""
    return asyncio.run(_list(session))


async def _list(session: Session) -> int:
    job = session.args.job
    async with session.opened() as backend:
        attempts = await _attempts(backend, job, session.args.limit)
        profile = backend.capabilities.profile
    if session.json:
        print_json({"source": session.source.name, "profile": profile, "attempts": plain(attempts)})
    elif attempts:
        attempts_table(attempts)
    else:
        narrate(f"{session.source.name}: no attempt was made yet" + (f" on {safe(job)}" if job else ""))
    return 0


async def _attempts(backend: Backend, job: str | None, limit: int) -> tuple[Attempt, ...]:
    """Return the attempts of everything, of a job (which may be deleted by now), or of JOB/VARIANT."""
    found = await backend.attempts(JobId(job) if job else None, limit)
    target = Target.parse(job) if job else None
    return found if found or target is None else await backend.attempts(target, limit)


def attempts_table(attempts: Sequence[Attempt], *, with_job: bool = True) -> None:
    """Print attempts as a table."""
    head = ["AT", "JOB", "VARIANT", "ACTION", "REASON", "CHANGE", "RESULT", "WHO", "DETAIL"]
    rows = [_row(attempt) for attempt in attempts]
    if not with_job:
        head.pop(1)
        for row in rows:
            row.pop(1)
    table(head, rows)


def _row(attempt: Attempt) -> list[object]:
    change = f"{safe(attempt.from_status)} -> {safe(attempt.to_status)}"
    return [
        *(attempt.at, attempt.job, attempt.variant, attempt.action, attempt.reason),
        *(change, attempt.result, attempt.who, attempt.detail),
    ]
