"""How the welcome screen is left: what to open next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

Try = Callable[[str], Awaitable[None]]
"""Opens a database URL and lets go of it again. Raises UnstickError with what is wrong."""


class Way(NamedTuple):
    """`demo`, a database `url` to open or to `init`, or `quit` with an exit code."""

    what: Literal["demo", "url", "init", "quit"]
    url: str = ""
    code: int = 0
