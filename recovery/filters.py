"""The filter language of console and command line: `kind:mail !state:done,cancelled age>1h "two words"`.

Terms stand side by side and must all hold. `!` in front inverts a term: it then holds for every other job,
also for those that don't tell. In `field:value` a comma means any of and `*` any text; case never matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import FilterError, UsageError
from unstick.recovery.matching import AGES, COUNTS, NAMES, matches, matches_all
from unstick.recovery.model import State
from unstick.recovery.query import Op, Term
from unstick.recovery.suggest import closest, hint

__all__ = ["FIELDS", "format_filter", "matches", "matches_all", "parse_filter"]

FIELDS = ("state", "is", "stuck", *NAMES, "error", *COUNTS, *AGES)

_STATES = tuple(state.value for state in State)
_FIELD = re.compile(r"([A-Za-z_]+)(:?(?:>=|<=|!=|[=<>])|:)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^\s,"]+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


def parse_filter(text: str) -> tuple[Term, ...]:
    """Read a filter expression; an empty one gives no terms. A leading `/` is ignored. Raises FilterError."""
    position = len(text) - len(text.lstrip())
    if text[position : position + 1] == "/":
        position += 1
    terms = []
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        term, position = _term(text, position)
        terms.append(term)
    return tuple(terms)


def _term(text: str, start: int) -> tuple[Term, int]:
    negated = text[start] == "!"
    position = start + negated
    head = _FIELD.match(text, position)
    if head is None:
        word, end = _word(text, position)
        return Term("text", "=", word, negated), end
    name, op = head[1].lower(), head[2].lstrip(":") or "="
    if name not in FIELDS:
        raise FilterError(_no_field(name), position)
    values, end = _values(text, head.end(), f"{name}{head[2]}")
    return _build(name, cast(Op, op), values, negated, position), end


def _no_field(name: str) -> str:
    near = closest(name, FIELDS)
    better = f"; did you mean {near}?" if near else ""
    fields = ", ".join(FIELDS)
    return f"there is no filter field {name!r}{better} (fields: {fields}; quote it to search for text)"


def _word(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] == '"':
        return _quoted(text, start)
    end = start
    while end < len(text) and not text[end].isspace():
        end += 1
    if end == start:
        raise FilterError("'!' needs a word or a field after it, as in !mail or !state:done", start - 1)
    return text[start:end], end


def _quoted(text: str, start: int) -> tuple[str, int]:
    match = _QUOTED.match(text, start)
    if match is None:
        raise FilterError('a quote is not closed; write "two words"', start)
    if not match[1]:
        raise FilterError("there is nothing between the quotes", start)
    return _ESCAPE.sub(r"\1", match[1]), match.end()


def _values(text: str, start: int, what: str) -> tuple[list[str], int]:
    values, position = [], start
    while True:
        if text[position : position + 1] == '"':
            value, position = _quoted(text, position)
        elif match := _BARE.match(text, position):
            value, position = match[0], match.end()
        else:
            raise FilterError(f"{what} needs a value right after it, without a space", position)
        values.append(value)
        if text[position : position + 1] != ",":
            return values, position
        position += 1


def _build(name: str, op: Op, values: list[str], negated: bool, position: int) -> Term:
    if name in COUNTS or name in AGES:
        return _comparison(name, op, values, negated, position)
    if op == "!=":
        negated = not negated
    elif op != "=":
        raise FilterError(f"{name} can't be compared with {op}; write {name}:{values[0]}", position)
    if name in ("is", "stuck"):
        return _flag(name, values, negated, position)
    if name == "state":
        values = [_state(value, position) for value in values]
    return Term(name, "=", values[0] if len(values) == 1 else tuple(values), negated)


def _comparison(name: str, op: Op, values: list[str], negated: bool, position: int) -> Term:
    if len(values) > 1:
        raise FilterError(f"{name} is compared with one number, not with several", position)
    if name in AGES:
        if op in ("=", "!="):
            raise FilterError(f"{name} needs >, >=, < or <=, as in {name}>10m", position)
        return Term(name, op, _seconds(name, op, values[0], position), negated)
    try:
        return Term(name, op, float(int(values[0])), negated)
    except ValueError:
        message = f"{values[0]!r} is not a whole number, which {name} needs, as in {name}>=3"
        raise FilterError(message, position) from None


def _seconds(name: str, op: Op, value: str, position: int) -> float:
    try:
        seconds = parse_duration(value)
    except UsageError as error:
        raise FilterError(f"{name}{op}: {error}", position) from None
    if seconds is None:
        raise FilterError(f"{name} can't be compared with never; write 90s, 30m, 2h or 1d", position)
    return seconds


def _flag(name: str, values: list[str], negated: bool, position: int) -> Term:
    words = [value.lower() for value in values]
    if name == "is":
        if words == ["stuck"]:
            return Term("stuck", "=", True, negated)
        allowed: tuple[str, ...] = ("stuck", *_STATES)
        if all(word in _STATES for word in words):
            states = [State(word) for word in words]
            return Term("state", "=", states[0] if len(states) == 1 else tuple(states), negated)
    elif len(words) == 1 and words[0] in (*_YES, *_NO):
        return Term("stuck", "=", words[0] in _YES, negated)
    else:
        allowed = ("yes", "no")
    raise FilterError(f"{name}:{','.join(values)} makes no sense{hint(words[0], allowed)}", position)


def _state(value: str, position: int) -> State:
    word = value.lower()
    if word == "stuck":
        raise FilterError("stuck is a verdict, not a state; write is:stuck", position)
    if word not in _STATES:
        message = f"there is no state {value!r}{hint(word, _STATES)}; native words go into status:"
        raise FilterError(message, position)
    return State(word)


def format_filter(terms: Iterable[Term]) -> str:
    """Return the expression that `parse_filter` reads back as the same terms."""
    return " ".join(_format(term) for term in terms)


def _format(term: Term) -> str:
    sign = "!" if term.negated else ""
    if term.field == "text":
        return sign + _quote(str(term.value), bare=not _FIELD.match(str(term.value)))
    if term.field == "stuck":
        return f"{sign}{'is:stuck' if term.value else 'stuck:no'}"
    if term.field in AGES:
        return f"{sign}{term.field}{term.op}{_short(float(cast(float, term.value)))}"
    if term.field in COUNTS:
        return f"{sign}{term.field}{term.op}{int(cast(float, term.value))}"
    return f"{sign}{term.field}:{','.join(_quote(str(value)) for value in term.values)}"


def _quote(value: str, *, bare: bool = True) -> str:
    if bare and re.fullmatch(r'[^\s,"!/\\][^\s,"\\]*', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _short(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:f}".rstrip("0").rstrip(".") + "s"
