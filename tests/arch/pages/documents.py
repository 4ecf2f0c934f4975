"""`docs/json.md` from the declared keys, and what is wrong with an object that a command printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.arch.pages.shapes import DOCUMENTS, Document
from tests.arch.pages.shapes_objects import OBJECTS, Keys

HEAD = """\
# JSON output

Made by `scripts/docs` from the declared keys, which a test compares with what each command really prints.

`--json` prints exactly one object on stdout, in ASCII; `sweep` without `--once` prints one per run, a line
each. Keys are stable; new ones may be added. Times are ISO 8601 in UTC, durations and ages seconds; what
isn't known is null. A `{}` behind a key is an object whose keys are data, a `[]` a list, a `?` stands behind
what is not always there.

Any failure is `{"error": "one sentence", "exit_code": n}`; [Command line](cli.md#exit-codes) lists the codes.
"""


class Key(NamedTuple):
    """A declared key: its name, `[]`, `{}` or nothing, whether it may be missing, and the object it holds."""

    name: str
    form: str
    optional: bool
    holds: str | None


def parsed(declared: str) -> Key:
    """Read how a key is declared."""
    name, _, holds = declared.partition(":")
    match = re.fullmatch(r"(\w+)(\[\]|\{\})?(\?)?", name)
    assert match is not None, declared
    return Key(match[1], match[2] or "", match[3] is not None, holds or None)


def page() -> str:
    """Return the whole page as Markdown."""
    lines = [HEAD, "## Commands", ""]
    for document in (each for found in DOCUMENTS.values() for each in found):
        lines += [f"### {document.command}", "", *_table(document), ""]
    lines += ["## Objects", ""]
    for name, keys in OBJECTS.items():
        lines += [f"### {_title(name)}", "", *_rows(keys), ""]
    return "\n".join(lines)


def _table(document: Document) -> list[str]:
    if document.anything:
        return ["The schema itself."]
    named = next((name for name, keys in OBJECTS.items() if keys is document.keys), None)
    return [f"{_link(named)}."] if named else _rows(document.keys)


def _rows(keys: Keys) -> list[str]:
    return ["| key | holds |", "|---|---|", *(_row(parsed(key), told) for key, told in keys.items())]


def _row(key: Key, told: str) -> str:
    shown = f"`{key.name}{key.form}{'?' if key.optional else ''}`"
    words = [told] if told else []
    if key.holds:
        words.append({"[]": "each ", "{}": "each "}.get(key.form, "") + _link(key.holds))
    return f"| {shown} | {': '.join(words)} |"


def _link(name: str) -> str:
    return f"[{name}](#{_title(name).lower().replace(' ', '-')})"


def _title(name: str) -> str:
    return f"Object: {name}".replace(":", "")


def mistakes(keys: Keys, value: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Yield each key that is missing, that nobody declared, or that holds something of another form."""
    declared = {key.name: key for key in map(parsed, keys)}
    for name in value:
        if name not in declared:
            yield f"{where}{name} is not declared"
    for name, key in declared.items():
        if name in value:
            yield from _inside(key, value[name], f"{where}{name}")
        elif not key.optional:
            yield f"{where}{name} is missing"


def _inside(key: Key, value: Any, where: str) -> Iterator[str]:
    if value is None:
        return
    wanted: type | tuple[type, ...] = list if key.form == "[]" else dict
    if key.form or key.holds:
        if not isinstance(value, wanted):
            yield f"{where} is no {wanted}"
            return
    elif isinstance(value, list | dict):
        yield f"{where} holds more than one value"
        return
    if key.holds:
        each = value if key.form == "[]" else value.values() if key.form else [value]
        for one in each:
            yield from mistakes(OBJECTS[key.holds], one, f"{where}.")


def seen(keys: Keys, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of each declared object that occurs in a value."""
    for key in map(parsed, keys):
        found = value.get(key.name)
        if key.holds and found:
            yield key.holds
            for one in found if key.form == "[]" else found.values() if key.form else [found]:
                yield from seen(OBJECTS[key.holds], one)
