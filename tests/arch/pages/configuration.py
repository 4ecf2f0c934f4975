"""`docs/config-reference.md` from the models that check the configuration, and the table of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unstick.recovery.config import schema
from unstick.recovery.config.environment import OTHERS, VARIABLES
from unstick.recovery.durations import NEVER, short_duration

HEAD = """\
# Configuration reference

Made from the program's own models by `scripts/docs`: every key of the configuration file and every variable.
[Configuration](config.md) explains them, with examples and with who wins; `unstick config schema` prints
the same as a JSON schema.

A duration is a text such as `90s`, `30m` or `2h`; a plain number is of [an older format](config.md#formats).
Where nothing stands under "built in", a key that is left out means nothing, or what the profile says.
"""

Table = Mapping[str, Any]
WORDS = {"string": "text", "boolean": "`true` or `false`", "integer": "number", "number": "number"}


def page() -> str:
    """Return the whole page as Markdown."""
    whole = schema()
    tables: dict[str, list[str]] = {}
    for name, place in _places(whole, whole, ""):
        if place not in tables.setdefault(name, []):
            tables[name].append(place)
    lines = [HEAD, *_section("At the top of the file", whole["description"], whole, whole)]
    shared = _shared(whole)
    lines += _section("`[defaults]` and `[sources.NAME]`", "What both have.", {"properties": shared}, whole)
    for name, places in tables.items():
        table = whole["$defs"][name]
        own = {key: each for key, each in table["properties"].items() if shared.get(key) != each}
        title = ", ".join(f"`[{place}]`" for place in places)
        lines += _section(title, table.get("description", ""), {**table, "properties": own}, whole)
    return "\n".join([*lines, *_variables()])


def keys() -> dict[str, Table]:
    """Return every key of every table with its schema, under `Table.key`."""
    whole = schema()
    tables = {"ConfigFile": whole, **whole["$defs"]}
    return {
        f"{table}.{key}": each for table, found in tables.items() for key, each in found["properties"].items()
    }


def _shared(whole: Table) -> dict[str, Any]:
    """Return the keys that a source and `[defaults]` have alike."""
    source = whole["$defs"]["SourceTable"]["properties"]
    return {
        key: each for key, each in whole["$defs"]["Defaults"]["properties"].items() if source.get(key) == each
    }


def _places(table: Table, whole: Table, place: str) -> Iterator[tuple[str, str]]:
    """Yield each table of its own with the place where it may stand, in the order of the file."""
    for key, each in table["properties"].items():
        for name, many in _references(each):
            here = ".".join(filter(None, (place, key, many)))
            yield name, here
            yield from _places(whole["$defs"][name], whole, here)


def _references(each: Table, many: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in each:
        yield each["$ref"].rpartition("/")[2], many
    for way in each.get("anyOf", ()):
        yield from _references(way, many)
    for key, name in (("additionalProperties", "NAME"), ("items", "")):
        if isinstance(each.get(key), dict):
            yield from _references(each[key], name)


def _section(title: str, about: str, table: Table, whole: Table) -> list[str]:
    required = table.get("required", ())
    rows = [
        f"| `{key}` | {_kind(each)} | {'required' if key in required else _default(each)} | {_told(each)} |"
        for key, each in table["properties"].items()
    ]
    head = ["| key | holds | built in | means |", "|---|---|---|---|"]
    return [f"## {title}", "", about, "", *head, *rows, ""]


def _kind(each: Table) -> str:
    """Return what a value may be, in words."""
    if "$ref" in each:
        return "table"
    if "enum" in each:
        return ", ".join(f"`{value}`" for value in each["enum"])
    if "const" in each:
        return f"`{each['const']}`"
    if "anyOf" in each:
        ways = [_kind(way) for way in each["anyOf"] if way.get("type") != "null"]
        return " or ".join(dict.fromkeys(ways))
    if _is_duration(each):
        return f"duration or `{NEVER}`" if NEVER in each["examples"] else "duration"
    kind = each.get("type")
    if kind == "array":
        return f"list of {_many(each['items'])}"
    if kind == "object":
        values = each.get("additionalProperties")
        return f"table of {_many(values)}" if isinstance(values, dict) and values else "table"
    return WORDS[kind or ""]


def _many(each: Table) -> str:
    words = {"text": "texts", "table": "tables", "duration": "durations", "number": "numbers"}
    return " or ".join(words.get(word, word) for word in _kind(each).split(" or "))


def _is_duration(each: Table) -> bool:
    """Whether a value is a duration: those show how one is written."""
    return "2h" in each.get("examples", ())


def _default(each: Table) -> str:
    value = each.get("default")
    if value in (None, "", {}, []) or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    timed = any(_is_duration(way) for way in (each, *each.get("anyOf", ())))
    return f"`{short_duration(value) if timed else value}`"


def _told(each: Table) -> str:
    return str(each.get("description", "")).replace("|", "\\|")


def _variables() -> list[str]:
    rows = [
        *(f"| `{name}` | `{setting}` | {told} |" for name, (setting, _, told) in VARIABLES.items()),
        *(f"| `{name}` | | {told} |" for name, told in OTHERS.items()),
    ]
    return ["## Environment variables", "", "| variable | sets | means |", "|---|---|---|", *rows, ""]
