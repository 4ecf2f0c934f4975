"""Bare `unstick`: the console. The only place that knows it, and only when it is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from unstick.cli.placing import placed
from unstick.cli.session import Session
from unstick.recovery.config.environment import flag, read_variable
from unstick.recovery.config.load import find_config
from unstick.recovery.config.resolve import has_sources, names
from unstick.recovery.config.url import is_url
from unstick.recovery.errors import UnstickError, UsageError

if TYPE_CHECKING:
    from unstick.backends.demo.killing import SourceWorkers
    from unstick.cli.sweep_alerts import ConsoleAlerts
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

    Seat = tuple[Callable[[], Backend], Source]


def run(session: Session) -> int:
    """Open the console on the sources that are named, else on all that are configured."""
    require_terminal(session)
    args = session.args
    named = [*([args.url] if args.url else []), *(args.source or [])]
    if not named and not has_sources(session.config, os.environ):
        from unstick.cli import welcome

        return welcome.run(session)
    wanted = dict.fromkeys(named or names(session.config, os.environ))
    if len(wanted) == 1:
        return open_console(session, [resolved(session, *wanted)])
    return open_console(session, [_later(session, name) for name in wanted])


def resolved(session: Session, name: str) -> Seat:
    """Return a source whose settings are known to be right, or raise what is wrong with them."""
    source = session.resolve(name).source
    return lambda: session.backend(source), source


def _later(session: Session, name: str) -> Seat:
    """Return a source whose URL is found when it is first looked at: one that is wrong can't stop the others.

    A `url_command` runs now, because it may ask for a passphrase on the terminal.
    """
    if is_url(name) or session.config.sources.get(name, {}).get("url_command") is not None:
        try:
            return resolved(session, name)
        except UnstickError as error:
            if is_url(name):
                raise
            return _failing(error), session.resolve(name, secret=False).source

    def make() -> Backend:
        return session.backend(session.resolve(name).source)

    return make, session.resolve(name, secret=False).source


def _found(session: Session, text: str) -> Seat:
    """Return the source of a URL or a name that was typed while the console is open."""
    if not is_url(text) and session.config.sources.get(text, {}).get("url_command") is not None:
        # The command may ask for a passphrase, and the terminal is the console's now.
        raise UsageError(
            f"{text} gets its URL from a command, which may ask you something: name it when the console is "
            f"started (unstick --source {text})"
        )
    return resolved(session, text)


def _failing(error: UnstickError) -> Callable[[], Backend]:
    def make() -> Backend:
        raise error

    return make


def require_terminal(session: Session) -> None:
    """Raise UsageError where no console can be shown."""
    if session.json:
        raise UsageError("the console prints no JSON; use a command, such as `unstick jobs --json`")
    from unstick.tui.app import require_terminal

    require_terminal(os.environ, interactive=sys.stdin.isatty() and sys.stdout.isatty())


def open_welcome(session: Session, attempt: Callable[[str], Awaitable[None]]) -> tuple[str, str, int]:
    """Show what can be done where nothing is configured; `attempt` opens a URL for a try.

    Returns `demo`, `url`, `init` or `quit`, the URL, and the exit code for `quit`.
    """
    from unstick.tui.app import run_welcome

    config = session.config
    file, _ = find_config(session.args.config, os.environ)
    with placed(config):
        return run_welcome(
            attempt,
            f"{_short(file)} names no source" if config.file else f"there is no {_short(file)}",
            keymap=config.keys,
            theme=session.args.theme or os.environ.get("UNSTICK_THEME") or config.data.get("theme"),
            theme_folder=file.parent / "themes",
            ascii=_ascii(session),
        )


def _short(file: Path) -> str:
    """Return a path as people write it: below the home folder with `~`."""
    return f"~/{file.relative_to(Path.home())}" if file.is_relative_to(Path.home()) else str(file)


def open_console(session: Session, seats: Sequence[Seat], workers: SourceWorkers | None = None) -> int:
    """Run the console until it is left; return its exit code. `workers` are the demo's."""
    from unstick.tui.app import run_console

    config = session.config
    alerts = _alerts(session)
    with placed(config), telling(alerts):
        return run_console(
            seats,
            keymap=config.keys,
            theme=session.args.theme or os.environ.get("UNSTICK_THEME") or config.data.get("theme"),
            theme_folder=find_config(session.args.config, os.environ)[0].parent / "themes",
            ascii=_ascii(session),
            workers=workers,
            views=config.views,
            find=lambda text: _found(session, text),
            on_sweep=alerts,
        )


def _alerts(session: Session) -> ConsoleAlerts | None:
    """Return what tells people of the runs of sweeps, where somebody is to be told."""
    from unstick.cli.sweep_watching import wanted

    if not wanted(session.config, session.config.sources):
        return None
    from unstick.cli.sweep_alerts import ConsoleAlerts

    return ConsoleAlerts(session)


@contextmanager
def telling(alerts: ConsoleAlerts | None) -> Iterator[None]:
    """Say at the end what went wrong with alerts."""
    try:
        yield
    finally:
        if alerts is not None:
            alerts.tell()


def _ascii(session: Session) -> bool | None:
    """Return what was asked for; None leaves it to the locale."""
    if session.args.ascii:
        return True
    text = os.environ.get("UNSTICK_ASCII")
    if text:
        return bool(read_variable("UNSTICK_ASCII", text, flag))
    wanted: bool | None = session.config.data.get("ascii")
    return wanted
