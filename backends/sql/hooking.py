"""The hooks of a SQL source: which one a plan calls, what is wrong with one, outcomes in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from unstick.backends.hooks import http
from unstick.recovery.errors import ConfigError
from unstick.recovery.hooks import UNDO, Hooks, usable
from unstick.recovery.plan import PlanRow
from unstick.recovery.source import Source
from unstick.recovery.suggest import hint

from .entity import EntitySql
from .part import Part

if TYPE_CHECKING:
    from .opening import Opened


class Hooking(Part):
    """The part of a backend that has to do with hooks."""

    @property
    def hooks(self) -> Hooks:
        """What is called after which action."""
        if not self._source.hooks:
            return Hooks()
        tables = self._is_open.by_name.items()
        statuses = {name: entity.spec.status for name, entity in tables if entity.spec.status}
        return Hooks(self._source.hooks, http, statuses)

    async def record_hooks(self, operation: str, outcomes: Mapping[int, str]) -> None:
        """Journal what became of hooks, where the journal has a place for it."""

        def work(connection: sa.Connection) -> None:
            self._journal.record_hooks(connection, operation, outcomes)
            if connection.in_transaction():
                connection.commit()

        await (self._read(work) if self._journal.local is not None else self._write(work))


def planned(opened: Opened, action: str, rows: Sequence[PlanRow]) -> str | None:
    """Return the hook that a plan of the action shows, None without one. Raises ConfigError where it can't be
    called."""
    keys = {row.table: tuple(row.key) for row in rows} or {
        name: entity.key for name, entity in opened.by_name.items() if action in entity.spec.actions
    }
    return usable(opened.layout.source.hooks.get(action), keys.values())


def warnings(opened: Opened, action: str) -> list[str]:
    """Return what a plan that calls a hook has to say about the journal."""
    if opened.journal.hooked or action not in opened.layout.source.hooks:
        return []
    return [
        "the journal can't keep what becomes of hooks: `unstick migrate --apply` adds the column for it; "
        "until then a hook that fails can't be called again"
    ]


def problems(source: Source, tables: Iterable[EntitySql]) -> list[str]:
    """Return what is wrong with the configured hooks, for everybody who opens the source."""
    found = []
    known: dict[str, list[Sequence[str]]] = {UNDO: []}
    for entity in tables:
        for name in entity.spec.actions:
            known.setdefault(name, []).append(entity.key)
    for action, hook in source.hooks.items():
        if action not in known:
            found.append(
                f"a hook is configured for {action}, which is no action{hint(action, sorted(known))}"
            )
            continue
        try:
            usable(hook, known[action])
        except ConfigError as error:
            found.append(f"{action} is not possible until its hook is put right: {error}")
    return found
