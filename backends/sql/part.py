"""What the parts of a SQL backend need of the whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from unstick.recovery.model import JobId
from unstick.recovery.source import Source

from .entity import EntitySql
from .journal import Journal
from .reader import Asked

if TYPE_CHECKING:
    # Opening a source looks at its hooks, which are such a part.
    from .counting import Counting
    from .opening import Opened

T = TypeVar("T")


class Part(ABC):
    """A part of a backend, whose methods a backend inherits."""

    _source: Source

    @property
    @abstractmethod
    def _is_open(self) -> Opened: ...

    @property
    @abstractmethod
    def _journal(self) -> Journal: ...

    @property
    @abstractmethod
    def _counting(self) -> Counting: ...

    @abstractmethod
    async def _read(self, work: Callable[[sa.Connection], T]) -> T: ...

    @abstractmethod
    async def _write(self, work: Callable[[sa.Connection], T]) -> T: ...

    @abstractmethod
    async def _settle(self) -> None: ...

    @abstractmethod
    def _asked(
        self, overrides: Mapping[str, float | None] | None, retries: Mapping[str, int] | None = None
    ) -> Asked: ...

    @abstractmethod
    def _entity(self, connection: sa.Connection, job: JobId) -> EntitySql: ...
