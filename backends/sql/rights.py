"""The part of a backend that knows what its account may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from unstick.recovery.errors import Denied
from unstick.recovery.plan import Plan

from .part import Part

if TYPE_CHECKING:
    from .privileges import Missing

T = TypeVar("T")


class Rights(Part):
    """What the account may do, asked before anything is changed."""

    async def missing_privileges(self, action: str | None = None) -> tuple[Missing, ...]:
        """Return what the account may not do to the job system's tables although actions (or one) need it."""
        from . import privileges

        return await self._ask(
            lambda connection: privileges.missing(connection, self._is_open.writable, action)
        )

    async def _check_privileges(self, plan: Plan) -> None:
        """Raise Denied, before anything is changed, when the account may not do what the plan does."""
        if lacking := await self._lacking(plan):
            told = "; ".join(each.sentence for each in lacking)
            raise Denied(f"{self._source.name}: {told}; nothing was changed")

    async def _lacking(self, plan: Plan) -> tuple[Missing, ...]:
        if plan.undoes is None:
            return await self.missing_privileges(plan.action)
        from . import privileges

        tables = self._is_open.by_name
        # A row of a table that the profile no longer knows is refused by its own sentence.
        rows = [row for row in plan.rows if row.table in tables]
        return await self._ask(lambda connection: privileges.missing_to_undo(connection, tables, rows))

    async def _ask(self, work: Callable[[sa.Connection], T]) -> T:
        # MySQL has to be asked by attempts to write; the others need no lock for the answer.
        return await (self._write(work) if self._is_open.capabilities.engine == "mysql" else self._read(work))

    async def can_write(self) -> str:
        """Begin and end a write transaction without changing anything; returns how it went. Raises Denied."""

        def work(connection: sa.Connection) -> str:
            with connection.begin():
                entity = self._is_open.tables[0]
                statement = sa.select(sa.literal(1)).select_from(entity.table).where(sa.false())
                connection.execute(
                    entity.engine.lock(statement, skip_locked=self._is_open.server.skip_locked)
                )
            return "a write transaction can lock rows of " + entity.place[1]

        return await self._write(work)
