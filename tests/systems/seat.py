"""A system's database in a test, and consoles on it."""

from typing import Any, ClassVar

import sqlalchemy as sa

from tests.systems.databases import in_database
from unstick.backends import create_backend
from unstick.backends.demo import seed
from unstick.recovery.engine import Result, apply
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.source import Source


class Seat:
    """A database and the consoles on it; `profile` is None where it has to be recognised."""

    system: ClassVar[str]
    profile: ClassVar[str | None]

    def __init__(self, url: str) -> None:
        self.url = url
        self._open: list[Backend] = []

    async def console(self, **settings: Any) -> Backend:
        backend = create_backend(Source("here", self.url, **{"profile": self.profile, **settings}))
        self._open.append(backend)
        await backend.open()
        return backend

    async def close(self) -> None:
        for backend in self._open:
            await backend.close()

    async def run(self, text: str, **values: Any) -> None:
        await in_database(self.url, lambda connection: connection.execute(sa.text(text), values))

    async def rows(self, text: str, **values: Any) -> list[dict[str, Any]]:
        def work(connection: sa.Connection) -> list[dict[str, Any]]:
            return [dict(row._mapping) for row in connection.execute(sa.text(text), values)]

        return await in_database(self.url, work)

    async def add(self, *rows: seed.SeedRow) -> None:
        await in_database(self.url, lambda connection: seed.insert(connection, self.system, rows))


async def undo(backend: Backend, result: Result) -> Result:
    """Undo an operation."""
    return await apply(backend, await backend.plan_undo(result.operation, Options()))
