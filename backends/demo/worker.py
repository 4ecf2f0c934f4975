"""A small real worker process: ``python -m unstick.backends.demo.worker URL SYSTEM``."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress

from unstick.backends.demo.connection import URL_VARIABLE, Busy, Failed, connect
from unstick.backends.demo.work import Work
from unstick.backends.demo.work_algoitny import AlgoItnyWork
from unstick.backends.demo.work_artitec import ArtitecWork
from unstick.backends.demo.work_bg_jobs import BgJobsWork
from unstick.backends.demo.work_extraction import ExtractionWork
from unstick.backends.demo.work_feedlyai import FeedlyAIWork
from unstick.backends.demo.worker_words import HOLDING, READY
from unstick.recovery.source import mask_text, mask_url

WORKS: Mapping[str, Callable[..., Work]] = {
    "artitec": ArtitecWork,
    "extraction": ExtractionWork,
    "algoitny": AlgoItnyWork,
    "feedlyai": FeedlyAIWork,
    "bg_jobs": BgJobsWork,
}


def main(arguments: list[str] | None = None) -> int:
    """Work until SIGTERM, until the parent is gone, or until the database is gone.

    A killed worker leaves its running jobs behind, and one started anew does not look at them (that is the
    fault which unstick is for) unless told to ``--adopt`` those that still show life.
    """
    given = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    url = os.environ.get(URL_VARIABLE, "") if given.url == "-" else given.url
    try:
        with closing(connect(url)) as connection:
            choices = {"seed": given.seed, "feed": given.feed, "failing": given.failing}
            work = WORKS[given.system](connection, **choices)
            if given.adopt:
                _say(work.adopt())
            _tell(READY)
            rounds = 0
            while not (_orphaned(given.parent) or connection.is_gone()):
                if given.rounds is None or rounds < given.rounds:
                    rounds += _round(work)
                    if rounds == given.rounds:
                        _tell(HOLDING)
                if stop.wait(given.interval):
                    break
    except (OSError, ValueError, sqlite3.Error, Failed) as error:
        where = mask_url(url) if "://" in url else url
        _say([f"demo worker for {given.system} on {where} stopped: {mask_text(str(error), url)}"])
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m unstick.backends.demo.worker", description=main.__doc__)
    parser.add_argument("url", help=f"an SQLite file, or a URL; - takes it from {URL_VARIABLE}")
    parser.add_argument("system", choices=sorted(WORKS))
    parser.add_argument(
        "--seed", type=int, default=0, help="decides how long jobs take and which of them fail"
    )
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between two rounds")
    parser.add_argument("--feed", type=int, default=0, metavar="N", help="add jobs while fewer are pending")
    parser.add_argument(
        "--failing", type=float, default=1.0, metavar="FACTOR", help="how many times as often jobs fail (1)"
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="after so many of them hold what is held, and do nothing more"
    )
    parser.add_argument("--adopt", action="store_true", help="first take over running jobs that show life")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this is no longer the parent")
    return parser


def _round(work: Work) -> bool:
    # Somebody else held the lock for longer than we wait: the next round will do.
    with suppress(Busy):
        _say(work.tick())
        return True
    return False


def _orphaned(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent


def _tell(word: str) -> None:
    """Tell whoever started this."""
    with suppress(OSError):
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
