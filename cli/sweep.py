"""`unstick sweep`: the background sweep without the console, on one source or several at once."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unstick.cli.failures import mask
from unstick.cli.output import narrate, safe
from unstick.cli.selecting import LEAST, add_timeout, thresholds
from unstick.cli.session import Session
from unstick.cli.sweep_running import Seat, once, repeat
from unstick.cli.sweep_watching import Watcher, wanted
from unstick.recovery.config.resolve import names
from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import ReadOnlySource, UnstickError, UsageError
from unstick.recovery.operator import describe_operator
from unstick.recovery.sweep import Mode
from unstick.recovery.sweeping import Sweeper

if TYPE_CHECKING:
    from unstick.recovery.alerting import Alerter
    from unstick.recovery.source import Source


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--every", metavar="DUR", help="from one run to the next: minutes, or 90s, 5m; else as configured"
    )
    how.add_argument("--once", action="store_true", help="one run on each source, then end")
    parser.add_argument(
        "--shadow", action="store_true", help="only tell what would be recovered, change nothing"
    )
    add_timeout(parser)
    parser.add_argument("--cap", metavar="N", type=int, help="rows that one run recovers at most (100)")
    parser.add_argument(
        "--no-brake", action="store_true", help="also where more than half of the running jobs look stuck"
    )
    parser.add_argument("--reason", metavar="TEXT", default="background sweep", help="for the journal")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="serve /metrics and /health there; without a host on 127.0.0.1"
    )
    parser.add_argument(
        "--metrics-file", metavar="PATH", help="write metrics there after each run, for node_exporter"
    )


def run(session: Session) -> int:
    """Sweep once, or until a signal comes."""
    settings = Settings.of(session.args)
    if session.args.once and session.args.listen is not None:
        raise UsageError("--listen is for a sweep that goes on; with --once use --metrics-file PATH")
    seats, failures = _seats(session, settings)
    if not seats:
        return max(failures)
    watchers = _watchers(session, seats, settings)
    if session.args.once:
        return max([asyncio.run(once(seats, watchers, as_json=session.json)), *failures])
    return asyncio.run(repeat(seats, settings.every_s, watchers, as_json=session.json))


def _watchers(session: Session, seats: list[Seat], settings: Settings) -> list[Watcher]:
    """Return who hears of the runs; what is not wanted is not even imported."""
    alerter: Alerter | None = None
    if wanted(session.config, [seat.source.name for seat in seats]):
        from unstick.cli.sweep_alerts import alerter_of

        alerter = alerter_of(session, {seat.source.name: seat.sweeper.backend for seat in seats})
    found: list[Watcher] = []
    if session.args.listen is not None or session.args.metrics_file is not None:
        from unstick.cli.sweep_exporting import exporters

        counts = alerter.counts if alerter is not None else {}
        found += exporters(session.args, seats, settings.every_s, counts)
    return [alerter, *found] if alerter is not None else found


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says for every source."""

    mode: Mode
    every_s: float | None
    cap: int | None
    brake: bool
    reason: str
    thresholds: dict[str, float | None]

    @classmethod
    def of(cls, args: argparse.Namespace) -> Settings:
        """Read the options. Raises UsageError."""
        if args.cap is not None and args.cap < 1:
            raise UsageError(f"--cap: a run needs at least one row, not {args.cap}")
        mode = Mode.SHADOW if args.shadow else Mode.ARMED
        return cls(mode, _every(args.every), args.cap, not args.no_brake, args.reason, thresholds(args))

    def on(self, source: Source) -> Source:
        """Return the source with these settings before its own."""
        own = source.sweep
        swept = replace(own, cap=self.cap or own.cap, brake=own.brake and self.brake)
        return replace(source, sweep=swept)


def _every(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except UsageError as error:
        raise UsageError(f"--every: {error}") from None
    if seconds is None or seconds < LEAST:
        raise UsageError(f"--every: {text!r} is too short; write at least 1s (a plain number is minutes)")
    return seconds


def _seats(session: Session, settings: Settings) -> tuple[list[Seat], list[int]]:
    """Return the sources with their sweepers, and the exit codes of those that can't be made. One that is
    wrong can't stop the others, but is an error where it is the only one."""
    wanted = list(dict.fromkeys(session.args.source or names(session.config, os.environ)))
    seats: list[Seat] = []
    failures: list[int] = []
    for name in wanted:
        try:
            seats.append(_seat(session, name, settings))
        except UnstickError as error:
            if len(wanted) == 1:
                raise
            narrate(f"unstick: {safe(name)}: {mask(str(error))}; it is left out")
            failures.append(error.exit_code)
    if settings.mode is Mode.ARMED and seats and all(seat.source.read_only for seat in seats):
        named = " and ".join(safe(seat.source.name) for seat in seats)
        raise ReadOnlySource(
            f"{named} is read-only; add --write to recover what is stuck, or --shadow to only tell"
        )
    for seat in seats:
        if settings.mode is Mode.ARMED and seat.source.read_only:
            narrate(f"note: {safe(seat.source.name)} is read-only (--write opens it): it is only told about")
    return seats, failures


def _seat(session: Session, name: str, settings: Settings) -> Seat:
    source = settings.on(session.resolve(name).source)
    who = f"{describe_operator()} pid {os.getpid()}"
    sweeper = Sweeper(
        session.backend(source), source, settings.mode, who, settings.reason, thresholds=settings.thresholds
    )
    return Seat(source, sweeper)
