"""`docs/unstick.1`, the manual page, from the grammar, the examples and the table of variables."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

from unstick.cli.examples import EXAMPLES
from unstick.cli.parser import ABOUT, EXIT_CODES, parser_of
from unstick.cli.verbs import CONSOLE, VERBS
from unstick.recovery.config.environment import OTHERS, VARIABLES

COMMON = "common"
"""Title of the group of options that every command has."""
FILES = {
    "~/.config/unstick/config.toml": "the configuration; `unstick config path` tells where it really is",
    "~/.config/unstick/profiles/": "profiles of one's own, a TOML file each",
    "~/.config/unstick/themes/": "themes of one's own",
    "~/.local/state/unstick/journal.sqlite3": "the journal of databases that have none",
}


def page() -> str:
    """Return the page in the man macros."""
    lines = [
        r".\" Made by scripts/docs from the program's own grammar.",
        '.TH UNSTICK 1 2026-12-01 "unstick" "User Commands"',
        ".SH NAME",
        r"unstick \- see why background jobs hang, recover exactly what you saw, undo it",
        ".SH SYNOPSIS",
        r".B unstick",
        r"[\fIURL\fR | \fB\-\-source\fR \fINAME\fR ...]",
        ".br",
        ".B unstick",
        r"\fICOMMAND\fR [\fIoption\fR ...]",
        ".SH DESCRIPTION",
        _text(ABOUT.replace("\n", " ")),
        ".PP",
        _text("Everything that the console does also works without it, for scripts and cron."),
        ".SH OPTIONS",
        *_options(_actions(parser_of(CONSOLE))),
        ".SH COMMANDS",
        *(line for verb in VERBS for line in _verb(verb)),
        ".SH EXIT STATUS",
        *_codes(),
        ".SH ENVIRONMENT",
        *_tagged((name, told) for name, (_, _, told) in VARIABLES.items()),
        *_tagged(OTHERS.items()),
        ".SH FILES",
        *_tagged(FILES.items()),
        ".SH EXAMPLES",
        *_examples(CONSOLE)[1:],
    ]
    return "\n".join(lines) + "\n"


def _verb(verb: str) -> list[str]:
    parser = parser_of(verb)
    own = [action for action in _actions(parser) if action not in _common(parser)]
    usage = " ".join(["unstick", verb, *(_usage(action) for action in own if not action.option_strings)])
    summary = VERBS[verb].summary
    return [
        f".SS {_text(usage)}",
        _text(f"{summary[0].upper()}{summary[1:]}."),
        *_options(own),
        *_examples(verb),
    ]


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        action for action in parser._actions if action.help != argparse.SUPPRESS and action.dest != "help"
    ]


def _common(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        action for group in parser._action_groups if group.title == COMMON for action in group._group_actions
    ]


def _usage(action: argparse.Action) -> str:
    shown = str(action.metavar or (" | ".join(action.choices) if action.choices else action.dest))
    if action.nargs in ("?", "*"):
        return f"[{shown}{' ...' if action.nargs == '*' else ''}]"
    return shown


def _options(actions: Iterable[argparse.Action]) -> list[str]:
    lines = []
    for action in actions:
        value = "" if action.nargs == 0 else rf" \fI{_text(_usage(action))}\fR"
        names = ", ".join(rf"\fB{_text(name)}\fR" for name in action.option_strings)
        told = (action.help or "").replace("%%", "%")
        lines += [".TP", f"{names}{value}".strip(), _text(told)]
    return lines


def _examples(verb: str) -> list[str]:
    lines = []
    for example in EXAMPLES.get(verb, ()):
        does = f"{example.does[0].upper()}{example.does[1:]}:"
        lines += [".PP", _text(does), ".PP", ".RS 4", ".EX", _text(example.command), ".EE", ".RE"]
    return lines


def _codes() -> list[str]:
    told = " ".join(EXIT_CODES.split()).removeprefix("exit codes: ")
    return _tagged(re.findall(r"(\d+) ([^;]+)", told))


def _tagged(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [line for name, told in pairs for line in (".TP", rf"\fB{_text(name)}\fR", _text(told))]


def _text(text: str) -> str:
    """Return text that roff shows as it is written."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    escaped = escaped.replace("~", r"\(ti").replace("^", r"\(ha").replace("\n", " ")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
