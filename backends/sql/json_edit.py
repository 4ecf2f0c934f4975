"""Changing single values within JSON text. All that isn't changed keeps its spelling, byte for byte: numbers,
escapes, blanks, the order of keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

Step = str | int
_BLANKS = re.compile(r"[ \t\n\r]*")


def _no_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_json)


def parse(text: str) -> Any:
    """Return what the text says. Raises ValueError when it isn't JSON, also for NaN and endless nesting."""
    try:
        return json.loads(text, parse_constant=_no_json)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def find(text: object, path: Sequence[str]) -> Any:
    """Return the value at a path; None where there is none, or where the text isn't JSON."""
    if not isinstance(text, str):
        return None
    try:
        found = parse(text)
    except ValueError:
        return None
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of an object or list: where it begins (with its key), and where its value is."""

    name: Step
    start: int
    value: int
    end: int


def put(text: str, path: Sequence[Step], value: Any) -> str:
    """Return the text with the value at the path, where all but the last step must be there. Raises
    ValueError."""
    *above, last = path
    start = _locate(text, above)
    members = list(_members(text, start))
    found = [member for member in members if member.name == last]
    written = json.dumps(value, ensure_ascii=False)
    if found:
        # Of several with one name the last one counts.
        return text[: found[-1].value] + written + text[found[-1].end :]
    if text[start] != "{":
        raise ValueError(f"there is no object to put {last} into")
    comma, colon = (", ", ": ") if re.search(r'":[ ]', text) else (",", ":")
    end = members[-1].end if members else start + 1
    written = json.dumps(last, ensure_ascii=False) + colon + written
    return text[:end] + (comma if members else "") + written + text[end:]


def remove(text: str, path: Sequence[Step]) -> str:
    """Return the text without the member at the path; as it is where there is none. Raises ValueError."""
    *above, last = path
    members = list(_members(text, _locate(text, above)))
    while (place := next((i for i, one in enumerate(members) if one.name == last), None)) is not None:
        start, end = members[place].start, members[place].end
        if place + 1 < len(members):
            end = members[place + 1].start
        elif place:
            start = members[place - 1].end
        text = text[:start] + text[end:]
        members = list(_members(text, _locate(text, above)))
    return text


def _locate(text: str, path: Sequence[Step]) -> int:
    """Return where the value at the path begins. Raises ValueError where there is none."""
    place = _blank(text, 0)
    for step in path:
        found = [member for member in _members(text, place) if member.name == step]
        if not found:
            raise ValueError(f"there is no {step}")
        place = found[-1].value
    return place


def _members(text: str, start: int) -> Iterator[_Member]:
    closing = {"{": "}", "[": "]"}.get(text[start : start + 1])
    if closing is None:
        return
    place, number = _blank(text, start + 1), 0
    while text[place] != closing:
        begun = place
        name: Step = number
        if closing == "}":
            name, place = _DECODER.raw_decode(text, place)
            # Behind the colon, which is there: the text is JSON.
            place = _blank(text, _blank(text, place) + 1)
        _, end = _DECODER.raw_decode(text, place)
        yield _Member(name, begun, place, end)
        number, place = number + 1, _blank(text, end)
        if text[place] == ",":
            place = _blank(text, place + 1)


def _blank(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place
