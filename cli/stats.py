"""`unstick stats`: how often jobs are retried, and which."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from unstick.cli.encode import plain, print_json
from unstick.cli.output import count, pairs, safe, table
from unstick.cli.session import Session
from unstick.recovery.durations import long_duration, parse_duration
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.stats import Spread, Statistics

BAR = 40
"""Cells of the longest bar."""


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("--since", metavar="DUR", default="7d", help="jobs created within this time (7d)")


def run(session: Session) -> int:
    """Show retry statistics."""
    try:
        seconds = parse_duration(session.args.since)
    except UsageError as error:
        raise UsageError(f"--since: {error}") from None
    if not seconds:
        raise UsageError("--since is a time such as 12h or 7d")
    return asyncio.run(_stats(session, timedelta(seconds=seconds)))


async def _stats(session: Session, window: timedelta) -> int:
    async with session.opened() as backend:
        found = await backend.statistics(window)
        profile = backend.capabilities.profile
    if session.json:
        document = plain(found)
        document["jobs"]["rate"] = found.jobs.rate
        print_json({"source": session.source.name, "profile": profile, **document})
    else:
        _print(found)
    return 0


def _print(found: Statistics) -> None:
    print(f"{count(found.jobs.total, 'job')} created within {long_duration(found.window_s)}")
    _print_spread(found.jobs)
    if found.by_status:
        print("\nby status")
        table(("STATUS", "JOBS"), Counter(found.by_status).most_common(), indent="  ")
    if found.histogram:
        print("\njobs by retries")
        most = max(found.histogram.values())
        rows = [
            (tries, jobs, "#" * round(BAR * jobs / most)) for tries, jobs in sorted(found.histogram.items())
        ]
        table(("RETRIES", "JOBS", ""), rows, indent="  ")
    if found.top:
        print("\nmost retried")
        table(("JOB", "RETRIES"), found.top, indent="  ")
    if found.actions:
        print("\nactions taken")
        table(
            ("ACTION", "RESULTS"),
            [(name, _results(results)) for name, results in found.actions.items()],
            indent="  ",
        )


def _print_spread(spread: Spread) -> None:
    pairs(
        [
            ("with a retry", f"{spread.some} ({spread.rate:.1%})"),
            ("without", spread.none),
            ("three or more", spread.high),
            ("average", f"{spread.average:.2f}"),
            ("most", spread.maximum),
        ],
        indent="  ",
    )


def _results(results: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {safe(name)}" for name, number in results.items())
