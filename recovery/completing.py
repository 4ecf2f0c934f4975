"""What may follow in a filter expression: fields, operators, values. Pure, so that every rule is tested."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unstick.recovery.display import display_text
from unstick.recovery.filters import FIELDS, quote_value
from unstick.recovery.matching import AGES, COUNTS
from unstick.recovery.model import State

STATES = tuple(state.value for state in State)
FLAGS: Mapping[str, tuple[str, ...]] = {
    "state": STATES,
    "is": ("stuck", *STATES),
    "stuck": ("yes", "no"),
    "retries": ("1", "2", "3"),
    "priority": ("0",),
}
"""Values that are known without looking at any row."""

AGE_SAMPLES = ("10m", "30m", "1h", "6h", "1d")
_UNITS = ("s", "m", "h", "d")
_COUNT_OPS = (">=", ">", "<=", "<", ":", "!=")
_AGE_OPS = (">", ">=", "<", "<=")
_HEAD = re.compile(r"([A-Za-z_]+)(:?(?:>=|<=|!=|[=<>])|:)")


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand in place of the characters from `start` to `end`; candidates are whole replacements."""

    start: int
    end: int
    candidates: tuple[str, ...] = ()


def complete_filter(text: str, caret: int, offered: Mapping[str, Iterable[str]] | None = None) -> Completion:
    """Return what may be written at the caret. `offered` has values by field, as seen in the rows."""
    start = _term_start(text, caret)
    start += text[start:caret].startswith("!")
    written = text[start:caret]
    if written.startswith('"'):
        return Completion(caret, caret)
    head = _HEAD.match(written)
    if head is None:
        return Completion(start, caret, _fields(written))
    name = head[1].lower()
    if name not in FIELDS:
        return Completion(start, caret, _fields(head[1]))
    at = start + head.end() + _value_start(written[head.end() :])
    return Completion(at, caret, _values(name, text[at:caret], (offered or {}).get(name, ())))


def words_with(word: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return those words that begin with `word`, each once, in their order; case never matters."""
    low = word.lower()
    return tuple(dict.fromkeys(each for each in words if each.lower().startswith(low)))


def common_start(words: Sequence[str]) -> str:
    """Return the longest beginning that all words have, whatever their case."""
    first, last = min(words, key=str.lower), max(words, key=str.lower)
    length = 0
    for a, b in zip(first.lower(), last.lower(), strict=False):
        if a != b:
            break
        length += 1
    return words[0][:length]


def _term_start(text: str, caret: int) -> int:
    """Where the term at the caret begins: after the last space outside of quotes, or the leading slash."""
    start, quoted, index = 0, False, 0
    while index < caret:
        char = text[index]
        if quoted and char == "\\":
            index += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and (char.isspace() or (char == "/" and not text[:index].strip())):
            start = index + 1
        index += 1
    return start


def _value_start(written: str) -> int:
    """Where the last of several values begins: after the last comma outside of quotes."""
    start, quoted = 0, False
    for index, char in enumerate(written):
        quoted ^= char == '"' and (index == 0 or written[index - 1] != "\\")
        if char == "," and not quoted:
            start = index + 1
    return start


def _fields(written: str) -> tuple[str, ...]:
    """Fields with the operator that one mostly wants; of a whole number field all of its operators."""
    name = written.lower()
    if name in COUNTS:
        return tuple(f"{name}{op}" for op in _COUNT_OPS)
    if name in AGES:
        return tuple(f"{name}{op}" for op in _AGE_OPS)
    if name == "stuck":
        return ("is:stuck", "stuck:no")
    return words_with(written, (f"{each}{_usual(each)}" for each in FIELDS))


def _usual(field: str) -> str:
    return ">=" if field in COUNTS else ">" if field in AGES else ":"


def _values(name: str, written: str, offered: Iterable[str]) -> tuple[str, ...]:
    if name in AGES:
        samples = tuple(f"{written}{unit}" for unit in _UNITS) if written.isdecimal() else AGE_SAMPLES
        return words_with(written, samples)
    # A value with control characters can't be typed, and would not be told apart from its stand-ins.
    clean = (value for value in offered if value and display_text(value, limit=len(value)) == value)
    found = words_with(written.lstrip('"'), [*FLAGS.get(name, ()), *clean])
    return tuple(quote_value(value) for value in found)
