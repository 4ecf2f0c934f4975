"""Makes what shows a sweep's figures to others: an address, a file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from unstick.cli.sweep_figures import Board
from unstick.cli.sweep_metrics import MetricsFile, go_on
from unstick.cli.sweep_running import Seat
from unstick.cli.sweep_watching import Watcher
from unstick.recovery.alerting import Count
from unstick.recovery.errors import UnstickError
from unstick.recovery.sweeping import AGAIN_S


def exporters(
    args: argparse.Namespace, seats: Sequence[Seat], every_s: float | None, alerts: Mapping[str, Count]
) -> list[Watcher]:
    """Return the board with what shows it, as the command line wants it. Raises UsageError for an address or
    a file that can't be used."""
    board = Board.of({seat.source.name: _pace(seat, every_s) for seat in seats})
    found: list[Watcher] = [board]
    if args.listen is not None:
        from unstick.cli.sweep_listening import Listener

        found.append(Listener(args.listen, board, alerts))
    if args.metrics_file is not None:
        path = Path(args.metrics_file)
        if args.once:
            go_on(board, path)
        found.append(MetricsFile(path, board, alerts))
    return found


def _pace(seat: Seat, every_s: float | None) -> Callable[[], float]:
    def pace() -> float:
        if every_s is not None:
            return every_s
        try:
            return seat.sweeper.schedule.every_s
        except UnstickError:
            return AGAIN_S

    return pace
