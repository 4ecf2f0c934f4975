"""The filter language of console and command line: `kind:mail !state:done,cancelled age>1h "two words"`.

Terms stand side by side and must all hold. `!` in front inverts a term: it then holds for every other job,
also for those that don't tell. In `field:value` a comma means any of and `*` any text; case never matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

from unstick.recovery.durations import parse_duration
from unstick.recovery.errors import FilterError, UsageError
from unstick.recovery.matching import AGES, COUNTS, NAMES, matches, matches_all
from unstick.recovery.model import State
from unstick.recovery.query import Op, Term
from unstick.recovery.suggest import closest, hint

__all__ = [
    "FIELDS",
    "MEANINGS",
    "format_filter",
    "matches",
    "matches_all",
    "parse_filter",
    "quote_value",
    "sample",
]

FIELDS = ("state", "is", "stuck", *NAMES, "error", *COUNTS, *AGES)

MOST_TERMS, MOST_VALUES = 100, 500
"""In one filter: many more are beyond what databases take in one condition."""

_STATES = tuple(state.value for state in State)
_FIELD = re.compile(r"([A-Za-z_]+)(:?(?:>=|<=|!=|[=<>])|:)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^\s,"]+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")

_SAMPLES = {"state": "failed", "is": "stuck", "stuck": "yes", "step": "overlay", "status": "FAILED"}
_SAMPLES |= {"id": "12", "job": "12", "table": "jobs", "error": "timeout", "kind": "mail"}
_UNIT = re.compile(r"(\d+)\s*(s|m|h|d|w)[a-z]*", re.IGNORECASE)

MEANINGS: Mapping[str, str] = {
    "state": "jobs in one of these states",
    "is": "jobs that a stuck rule applies to, or jobs in one of these states",
    "stuck": "`yes`: a stuck rule applies; `no`: none does",
    "id": "this job; in a list of variants this variant, or `JOB/VARIANT`",
    "job": "this job; in a list of variants those of this job",
    "status": "the system's own word for the state",
    "kind": "jobs of this kind; in a list of variants the variant's name",
    "step": "where the job is",
    "table": "jobs of this table, where a profile has several",
    "error": "this text somewhere in the error",
    "retries": "attempts made so far",
    "priority": "the job's own priority",
    "age": "time since it was created",
    "idle": "time since the last life sign",
    "running": "time since it was started",
}
"""What a term of each field finds, for the reference."""

Value = tuple[str, int]
"""A value as it was written, and where it begins."""


def parse_filter(text: str) -> tuple[Term, ...]:
    """Read a filter expression; an empty one gives no terms. A leading `/` is ignored. Raises FilterError."""
    position = len(text) - len(text.lstrip())
    if text[position : position + 1] == "/":
        position += 1
    terms: list[Term] = []
    values = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        begin = position
        term, position = _term(text, position)
        terms.append(term)
        values += len(term.values)
        if len(terms) > MOST_TERMS or values > MOST_VALUES:
            raise FilterError(f"a filter has at most {MOST_TERMS} terms and {MOST_VALUES} values", begin)
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
    values, end = _values(text, head.end(), name, f"{name}{head[2]}")
    return _build(name, cast(Op, op), values, negated, position), end


def _no_field(name: str) -> str:
    near = closest(name, FIELDS)
    if near:
        return f"there is no filter field {name!r}; did you mean {near}? (in quotes it is searched for)"
    return f"there is no filter field {name!r}; quote it to search for it (fields: {', '.join(FIELDS)})"


def _word(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] == '"':
        return _quoted(text, start)
    end = start
    while end < len(text) and not text[end].isspace():
        end += 1
    if end == start:
        raise FilterError("'!' needs a word or a field after it, as in !mail or !state:done", start - 1)
    return text[start:end], end


def place(error: FilterError) -> str:
    """Return the sentence about a mistake with its place, counted in characters from 1."""
    return f"character {error.position + 1}: {error}"


def _quoted(text: str, start: int) -> tuple[str, int]:
    match = _QUOTED.match(text, start)
    if match is None:
        raise FilterError('a quote is not closed; write "two words"', start)
    if not match[1]:
        raise FilterError("there is nothing between the quotes", start)
    return _ESCAPE.sub(r"\1", match[1]), match.end()


def _values(text: str, start: int, name: str, what: str) -> tuple[list[Value], int]:
    values: list[Value] = []
    position = start
    while True:
        begin = position
        if text[position : position + 1] == '"':
            value, position = _quoted(text, position)
        elif match := _BARE.match(text, position):
            value, position = match[0], match.end()
        else:
            sample = _sample(name, what)
            raise FilterError(f"{what} needs a value right after it, as in {sample}", position)
        values.append((value, begin))
        if text[position : position + 1] != ",":
            return values, position
        position += 1


def sample(name: str) -> str:
    """Return a term of a field, to show how one is written."""
    return _sample(name, f"{name}{'>=' if name in COUNTS else '>' if name in AGES else ':'}")


def _sample(name: str, what: str) -> str:
    if name in AGES:
        return f"{name}>10m" if what.endswith(("=", ":")) and ">" not in what else f"{what}10m"
    return f"{what}3" if name in COUNTS else f"{name}:{_SAMPLES[name]}"


def _build(name: str, op: Op, values: list[Value], negated: bool, position: int) -> Term:
    if name in COUNTS or name in AGES:
        return _comparison(name, op, values, negated, position)
    if op == "!=":
        negated = not negated
    elif op != "=":
        raise FilterError(f"{name} can't be compared with {op}; write {name}:{values[0][0]}", position)
    if name in ("is", "stuck"):
        return _flag(name, values, negated)
    read = tuple(_state(*value) for value in values) if name == "state" else tuple(text for text, _ in values)
    return Term(name, "=", read[0] if len(read) == 1 else read, negated)


def _comparison(name: str, op: Op, values: list[Value], negated: bool, position: int) -> Term:
    value, at = values[0]
    if len(values) > 1:
        raise FilterError(f"{name} is compared with one number, not with several", values[1][1])
    if value[0] in "<>=":
        # What `=>` means is plain, but a filter that is guessed may act on other rows.
        meant = f"{value[0]}={value[1:]}" if op == "=" and value[0] != "=" else ">=3"
        raise FilterError(f"{name}{op}{value} makes no sense; write {name}{meant}", at - len(op))
    if name in AGES:
        if op in ("=", "!="):
            raise FilterError(f"{name} needs >, >=, < or <=, as in {name}>10m", position)
        return Term(name, op, _seconds(name, op, value, at), negated)
    try:
        return Term(name, op, float(int(value)), negated)
    except ValueError:
        message = f"{value!r} is not a whole number, which {name} needs, as in {name}>=3"
        raise FilterError(message, at) from None


def _seconds(name: str, op: Op, value: str, position: int) -> float:
    try:
        seconds = parse_duration(value)
    except UsageError:
        unit = _UNIT.fullmatch(value)
        meant = f"{unit[1]}{unit[2].lower()}" if unit else value
        better = f"did you mean {name}{op}{meant}?" if meant != value else "write 90s, 30m, 2h or 1d"
        raise FilterError(f"{value!r} is not a duration; {better}", position) from None
    if seconds is None:
        raise FilterError(f"{name} can't be compared with never; write 90s, 30m, 2h or 1d", position)
    return seconds


def _flag(name: str, values: list[Value], negated: bool) -> Term:
    words = [value.lower() for value, _ in values]
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
    wrong, position = next((value for value in values if value[0].lower() not in allowed), values[0])
    raise FilterError(f"{name}:{wrong} makes no sense{hint(wrong.lower(), allowed)}", position)


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
        return sign + quote_value(str(term.value), bare=not _FIELD.match(str(term.value)))
    if term.field == "stuck":
        return f"{sign}{'is:stuck' if term.value else 'stuck:no'}"
    if term.field in AGES:
        return f"{sign}{term.field}{term.op}{_short(float(cast(float, term.value)))}"
    if term.field in COUNTS:
        return f"{sign}{term.field}{term.op}{int(cast(float, term.value))}"
    return f"{sign}{term.field}:{','.join(quote_value(str(value)) for value in term.values)}"


def quote_value(value: str, *, bare: bool = True) -> str:
    """Return a value as it has to be written in an expression: in quotes where it must."""
    if bare and re.fullmatch(r'[^\s,"!/\\][^\s,"\\]*', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _short(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:f}".rstrip("0").rstrip(".") + "s"
