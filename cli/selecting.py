"""Options by which jobs are chosen, shared by the verbs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.query import Query, Term


LEAST = 1.0
"""Seconds of silence below which nobody can call a job stuck."""


def add_filter(parser: argparse.ArgumentParser) -> None:
    """Add `--filter`, `--stuck` and `--timeout`."""
    parser.add_argument(
        "--filter", metavar="EXPR", help="such as: 'kind:mail state:failed age>1h retries>=3 \"some words\"'"
    )
    parser.add_argument("--stuck", action="store_true", help="only stuck jobs")
    add_timeout(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add `--timeout`."""
    parser.add_argument(
        "--timeout",
        metavar="DUR",
        help="silence after which a job counts as stuck: minutes, or 90s, 30m, 2h, never",
    )


def thresholds(args: argparse.Namespace) -> dict[str, float | None]:
    """Return what `--timeout` means: one age, in seconds, for every rule that has a clock."""
    if args.timeout is None:
        return {}
    from unstick.recovery.durations import parse_duration

    try:
        silence = parse_duration(args.timeout)
    except UsageError as error:
        raise UsageError(f"--timeout: {error}") from None
    if silence is not None and silence < LEAST:
        raise UsageError(
            f"--timeout: {args.timeout!r} is too short, every living worker would count as stuck; "
            "write at least 1s (a plain number is minutes)"
        )
    return {"*": silence}


def terms(args: argparse.Namespace, state: str | None = None) -> tuple[Term, ...]:
    """Return the terms of `--filter` and of a `--state`."""
    from unstick.recovery.errors import FilterError
    from unstick.recovery.filters import parse_filter

    try:
        found = parse_filter(args.filter or "")
    except FilterError as error:
        text = args.filter
        raise FilterError(
            f"--filter: {error} (at character {error.position + 1} of {text!r})", error.position
        ) from None
    return (*found, *parse_filter(f"state:{state}")) if state else found


def query(args: argparse.Namespace, state: str | None = None) -> Query:
    """Return the question that the options ask."""
    from unstick.recovery.query import Query

    return Query(terms=terms(args, state), stuck_only=args.stuck, thresholds=thresholds(args))
