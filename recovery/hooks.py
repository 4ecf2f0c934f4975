"""Hooks: what the application is told after a row was changed. Templates, requests, outcomes; no I/O.

A hook is called once per row that an apply changed, after the commit. Its outcome is text: the status (such
as `204`), `failed: ` and why, or `not called`. A call that failed or was never made is `due`: it can be made
again.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from .errors import ConfigError
from .model import Image, JobId, Scalar, VariantId
from .source import mask_url
from .suggest import hint

NOT_CALLED = "not called"
FAILED = "failed: "
UNDO = "undo"
"""The name of undoing among the actions that a hook may be for: nothing else makes an undo call one."""
WORDS = ("job", "variant", "action", "operation", "source", "from", "to")
"""What every template may name; the row's key columns come on top."""
IDEMPOTENCY = "Idempotency-Key"

_PLACE = re.compile(r"\{([^\W\d]\w*)\}")
_STRING_OR_PLACE = re.compile(r'"(?:[^"\\]|\\.)*"|\{([^\W\d]\w*)\}')
_SECRET = re.compile(r"([?&][^=&#]*(?:token|secret|key|auth|sig|pass)[^=&#]*=)(?!\{)[^&#]+", re.IGNORECASE)
"""A value of a query that is probably nobody else's business; one that is filled in from the row is shown."""


@dataclass(frozen=True, slots=True)
class Hook:
    """What is called after a row was changed by `action`. `ok` are statuses that are fine beside 2xx.

    `url` and `body` are templates. `places` tells where they stand in the configuration, `problem` why the
    hook can't be called at all (a variable that isn't set), with its place.
    """

    action: str
    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    ok: tuple[int, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def shown(self) -> str:
        """The call for people: method and URL template, without a password."""
        url = _SECRET.sub(r"\1***", mask_url(self.url))
        return f"{self.method} {url}"


@dataclass(frozen=True, slots=True)
class Request:
    """One call with everything filled in; `hidden` must not be repeated to anybody."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str | None = field(repr=False)
    timeout_s: float
    ok: tuple[int, ...] = ()
    hidden: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """A changed row that a hook is called for. `number` is its place in the plan, from 0."""

    number: int
    job: JobId
    variant: VariantId | None
    key: Image
    from_status: str | None
    to_status: str | None


Send = Callable[[Request], Awaitable[str]]
"""Makes one call and returns its outcome; never raises, and is through when the request's time is."""


@asynccontextmanager
async def _nothing() -> AsyncIterator[Send]:
    """Open no sender: the book is empty, and this is never used."""

    async def send(request: Request) -> str:
        return f"{FAILED}there is nothing that could call {request.method}"

    yield send


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of one source by action, what calls them, and the status column of each table."""

    by_action: Mapping[str, Hook] = field(default_factory=dict)
    sender: Callable[[], AbstractAsyncContextManager[Send]] = _nothing
    statuses: Mapping[str, str] = field(default_factory=dict)

    def of(self, action: str) -> Hook | None:
        """Return the hook that is called after this action, if any."""
        return self.by_action.get(action)


def failed(outcome: str | None) -> bool:
    """Whether a hook was called and didn't succeed."""
    return outcome is not None and outcome.startswith(FAILED)


def due(outcome: str | None) -> bool:
    """Whether a hook is to be called (again): it failed, or was never called."""
    return outcome == NOT_CALLED or failed(outcome)


def counted(outcomes: Iterable[str | None]) -> dict[str, int]:
    """Count the outcomes of hooks as `called`, `failed` and `not_called`; None is a row without one."""
    found = {"called": 0, "failed": 0, "not_called": 0}
    for outcome in outcomes:
        if outcome is not None:
            found["failed" if failed(outcome) else "not_called" if outcome == NOT_CALLED else "called"] += 1
    return found


def counted_words(outcomes: Iterable[str | None]) -> str:
    """Return `3 called, 1 failed, 2 not called`; empty where there was no hook."""
    return ", ".join(
        f"{number:,} {name.replace('_', ' ')}" for name, number in counted(outcomes).items() if number
    )


def hook_times(rows: int) -> str:
    """Return how often a plan calls its hook."""
    return f"once for each changed row: {rows:,} call{'' if rows == 1 else 's'} if all are changed"


def usable(hook: Hook | None, keys: Iterable[Collection[str]]) -> str | None:
    """Return the hook as a plan shows it. `keys` are the key columns of each table that has planned rows.

    Raises ConfigError, with file, line and key, for a placeholder that nothing fills or a missing variable.
    """
    if hook is None:
        return None
    if hook.problem:
        raise ConfigError(hook.problem)
    known = [{*WORDS, *key} for key in keys] or [set(WORDS)]
    for part, template in (("url", hook.url), ("body", hook.body or "")):
        for name in _PLACE.findall(template):
            lacking = next((each for each in known if name not in each), None)
            if lacking is not None:
                place = hook.places.get(part)
                words = f"nothing fills {{{name}}}{hint(name, sorted(lacking))}"
                raise ConfigError(f"{place}: {words}" if place else words)
    return hook.shown


def request(hook: Hook, subject: Subject, *, operation: str, source: str) -> Request:
    """Return the call for one row: values are escaped for where they stand."""
    values = {
        **subject.key,
        "job": subject.job,
        "variant": subject.variant,
        "action": hook.action,
        "operation": operation,
        "source": source,
        "from": subject.from_status,
        "to": subject.to_status,
    }
    headers = {IDEMPOTENCY: f"{operation}-{subject.number}"}
    if hook.body is not None:
        headers["Content-Type"] = "application/json"
    given = {name.lower() for name in hook.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in given}
    return Request(
        method=hook.method,
        url=_PLACE.sub(lambda place: _in_url(values.get(place[1])), hook.url),
        headers={**headers, **hook.headers},
        body=None if hook.body is None else fill_json(hook.body, values),
        timeout_s=hook.timeout_s,
        ok=hook.ok,
        hidden=tuple(value for value in hook.headers.values() if len(value) > 3),
    )


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
