"""Answers a shell that asks what fits on its command line. Files are read, nothing is connected to or run.

A shell that was given the script of `unstick completion` starts this program with `_ARGCOMPLETE` in its
environment; argcomplete does the rest.
"""

from __future__ import annotations

import argparse
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import argcomplete
from argcomplete.completers import BaseCompleter, DirectoriesCompleter, FilesCompleter

from unstick.cli.parser import bare, fill
from unstick.cli.verbs import CONSOLE, VERBS
from unstick.recovery.config.load import find_config
from unstick.recovery.errors import UnstickError
from unstick.recovery.filters import FIELDS
from unstick.recovery.matching import AGES, COUNTS
from unstick.recovery.model import State
from unstick.recovery.source import NAME

VARIABLE = "_ARGCOMPLETE"
OWN_VERBS = ("recover", "retry", "delete")
"""Actions that every system may have; `act` is for the others."""
STATES = tuple(state.value for state in State)
Find = Callable[[argparse.Namespace, str], Iterable[str]]


class Known(BaseCompleter):
    """Completes with names that `find` knows; what is wrong with a file is not told here."""

    def __init__(self, find: Find = lambda args, prefix: ()) -> None:
        self._find = find

    def __call__(
        self,
        *,
        prefix: str,
        action: argparse.Action,
        parser: argparse.ArgumentParser,
        parsed_args: argparse.Namespace,
    ) -> list[str]:
        """Return what fits."""
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError, UnstickError):
            return [name for name in self._find(parsed_args, prefix) if name.isprintable()]
        return []


def complete() -> None:
    """Answer, and end the program."""
    grammar = tree(os.environ.get("COMP_LINE", ""))
    # Options are many: they are told when a dash stands there.
    argcomplete.autocomplete(grammar, always_complete_options=False, default_completer=Known())


def tree(line: str) -> argparse.ArgumentParser:
    """Return the grammar of everything that may stand on a line; verbs that don't stand on it are empty."""
    top = bare("unstick")
    verbs = top.add_subparsers(dest="verb")
    fill(top, CONSOLE)
    for action in top._actions:
        if "--source" in action.option_strings:
            # One here, or the verb behind it would be taken for another one.
            action.nargs = None
    words = line.split()
    for name, verb in VERBS.items():
        below = verbs.add_parser(name, help=verb.summary, argument_default=argparse.SUPPRESS)
        if name in words:
            fill(below, name)
            _attach(below, name)
    _attach(top, CONSOLE)
    return top


def _attach(parser: argparse.ArgumentParser, verb: str) -> None:
    for action in parser._actions:
        found = (
            BY_PLACE.get((verb, action.dest))
            or BY_METAVAR.get(str(action.metavar))
            or BY_DEST.get(action.dest)
        )
        if found is not None:
            action.completer = found  # type: ignore[attr-defined]


def _file(args: argparse.Namespace) -> Mapping[str, Any]:
    """Return the configuration as it is written: names are wanted even where a value is wrong."""
    path, _ = find_config(getattr(args, "config", None), os.environ)
    return tomllib.loads(path.read_text("utf-8"))


def _sources(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    return [name for name in _file(args)["sources"] if re.fullmatch(NAME, name)]


def _profiles(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    from unstick.backends.profile.load import available

    return available()


def _actions(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    """Return the actions of the source's profile, where the configuration names it, else of all."""
    from unstick.backends.profile.load import available

    known = available()
    wanted = None
    with suppress(OSError, ValueError, LookupError, TypeError, UnstickError):
        file = _file(args)
        source = getattr(args, "source", None) or os.environ.get("UNSTICK_SOURCE")
        wanted = file["sources"][source or file["defaults"]["source"]].get("profile")
    texts = [known[wanted].text] if wanted in known else [info.text for info in known.values()]
    found = {name for text in texts for name in _named(tomllib.loads(text))}
    return sorted(found - set(OWN_VERBS))


def _named(table: Any) -> Iterator[str]:
    """Yield the names of actions, at whatever depth they stand."""
    below = table if isinstance(table, list) else table.values() if isinstance(table, dict) else ()
    if isinstance(table, dict) and isinstance(table.get("actions"), dict):
        yield from table["actions"]
    for each in below:
        yield from _named(each)


def _systems(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    from unstick.backends.demo.seed import SYSTEMS

    return SYSTEMS


def _themes(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    from unstick.cli.configuration import themes_beside

    return themes_beside(find_config(getattr(args, "config", None), os.environ)[0])


def _terms(args: argparse.Namespace, prefix: str) -> Iterable[str]:
    """Complete the last term of a filter: its field, or a state."""
    last = prefix.rpartition(" ")[2].lstrip("!")
    before = prefix[: len(prefix) - len(last)]
    field, colon, _ = last.partition(":")
    if colon:
        values = {"state": STATES, "is": ("stuck", *STATES)}.get(field, ())
        return [f"{before}{field}:{value}" for value in values]
    return [f"{before}{name}{'>' if name in (*COUNTS, *AGES) else ':'}" for name in FIELDS]


BY_METAVAR: Mapping[str, BaseCompleter] = {
    "NAME|URL": Known(_sources),
    "FILE": FilesCompleter(),
    "FOLDER": DirectoriesCompleter(),
    "S": Known(lambda args, prefix: STATES),
    "EXPR": Known(_terms),
    "ACTION": Known(_actions),
    "SYSTEM": Known(_systems),
    "PROFILE": Known(_profiles),
}
"""By what an option calls its value: a new option of these words is completed without a line here."""
BY_DEST: Mapping[str, BaseCompleter] = {"theme": Known(_themes)}
BY_PLACE: Mapping[tuple[str, str], BaseCompleter] = {("profiles", "name"): Known(_profiles)}
