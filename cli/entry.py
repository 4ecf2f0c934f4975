"""Runs a command line: parse, do, and turn every failure into one sentence and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from unstick.cli.failures import explain, mask, sentence
from unstick.cli.output import narrate, say
from unstick.cli.parser import parse
from unstick.recovery.display import display_text
from unstick.recovery.errors import UnstickError

if TYPE_CHECKING:
    from unstick.cli.session import Session
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

INTERRUPTED = 130


class _Module(Protocol):
    def run(self, session: Session) -> int: ...


def run(argv: Sequence[str] | None, make_backend: Callable[[Source], Backend] | None) -> int:
    """Run and return the exit code; nothing but the exit code and sentences ever gets out."""
    if argv is None and "_ARGCOMPLETE" in os.environ:
        from unstick.cli.completing import complete

        complete()
    arguments = list(sys.argv[1:] if argv is None else argv)
    _tolerate_any_character()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            code = _guarded(arguments, make_backend)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        code = 0
    return code


def _guarded(arguments: list[str], make_backend: Callable[[Source], Backend] | None) -> int:
    as_json = "--json" in arguments
    try:
        return _do(arguments, make_backend)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except UnstickError as error:
        return explain(sentence(error), error.exit_code, as_json=as_json)
    except BrokenPipeError:
        raise
    except Exception as error:
        return explain(sentence(error), 1, as_json=as_json, bug=error)
    except BaseException as error:
        if not _is_interruption(error):
            raise
        return explain("interrupted", INTERRUPTED, as_json=as_json)


def _is_interruption(error: BaseException) -> bool:
    # Nothing can be cancelled where nobody imported asyncio, which would double the time that help takes.
    loops = sys.modules.get("asyncio")
    return isinstance(error, KeyboardInterrupt) or (
        loops is not None and isinstance(error, loops.CancelledError)
    )


def _do(arguments: list[str], make_backend: Callable[[Source], Backend] | None) -> int:
    parsed = parse(arguments)
    if getattr(parsed, "version", False):
        from importlib.metadata import version

        say(f"unstick {version('unstick')}")
        return 0
    from unstick.cli.session import Session

    module = cast(_Module, importlib.import_module(f"unstick.cli.{parsed.module}"))
    return module.run(Session(parsed, make_backend))


def _tolerate_any_character() -> None:
    """A terminal or pipe that can't show a character gets an escape in its place, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Say a warning (a plug-in that can't be loaded) as a sentence, without the line of code that gave it."""
    narrate(f"unstick: {mask(display_text(str(message), limit=1000))}")


def _forget_stdout() -> None:
    """Whoever read us has gone (`unstick jobs | head`): what is still buffered must not complain at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
