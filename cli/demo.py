"""`unstick demo`: embedded databases, real workers, and the console on them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from unstick.cli import console
from unstick.cli.encode import print_json
from unstick.cli.output import narrate, say
from unstick.cli.session import Session
from unstick.recovery.errors import UsageError
from unstick.recovery.paths import data_folder
from unstick.recovery.suggest import hint

REFRESH_S = 2.0
"""Things happen within seconds here, so the console looks more often than at a real source."""


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("system", metavar="SYSTEM", nargs="?", help="the job system that comes first")
    parser.add_argument(
        "--path", action="store_true", help="make the databases and print their URLs, nothing else"
    )
    parser.add_argument("--system", dest="named", metavar="SYSTEM", help="the same as SYSTEM")
    parser.add_argument(
        "--once", action="store_true", help="no console: kill a worker of each system, recover, and tell"
    )
    parser.add_argument("--dir", metavar="FOLDER", help="where the databases are kept")
    parser.add_argument("--fresh", action="store_true", help="start over with new rows")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="which rows are made (0)")
    parser.add_argument("--scale", metavar="N", type=int, default=1, help="how many times as many rows (1)")
    parser.add_argument("--theme", help="name of a theme")
    parser.add_argument("--ascii", action="store_true", default=None, help="nothing but ASCII on the screen")


def run(session: Session) -> int:
    """Make the databases, start workers, open the console."""
    args = session.args
    if args.source:
        raise UsageError("the demo brings its own sources; leave --source out")
    if args.scale < 1:
        raise UsageError("--scale is a number from 1")
    from unstick.backends.demo.database import create, path_of
    from unstick.backends.demo.seed import SYSTEMS

    args.system = args.system or args.named
    if args.system is not None and args.system not in SYSTEMS:
        raise UsageError(f"there is no demo of {args.system!r}{hint(args.system, SYSTEMS)}")
    if args.once:
        from unstick.cli.demo_tour import take

        return take(session, [args.system] if args.system else SYSTEMS)
    if not args.path:
        console.require_terminal(session)

    folder = Path(args.dir).expanduser() if args.dir else data_folder() / "demo"
    made = {system for system in SYSTEMS if args.fresh or not path_of(folder, system).exists()}
    paths = create(folder, seed=args.seed, scale=args.scale, fresh=args.fresh)
    urls = {system: f"sqlite:///{path.resolve()}" for system, path in paths.items()}
    if args.path:
        return _print_urls(session, urls)
    return _open(session, paths, urls, made)


def _print_urls(session: Session, urls: dict[str, str]) -> int:
    if session.json:
        print_json({"urls": urls})
        return 0
    for url in urls.values():
        say(url)
    if sys.stdout.isatty():
        narrate("look at one with: unstick URL, or headless: unstick jobs --source URL")
    return 0


def _open(session: Session, paths: dict[str, Path], urls: dict[str, str], made: set[str]) -> int:
    from unstick.backends.demo.killing import SourceWorkers
    from unstick.backends.demo.workers import Workers

    first = session.args.system or next(iter(urls))
    order = [first, *(system for system in urls if system != first)]
    # In a database of an earlier day nothing is alive: what runs there is stuck.
    with Workers(paths, seed=session.args.seed, adopt=made) as workers:
        seats = [_seat(session, system, urls[system]) for system in order]
        systems = {source.name: system for system, (_, source) in zip(order, seats, strict=True)}
        return console.open_console(session, seats, SourceWorkers(workers, systems))


def _seat(session: Session, system: str, url: str) -> console.Seat:
    from unstick.backends.demo.pace import PACES

    resolved = session.resolve(url).source
    thresholds = {**PACES[system].shown, **resolved.thresholds}
    source = replace(
        resolved, name=f"demo-{system}", environment="demo", thresholds=thresholds, refresh_s=REFRESH_S
    )
    return lambda: session.backend(source), source
