"""The command line on a source in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unstick.cli import confirm, main
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source

NAME = "memory.db"
URL = f"sqlite:///{NAME}"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Cli:
    """Runs commands on one source in memory, a new connection each."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.backend = MemoryBackend.example(60, 5)
        self.opened: list[Source] = []
        self.prepare: Callable[[MemoryBackend], None] = lambda backend: None

    def connect(self, source: Source) -> MemoryBackend:
        self.opened.append(source)
        other = self.backend.second(source=source.name, read_only=source.read_only)
        self.prepare(other)
        return other

    def __call__(self, *argv: str, answers: str | None = None) -> Ran:
        """Run; `answers` is what is typed on a terminal, None means that there is no terminal."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(answers or ""))
        self._monkeypatch.setattr(confirm, "interactive", lambda: answers is not None)
        self._capsys.readouterr()
        code = main(list(argv), make_backend=self.connect)
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)

    def stuck(self) -> list[str]:
        return [job["id"] for job in self("jobs", "--stuck", "--json").json["jobs"]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path) -> Cli:
    monkeypatch.setenv("UNSTICK_SOURCE", URL)
    return Cli(capsys, monkeypatch)


@pytest.fixture
def prod(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The same with a source `live` that is prod."""
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[sources.live]\nurl = "postgresql://ann:s3cret@db/jobs"\nenvironment = "prod"\n'
    )
    monkeypatch.setenv("UNSTICK_SOURCE", "live")
    return cli
