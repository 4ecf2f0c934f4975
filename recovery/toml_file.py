"""TOML with errors that name file, line, key and what is allowed. For config, profiles and themes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from .errors import ConfigError
from .source import mask_url
from .suggest import hint

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    Model = TypeVar("Model", bound=BaseModel)

_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PLAIN = {
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "model_attributes_type": "must be a table",
}
"""What pydantic says in words of Python, in words of TOML."""
_TWICE = ("Cannot overwrite a value", "Cannot mutate immutable namespace")
BOM = "\ufeff"
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")


class Mistake(ValueError):
    """A mistake that a model's own check finds; `path` leads from the model to the key at fault."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Read TOML text. Raises ConfigError with the line of the mistake."""
    try:
        return tomllib.loads(text.removeprefix(BOM))
    except RecursionError:
        raise ConfigError("this is not TOML that can be read: it is nested too deeply", file=file) from None
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = _LINE.search(message)
        line = int(match[1]) if match and match[1] else len(text.splitlines())
        reason = _LINE.sub("", message).strip()
        if reason in _TWICE or reason.startswith("Cannot declare"):
            raise ConfigError(*_twice(text, line), file=file, line=line) from None
        raise ConfigError(f"this is not TOML: {reason}", file=file, line=line) from None


def _twice(text: str, line: int) -> tuple[str]:
    """Return the sentence for a key or table that is there already, at the line where it is so again."""
    lines = text.splitlines()
    again = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    name = again.partition("=")[0].strip() if not again.startswith("[") else again.partition("#")[0].strip()
    return (f"{name[:60]!r} is there twice; keep one of them",)


def validate(
    model: type[Model],
    data: Mapping[str, Any],
    text: str,
    file: str,
    *,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """Check data against a pydantic model. Raises ConfigError for the first mistake, with its place.

    `context` is what the model's validators are told besides.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        raise explain(error, model, data, text, file) from None


def explain(
    error: ValidationError, model: type[Any], data: Mapping[str, Any], text: str, file: str
) -> ConfigError:
    """Return the first of pydantic's complaints as one sentence with file, line and key."""
    # A mistyped key is also a missing one: the typing mistake is what helps.
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    path = real_path(first["loc"], data)
    kind = first["type"]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Mistake):
        path = (*path, *cause.path)
    if kind == "extra_forbidden":
        allowed = _fields_at(model, path[:-1])
        message = f"there is no such key{hint(str(path[-1]), allowed)}"
    elif kind == "missing":
        message = "this key is missing"
    else:
        message = _said(first)
    return ConfigError(message, file=file, line=line_of(text, path), key=".".join(map(str, path)) or None)


def _said(first: ErrorDetails) -> str:
    """Return pydantic's message in the words of a TOML file, with what was given where that helps."""
    kind, given = first["type"], first["input"]
    if kind in ("enum", "literal_error"):
        allowed = re.findall(r"'([^']*)'|(\d+)", first["ctx"]["expected"])
        names = [text or number for text, number in allowed]
        return f"can't be {given!r}{hint(str(given), names)}"
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    message = first["msg"].removeprefix("Value error, ")
    message = _PLAIN.get(kind) or message[:1].lower() + message[1:]
    if isinstance(given, str) and ("@" in given or ":/" in given or first["loc"][-1:] == ("url",)):
        message, given = message.replace(given, mask_url(given)), mask_url(given)
    if isinstance(given, str | int | float | bool) and repr(given) not in message:
        message += f", not {given!r}"
    return message


def real_path(location: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    """Drop what pydantic puts into a location besides keys: names of validators and union members."""
    path: list[str | int] = []
    for part in location:
        inside = (
            part in data if isinstance(data, Mapping) else isinstance(data, list) and isinstance(part, int)
        )
        if inside:
            data = data[part]
        elif part == "[key]" or part is not location[-1] or not isinstance(data, Mapping):
            continue
        path.append(part)
    return tuple(path)


def _fields_at(model: Any, path: Sequence[str | int]) -> list[str]:
    """Return the keys that a model allows at a path."""
    free = False
    for part in path:
        if isinstance(part, int) or free:
            free = False
            continue
        fields = getattr(model, "model_fields", None)
        if fields is None:
            continue
        field = fields.get(part) or next((f for f in fields.values() if f.alias == part), None)
        if field is None:
            return []
        model, free = _model_in(field.annotation), get_origin(field.annotation) is dict
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the 1-based line where a key (or the table nearest to it) stands, or None."""
    best, best_length = None, 0
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.removeprefix(BOM).splitlines(), 1):
        if header := _HEADER.match(line):
            table = _table_path(_parts(header[2]), header[1] == "[[", counts)
            here = table
        elif key := _KEY.match(line):
            here = (*table, *_parts(key[1]))
        else:
            continue
        if here[-1:] == (0,) and tuple(path) == here[:-1]:
            # A list of tables where one table belongs.
            here = here[:-1]
        if len(here) > best_length and tuple(path[: len(here)]) == here:
            best, best_length = number, len(here)
    return best


def _parts(header: str) -> tuple[str, ...]:
    return tuple(quoted or single or bare for quoted, single, bare in _PART.findall(header))


def _table_path(
    names: tuple[str, ...], array: bool, counts: dict[tuple[str, ...], int]
) -> tuple[str | int, ...]:
    """Return the table's path with the index of each array of tables that it stands in."""
    if array:
        counts[names] = counts.get(names, -1) + 1
        for known in [known for known in counts if len(known) > len(names) and known[: len(names)] == names]:
            del counts[known]
    path: list[str | int] = []
    for length, name in enumerate(names, 1):
        path.append(name)
        if (index := counts.get(names[:length])) is not None:
            path.append(index)
    return tuple(path)
