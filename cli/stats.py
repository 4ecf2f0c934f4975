"""`unstick stats`: how often jobs are retried, and which."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from unstick.cli.encode import plain, print_json
from unstick.cli.output import pairs, safe, say, short, table
from unstick.cli.session import Session
from unstick.recovery.durations import long_duration, parse_duration
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.stats import Figures, Retried, Spread, Statistics

BAR = 40
"""Cells of the longest bar."""
MOST = 12
"""Statuses, steps and kinds that are printed."""
CELLS = 80


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("--since", metavar="DUR", default="7d", help="what was created within this time (7d)")


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
        able = backend.capabilities
    if session.json:
        document = plain(found)
        for name in ("jobs", "variants"):
            document[name] = _flat(document[name])
        print_json({"source": session.source.name, "profile": able.profile, **document})
    else:
        _print(found, able.variants_name or "variants")
    return 0


def _flat(figures: dict[str, Any] | None) -> dict[str, Any] | None:
    """The figures as one object, with the rate beside what it is made of."""
    if figures is None:
        return None
    for name in ("by_step", "by_kind", "by_day"):
        figures[name] = {value: _rated(spread) for value, spread in figures[name].items()}
    return {**_rated(figures.pop("spread")), **figures}


def _rated(spread: dict[str, Any]) -> dict[str, Any]:
    return {**spread, "rate": spread["some"] / spread["total"] if spread["total"] else 0.0}


def _print(found: Statistics, variants: str) -> None:
    _print_figures(found.jobs, "jobs", found.window_s)
    if found.variants is not None:
        say()
        _print_figures(found.variants, variants, found.window_s)
    _print_rows(f"most retried {variants}", found.retried_variants)
    for title, results in (("actions taken", found.actions), ("attempts by reason", found.reasons)):
        if results:
            say(f"\n{title}")
            rows = [(name, _results(counted)) for name, counted in sorted(results.items())]
            table(("", "RESULTS"), rows, indent="  ")


def _print_figures(found: Figures, what: str, window_s: float) -> None:
    say(f"{found.spread.total} {what} created within {long_duration(window_s)}")
    _print_spread(found.spread)
    if found.by_status:
        say(f"\n{what} by status")
        table(("STATUS", "NUMBER"), Counter(found.by_status).most_common(MOST), indent="  ")
    if found.histogram:
        say(f"\n{what} by retries")
        most = max(found.histogram.values())
        rows = [(tries, n, "#" * round(BAR * n / most)) for tries, n in sorted(found.histogram.items())]
        table(("RETRIES", "NUMBER", ""), rows, indent="  ")
    for title, spreads in (("day", found.by_day), ("step", found.by_step), ("kind", found.by_kind)):
        _print_spreads(f"{what} by {title}", title, spreads)
    _print_rows(f"most retried {what}", found.top)
    _print_rows(f"{what} that need attention: 3 retries or more, updated within the hour", found.alerts)


def _print_spreads(title: str, head: str, found: Mapping[str, Spread]) -> None:
    named = {name: spread for name, spread in found.items() if name != "NULL"}
    if not named:
        return
    say(f"\n{title}")
    # Days are few and tell a trend: all of them, in their order. Of the others those with the most.
    chosen = list(named.items())
    if head != "day":
        chosen = sorted(chosen, key=lambda item: -item[1].total)[:MOST]
    rows = [
        (
            short(name, 30),
            each.total,
            each.some,
            f"{each.rate:.1%}",
            each.high,
            f"{each.average:.2f}",
            each.maximum,
        )
        for name, each in chosen
    ]
    table((head.upper(), "ALL", "RETRIED", "RATE", "3+", "AVERAGE", "MOST"), rows, indent="  ")
    if len(named) > len(chosen):
        say(f"  and {len(named) - len(chosen)} more; --json has all of them")


def _print_rows(title: str, found: Sequence[Retried]) -> None:
    if not found:
        return
    say(f"\n{title}")
    for each in found:
        # Never cut: it is what the next command is given.
        say(f"  {each.retries:>2}x {safe(f'{each.job}/{each.variant}' if each.variant else each.job)}")
        of_job = [("of a job ", each.job_status), ("at ", each.job_step)]
        times = [("created ", _at(each.created)), ("updated ", _at(each.updated))]
        own = [("", each.name), ("", each.status), ("at ", each.step)]
        for told in ([*own, *of_job], times) if each.variant else ([*own, *times],):
            line = ", ".join(f"{label}{safe(value)}" for label, value in told if value)
            if line:
                say(f"      {short(line, CELLS - 6)}")


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone():%m-%d %H:%M}"


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
