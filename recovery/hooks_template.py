"""Templates of hooks: words in braces are filled in, and escaped for where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from .model import Scalar

WORDS = ("job", "variant", "action", "operation", "source", "from", "to")
"""What every template may name; the row's key columns come on top."""

_PLACE = re.compile(r"\{([^\W\d]\w*)\}")
_STRING_OR_PLACE = re.compile(r'"(?:[^"\\]|\\.)*"|\{([^\W\d]\w*)\}')


def names_in(template: str) -> list[str]:
    """Return the words that a template wants to be filled in."""
    return _PLACE.findall(template)


def fill_url(template: str, values: Mapping[str, Scalar]) -> str:
    """Fill the template of a URL: no value can leave its place in it."""
    return _PLACE.sub(lambda place: _in_url(values.get(place[1])), template)


def _in_url(value: Scalar) -> str:
    text = quote("" if value is None else _text(value), safe="", errors="backslashreplace")
    # A segment of dots would be taken for a way to another folder.
    return text.replace(".", "%2E") if text.strip(".") == "" else text


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def fill_json(template: str, values: Mapping[str, Scalar]) -> str:
    """Fill a JSON template: inside quotes a value becomes part of the text, elsewhere a JSON value."""

    def within(place: re.Match[str]) -> str:
        value = values.get(place[1])
        return json.dumps("" if value is None else _text(value))[1:-1]

    def part(match: re.Match[str]) -> str:
        if match[1] is None:
            return _PLACE.sub(within, match[0])
        return json.dumps(values.get(match[1]))

    return _STRING_OR_PLACE.sub(part, template)


def json_mistake(template: str) -> str | None:
    """Return what is wrong with a JSON template, or None."""
    try:
        json.loads(fill_json(template, {}))
    except ValueError as error:
        return f"this is not JSON: {error}"
    return None
