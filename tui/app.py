"""The way in: checks the terminal before anything heavy is imported, and always leaves in time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from unstick.recovery.display import TEXT_LIMIT, display_text
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source
    from unstick.recovery.sweeping import Run
    from unstick.tui.console import ConsoleApp
    from unstick.tui.places import Find
    from unstick.tui.ways import Try, Way
    from unstick.tui.workers import Workers

NO_CONSOLE = (
    "{why}, so the console can't be shown; use the headless commands instead, "
    "for example: unstick jobs --stuck, unstick recover --dry-run (see unstick --help)"
)
UNUSABLE = ("", "dumb", "unknown")
"""Values of TERM that say nothing of a terminal that could show more than lines."""


def require_terminal(environ: Mapping[str, str], *, interactive: bool) -> None:
    """Raise UsageError, with what to do instead, where no console can be shown."""
    if not interactive:
        raise UsageError(NO_CONSOLE.format(why="this is not a terminal"))
    term = environ.get("TERM", "")
    if term in UNUSABLE:
        raise UsageError(NO_CONSOLE.format(why=f"the terminal type (TERM) is {term or 'not set'}"))


def shows_ascii_only(wanted: bool | None, environ: Mapping[str, str]) -> bool:
    """Return whether nothing but ASCII may be written: as wanted, else as the locale says."""
    if wanted is not None:
        return wanted
    locale = next(filter(None, map(environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    return "utf8" not in locale.lower().replace("-", "")


def _require_this_terminal() -> None:
    # Textual draws on the error output.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    require_terminal(os.environ, interactive=all(each.isatty() for each in streams))


def run_console(
    sources: Sequence[tuple[Callable[[], Backend], Source]],
    *,
    keymap: Mapping[str, str] | None = None,
    theme: str | None = None,
    theme_folder: Path | None = None,
    ascii: bool | None = None,  # noqa: A002 - the public name of the option
    workers: Workers | None = None,
    views: Mapping[str, Mapping[str, Any]] | None = None,
    find: Find | None = None,
    on_sweep: Callable[[Source, Run], None] | None = None,
) -> int:
    """Run the console on one source or several and return the exit code.

    Each source comes with a function that makes its backend, not opened. It is called in a thread when the
    source is first looked at, so what it imports does not hold up the first screen. `workers` are the demo's,
    `theme_folder` has the user's own themes, `views` are the saved views of the configuration. `find`
    opens sources by URL or name while the console is open. `on_sweep` hears of each run of a sweep, on the
    console's event loop, and must not take long. Without `ascii` the locale decides. Raises
    ConfigError for a bad keymap or theme, UsageError where there is no terminal.
    """
    _require_this_terminal()
    # Read once, when Textual is imported; the extended reports break input methods and dead keys.
    os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    from unstick.tui.console import ConsoleApp

    app = ConsoleApp(
        sources,
        keymap=keymap,
        theme=theme,
        theme_folder=theme_folder,
        ascii=shows_ascii_only(ascii, os.environ),
        workers=workers,
        views=views,
        find=find,
        on_sweep=on_sweep,
    )
    return _run(app)


def run_welcome(
    attempt: Try,
    place: str,
    *,
    keymap: Mapping[str, str] | None = None,
    theme: str | None = None,
    theme_folder: Path | None = None,
    ascii: bool | None = None,  # noqa: A002 - the public name of the option
) -> Way:
    """Show the welcome screen and return what was chosen there.

    `attempt` opens a URL for a try, `place` tells where a configuration would be; else as `run_console`.
    """
    _require_this_terminal()
    os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    from unstick.tui.ways import Way
    from unstick.tui.welcome import WelcomeApp

    plain = shows_ascii_only(ascii, os.environ)
    app = WelcomeApp(attempt, place, keymap=keymap, theme=theme, theme_folder=theme_folder, ascii=plain)
    code = _run(app)
    return app.way or Way("quit", code=code)


def _run(app: ConsoleApp) -> int:
    """Run on a loop of our own: asyncio.run would wait for whatever a hanging driver left behind."""
    loop = asyncio.new_event_loop()
    executor = ThreadPoolExecutor(thread_name_prefix="unstick")
    loop.set_default_executor(executor)
    asyncio.set_event_loop(loop)
    try:
        code = loop.run_until_complete(_main(app))
    finally:
        asyncio.set_event_loop(None)
        executor.shutdown(wait=False, cancel_futures=True)
    if _left_behind():
        sys.stdout.flush()
        sys.stderr.flush()
        # The interpreter would join these threads at its end, and they hang: the shell comes first.
        os._exit(code)
    loop.close()
    return code


async def _main(app: ConsoleApp) -> int:
    loop = asyncio.get_running_loop()
    leaving: list[asyncio.Task[None]] = []
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(
            number, lambda code: leaving.append(loop.create_task(app.hang_up(code))), 128 + number
        )
    await app.run_async(mouse=False)
    if app.crash is not None:
        _tell_crash(app.crash)
    elif app.refused is not None:
        _tell_refusal(app.refused)
    for task in leaving:
        task.cancel()
    await app.release()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=0.2)
    return app.return_code or 0


def _tell_crash(error: Exception) -> None:
    """Say that it was our fault, and where; the whole traceback only where it was asked for."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    told = " ".join(f"{type(error).__name__}: {error}"[:300].split())
    _tell(f"unstick: the console failed by a mistake of its own: {told}{where}")
    _tell("unstick: what was applied is in the journal: unstick operations")
    if os.environ.get("UNSTICK_DEBUG"):
        _tell("".join(traceback.format_exception(error)))


def _tell_refusal(error: Exception) -> None:
    """Say why the source could not be opened, where it can still be read: in the shell."""
    from unstick.tui.session import sentence

    _tell(f"unstick: {sentence(error, address=True)}")


def _tell(text: str) -> None:
    print(display_text(text, limit=TEXT_LIMIT, multiline=True), file=sys.stderr)  # noqa: T201


def _left_behind() -> bool:
    threads = [
        each for each in threading.enumerate() if each is not threading.main_thread() and not each.daemon
    ]
    for thread in threads:
        thread.join(0.2 / len(threads))
    return any(thread.is_alive() for thread in threads)
