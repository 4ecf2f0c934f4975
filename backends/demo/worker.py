"""A small real worker process on a demo database: ``python -m unstick.backends.demo.worker PATH SYSTEM``."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from unstick.backends.demo.work import Work, connect
from unstick.backends.demo.work_algoitny import AlgoItnyWork
from unstick.backends.demo.work_artitec import ArtitecWork
from unstick.backends.demo.work_bg_jobs import BgJobsWork
from unstick.backends.demo.work_extraction import ExtractionWork
from unstick.backends.demo.work_feedlyai import FeedlyAIWork

WORKS: Mapping[str, Callable[..., Work]] = {
    "artitec": ArtitecWork,
    "extraction": ExtractionWork,
    "algoitny": AlgoItnyWork,
    "feedlyai": FeedlyAIWork,
    "bg_jobs": BgJobsWork,
}


def main(arguments: list[str] | None = None) -> int:
    """Work until SIGTERM, until the parent is gone, or until the database file is gone.

    A killed worker leaves its running jobs behind, and one started anew does not look at them (that is the
    fault which unstick is for) unless told to ``--adopt`` those that still show life.
    """
    given = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    path: Path = given.path
    try:
        inode = path.stat().st_ino
        with closing(connect(path)) as connection:
            work = WORKS[given.system](connection, seed=given.seed, feed=given.feed)
            if given.adopt:
                _say(work.adopt())
            while not (_orphaned(given.parent) or _replaced(path, inode)):
                _round(work)
                if stop.wait(given.interval):
                    break
    except (OSError, sqlite3.Error) as error:
        _say([f"demo worker for {given.system} on {path} stopped: {error}"])
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m unstick.backends.demo.worker", description=main.__doc__)
    parser.add_argument("path", type=Path, help="the SQLite file")
    parser.add_argument("system", choices=sorted(WORKS))
    parser.add_argument(
        "--seed", type=int, default=0, help="decides how long jobs take and which of them fail"
    )
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between two rounds")
    parser.add_argument("--feed", type=int, default=0, metavar="N", help="add jobs while fewer are pending")
    parser.add_argument("--adopt", action="store_true", help="first take over running jobs that show life")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this is no longer the parent")
    return parser


def _round(work: Work) -> None:
    try:
        _say(work.tick())
    except sqlite3.OperationalError as error:
        # Somebody else held the lock for longer than we wait: the next round will do.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise


def _orphaned(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent


def _replaced(path: Path, inode: int) -> bool:
    """Whether the file was removed, or made anew: our connection would go on in one that nobody sees."""
    try:
        return path.stat().st_ino != inode
    except FileNotFoundError:
        return True


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
