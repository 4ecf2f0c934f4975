"""The command line on a real database, and small helpers for the systems' tests."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from unstick.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Command = Callable[..., Awaitable[Ran]]


def commands(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a runner of commands on the database; its profile is recognised."""
    monkeypatch.setenv("UNSTICK_SOURCE", url)

    async def run(*argv: str) -> Ran:
        capsys.readouterr()
        code = await asyncio.to_thread(main, list(argv))
        return Ran(code, capsys.readouterr().out)

    return run
