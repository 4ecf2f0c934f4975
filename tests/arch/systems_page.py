"""What docs/systems.md names, taken apart: rows, and every name between backticks with its kind.

A command and a test speak for themselves; the kind of any other name is the word in front of it, as in
rule `stuck` or keys `R` and `T`. A name of no kind, or one that is not there, is a mistake.
"""

import ast
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from tests.arch.checkout import ROOT
from unstick.backends import profile_text
from unstick.backends.profile.action import Action
from unstick.backends.profile.load import find
from unstick.backends.profile.model import Profile
from unstick.cli.parser import parse
from unstick.recovery.config import schema
from unstick.recovery.config.environment import OTHERS, VARIABLES
from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import UnstickError
from unstick.recovery.filters import parse_filter
from unstick.tui.actions import ACTIONS, SCREENS

SYSTEMS = ("algoitny", "feedlyai", "extraction", "bg_jobs", "artitec")
"""By the numbers of their items: S0-1 is the first of algoitny's."""

_LIST = re.compile(r"(?:\b([A-Za-z]+) )?(`[^`]+`(?:(?:, and |, or |, | and | or )`[^`]+`)*)")
_ROW = re.compile(r"^\| (S\d+-\d+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
_PLURALS = {"indexes": "index", "statuses": "status"}


class Row(NamedTuple):
    """One item, what the document asks for, and where it is met."""

    item: str
    asks: str
    met: str


def sections(page: str) -> dict[str, str]:
    """Return the text below each heading of the second level, by its first word; "" is the introduction."""
    parts = re.split(r"^## (\w+).*$", page, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def rows(text: str) -> list[Row]:
    """Return the rows of the tables of items."""
    return [Row(*found) for found in _ROW.findall(text)]


def names(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of all that stands between backticks; the kind is empty where none is
    said."""
    for word, listed in _LIST.findall(text):
        word = word.lower()
        for name in re.findall(r"`([^`]+)`", listed):
            if name.split()[0] == "unstick":
                yield "command", name
            elif "::" in name:
                yield "test", name
            else:
                kind = _PLURALS.get(word, word.removesuffix("s") if word not in KINDS else word)
                yield (kind if kind in KINDS else ""), name


def mistakes(text: str, system: str = "") -> list[str]:
    """Return a sentence for each name in a section that is not what it says."""
    profile = find(system) if system else None
    found = []
    for kind, name in names(text):
        if not kind:
            found.append(f"{name}: say what it is, with one of {', '.join(KINDS)} in front")
        elif problem := KINDS[kind](name, profile):
            found.append(f"{kind} {name}: {problem}")
    return found


def _command(line: str, profile: Profile | None) -> str:
    try:
        args = parse(shlex.split(line)[1:])
        parse_filter(getattr(args, "filter", None) or "")
        for duration in ("timeout", "since"):
            if getattr(args, duration, None):
                parse_duration(getattr(args, duration))
    except UnstickError as error:
        return str(error)
    return _of_profile(args, profile) if profile else ""


def _of_profile(args: Namespace, profile: Profile) -> str:
    wanted = {"act": getattr(args, "action", None)}.get(
        args.verb, args.verb if args.module == "action" else None
    )
    if wanted and wanted not in actions(profile):
        return f"{profile.name} has no action {wanted}"
    step = getattr(args, "step", None)
    if step and step not in {one.name for one in profile.migration.steps}:
        return f"{profile.name} has no step {step}"
    return ""


def actions(profile: Profile) -> dict[str, list[Action]]:
    """Return all actions of jobs, variants and tasks in documents, by name."""
    found: dict[str, list[Action]] = {}
    for job in profile.jobs:
        for holder in (job, job.variants, job.variants_json):
            for name, action in (holder.actions if holder else {}).items():
                found.setdefault(name, []).append(action)
    return found


@cache
def _tests(path: str) -> frozenset[str]:
    file = ROOT / path
    if not path.startswith("tests/") or not file.is_file():
        return frozenset()
    functions = ast.walk(ast.parse(file.read_text("utf-8")))
    return frozenset(
        node.name
        for node in functions
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def _test(name: str, profile: Profile | None) -> str:
    path, _, function = name.partition("::")
    return "" if function in _tests(path) else "there is no such test"


def _settings() -> set[str]:
    tables = schema()["$defs"].values()
    return {name for table in tables for name in table["properties"]} | set(schema()["properties"])


def _one_of(known: Callable[[], set[str]]) -> Callable[[str, Profile | None], str]:
    return lambda name, profile: "" if name in known() else "there is none of this name"


def _in(known: Callable[[Profile], set[str]]) -> Callable[[str, Profile | None], str]:
    def problem(name: str, profile: Profile | None) -> str:
        if profile is None:
            return "it belongs to a system; name it in that one's section"
        return "" if name in known(profile) else f"{profile.name} has none of this name"

    return problem


def _rules(profile: Profile) -> set[str]:
    holders = [holder for job in profile.jobs for holder in (job, job.variants) if holder]
    return {rule.name for holder in holders for rule in holder.rules}


def _reports(profile: Profile) -> set[str]:
    return {key for found in actions(profile).values() for action in found for key in action.report}


def _variables(profile: Profile) -> set[str]:
    return {one.name for one in profile.env.values()} | {*VARIABLES, *OTHERS}


def _words(profile: Profile) -> set[str]:
    return set(re.findall(r"\w+", profile_text(profile.name)))


_WORD = _in(_words)
KINDS: dict[str, Callable[[str, Profile | None], str]] = {
    "command": _command,
    "test": _test,
    "key": _one_of(lambda: {key for action in ACTIONS for key in action.keys}),
    "screen": _one_of(lambda: set(SCREENS)),
    "setting": _one_of(_settings),
    "profile": lambda name, profile: "" if name in SYSTEMS else "there is none of this name",
    "rule": _in(_rules),
    "action": _in(lambda profile: set(actions(profile))),
    "report": _in(_reports),
    "variable": _in(_variables),
    "parameter": _in(lambda profile: set(profile.parameters)),
    "channel": _in(lambda profile: set(profile.notify.channels) if profile.notify else set()),
    "step": _in(lambda profile: {one.name for one in profile.migration.steps}),
    "index": _in(lambda profile: {one.name for one in profile.migration.indexes}),
    "addition": _in(lambda profile: {f"{one.table}.{one.column}" for one in profile.migration.columns}),
    "column": _WORD,
    "table": _WORD,
    "status": _WORD,
}
"""What can be named: kind -> what is wrong with such a name in a profile's section, "" for nothing."""
