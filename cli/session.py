"""What a verb works with: its arguments, the configuration, the source and the backend."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from unstick.cli.failures import mask
from unstick.cli.output import narrate, safe
from unstick.recovery.config import Config, Resolved, load_config, resolve
from unstick.recovery.config.resolve import only
from unstick.recovery.display import display_text
from unstick.recovery.errors import ReadOnlySource
from unstick.recovery.source import mask_url

if TYPE_CHECKING:
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source


class Session:
    """One run of the command line."""

    def __init__(
        self, args: argparse.Namespace, make_backend: Callable[[Source], Backend] | None = None
    ) -> None:
        self.args = args
        self._make_backend = make_backend

    def other(self, *words: str) -> Session:
        """Return the session of another command with the same configuration."""
        from unstick.cli.parser import parse

        common = ["--config", self.args.config] if self.args.config else []
        common += {True: ["--write"], False: ["--read-only"]}.get(self.args.write, [])
        return Session(parse([*words, *common]), self._make_backend)

    @property
    def json(self) -> bool:
        """Whether one JSON object is wanted on stdout."""
        return bool(self.args.json)

    @cached_property
    def config(self) -> Config:
        """The configuration file."""
        return load_config(self.args.config, os.environ)

    @property
    def flags(self) -> dict[str, Any]:
        """The settings given on the command line."""
        return {} if self.args.write is None else {"read_only": not self.args.write}

    def resolve(self, name: str, *, secret: bool = True) -> Resolved:
        """Return a source by name or URL, with the origins of its settings."""
        return resolve(self.config, name, flags=self.flags, environ=os.environ, secret=secret)

    @cached_property
    def resolved(self) -> Resolved:
        """The one source of this run."""
        return self.resolve(self.args.source or only(self.config, os.environ))

    @property
    def source(self) -> Source:
        """The one source of this run."""
        return self.resolved.source

    def next_step(self, *words: str) -> str:
        """Return an `unstick` command on the same source, for a sentence; never with a password."""
        command = ["unstick", *words]
        if self.args.config:
            command += ["--config", self.args.config]
        given = self.args.source
        if given is not None:
            # A masked URL would not connect: whoever typed it has it.
            command += ["--source", given if mask_url(given) == given else "URL"]
        if self.args.write:
            command.append("--write")
        return display_text(shlex.join(command), limit=1000)

    def require_writable(self) -> None:
        """Raise ReadOnlySource, with the reason, when the source is not to be changed."""
        if not self.source.read_only:
            return
        why = self.resolved.origins.get("read_only", "")
        raise ReadOnlySource(
            f"{self.source.name} is read-only ({why}); add --write to change rows, or --dry-run to only look"
        )

    def backend(self, source: Source | None = None) -> Backend:
        """Return a backend that is not opened yet."""
        if self._make_backend is not None:
            return self._make_backend(source or self.source)
        from unstick.backends import create_backend

        return create_backend(source or self.source)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Backend]:
        """Open the source's backend, and close it whatever happens."""
        backend = self.backend()
        try:
            await backend.open()
            for problem in backend.capabilities.problems:
                narrate(f"note: {mask(safe(problem, 1000))}")
            yield backend
        finally:
            await backend.close()
