"""The grammar. It imports nothing but the module of the verb in use."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from unstick.cli.verbs import CONSOLE, MANY, VERBS
from unstick.recovery.errors import UsageError

WITH_VALUE = ("--source", "--config", "--theme", "--timeout")
"""Options that may stand in front of a verb together with a value."""
PATHS = ("config", "file", "out", "dir")
"""Options and arguments that name a file."""

_ADDRESS = re.compile(r"[^\s'\"]+@[^\s'\"]*")
"""A word that may be a mistyped URL with a password in it."""
ABOUT = """\
A terminal console for background jobs that hang: see why, recover exactly what
you saw, undo it. Without a command the console opens."""
EXIT_CODES = """\
exit codes: 0 done, or nothing to do; 1 some rows not applied; 2 usage or configuration; 3 database
unreachable or refused; 4 timeout; 5 something is stuck (jobs --stuck --check); 130 interrupted"""


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the program."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Refuse with what is wrong and where to look."""
        from unstick.recovery.source import mask_url

        near = self._near(message)
        message = _ADDRESS.sub(lambda word: mask_url(word[0]), message)
        raise UsageError(f"{message}{near} (see `{self.prog} --help`)")

    def _near(self, message: str) -> str:
        from unstick.recovery.suggest import closest

        prefix = "unrecognized arguments: "
        if not message.startswith(f"{prefix}--"):
            return ""
        wrong = message.removeprefix(prefix).split()[0].partition("=")[0]
        near = closest(wrong, [name for name in self._option_string_actions if name.startswith("--")])
        return f"; did you mean {near}?" if near else ""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line. `verb` and `module` tell what to do. Raises UsageError."""
    arguments = list(argv)
    place = _verb_at(arguments)
    verb = arguments.pop(place) if place is not None else CONSOLE
    if verb == "help":
        return parse([*arguments, "--help"])
    module = VERBS[verb].module if verb in VERBS else CONSOLE
    parser = parser_of(verb)
    # Names may stand anywhere, also after an option; that behind `--` all are names only the plain way knows.
    parsed = parser.parse_args(arguments) if "--" in arguments else parser.parse_intermixed_args(arguments)
    parsed.verb, parsed.module = verb, module
    _check_text(parsed)
    return parsed


def _check_text(parsed: argparse.Namespace) -> None:
    """Refuse bytes that are no text: databases don't take them. File names may have them."""
    for name, value in vars(parsed).items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and name not in PATHS and not text.isascii() and _is_no_text(text):
                raise UsageError(f"{text!a} is not valid UTF-8; type it in a terminal that uses UTF-8")


def _is_no_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _verb_at(arguments: Sequence[str]) -> int | None:
    """Return where the verb stands: the first word that is no option and no option's value."""
    skip = False
    for index, word in enumerate(arguments):
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in WITH_VALUE
        elif word in VERBS or (word == "help" and index == 0):
            return index
        elif "--source" not in arguments[:index]:
            _refuse_word(word)
            return None
    return None


def _refuse_word(word: str) -> None:
    if ":/" in word:
        return
    from unstick.recovery.source import beginning
    from unstick.recovery.suggest import closest

    near = closest(word, VERBS)
    better = f"; did you mean {near}?" if near else ""
    shown = beginning(word) if "@" in word else word
    raise UsageError(
        f"there is no command {shown!r}{better} (see `unstick --help`; a source is named with --source)"
    )


def parser_of(verb: str) -> Parser:
    """Return the grammar of a verb, or of the console."""
    if verb == CONSOLE:
        parser = bare("unstick", description=ABOUT, epilog=_epilog())
        parser.add_argument(
            "url", nargs="?", metavar="URL", help="database to look at; its job system is recognised"
        )
    else:
        about = _sentence(VERBS[verb].summary)
        parser = bare(f"unstick {verb}", description=about, epilog=_with_examples(verb, EXIT_CODES))
        parser.set_defaults(verb=verb)
    fill(parser, verb)
    return parser


def bare(prog: str, **options: Any) -> Parser:
    """Return a grammar without options."""
    return Parser(prog=prog, **options)


def fill(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options of a verb, or of the console, and those that all have."""
    if verb == CONSOLE:
        parser.add_argument("--version", action="store_true", help="print the version")
        parser.add_argument("--theme", help="name of a theme")
        parser.add_argument(
            "--ascii", action="store_true", default=None, help="nothing but ASCII on the screen"
        )
    else:
        importlib.import_module(f"unstick.cli.{VERBS[verb].module}").configure(parser, verb)
    _common(parser, many=verb in MANY)


def _with_examples(verb: str, text: str) -> str:
    from unstick.cli.examples import told

    return "\n\n".join(filter(None, (told(verb), text)))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _epilog() -> str:
    width = max(map(len, VERBS)) + 2
    lines = [f"  {name:<{width}}{verb.summary}" for name, verb in VERBS.items()]
    commands = "\n".join(["commands (each has --help):", *lines])
    return _with_examples(CONSOLE, f"{commands}\n\n{EXIT_CODES}")


def _common(parser: argparse.ArgumentParser, *, many: bool) -> None:
    group = parser.add_argument_group("common")
    group.add_argument(
        "--source",
        metavar="NAME|URL",
        nargs="+" if many else None,
        help="a configured source, or a database URL",
    )
    group.add_argument("--config", metavar="FILE", help="configuration file instead of the default one")
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--read-only", dest="write", action="store_false", default=None, help="refuse every write"
    )
    either.add_argument(
        "--write", dest="write", action="store_true", default=None, help="allow writes, also in prod"
    )
