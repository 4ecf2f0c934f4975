"""Hooks: what the application is told, once per row that an apply changed, after the commit. No I/O here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from .errors import ConfigError
from .hooks_outcome import FAILED
from .hooks_request import Request
from .hooks_template import WORDS, names_in
from .source import mask_url
from .suggest import hint

UNDO = "undo"
"""The name of undoing among the actions that a hook may be for: nothing else makes an undo call one."""

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
        for name in names_in(template):
            lacking = next((each for each in known if name not in each), None)
            if lacking is not None:
                place = hook.places.get(part)
                words = f"nothing fills {{{name}}}{hint(name, sorted(lacking))}"
                raise ConfigError(f"{place}: {words}" if place else words)
    return hook.shown
