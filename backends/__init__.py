"""Backends behind the port: SQL databases, profiles, and plug-ins. Everything heavy is imported when first
used."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstick.recovery.engine import Result
    from unstick.recovery.model import JobId
    from unstick.recovery.plan import Plan
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

    from .profile.load import ProfileInfo
    from .sql.doctor import Check
    from .sql.migration import Migrated

__all__ = [
    "check",
    "create_backend",
    "install_journal",
    "migrate",
    "profile_text",
    "profiles",
    "report",
    "step_rows",
]


def create_backend(source: Source) -> Backend:
    """Return a backend for the source's URL, not yet opened. Raises ConfigError for a URL that can't be
    used."""
    from .plugins import find_plugin

    scheme = source.url.partition(":")[0]
    plugin = find_plugin(scheme)
    if plugin is not None:
        return plugin(source)
    from .sql.backend import SqlBackend

    return SqlBackend(source)


def profiles() -> tuple[ProfileInfo, ...]:
    """Return every known profile: the user's own, those of plug-ins, and the built-in ones."""
    from .profile.load import available

    return tuple(available().values())


def profile_text(name: str) -> str:
    """Return a profile's TOML. Raises ConfigError when there is none of that name."""
    from .profile.load import available, find

    known = available()
    if name in known:
        return known[name].text
    find(name)
    raise AssertionError("find raises for an unknown name")


def report(plan: Plan, result: Result | None) -> dict[str, object]:
    """Return the action's report under the names that the system's own document uses."""
    from .reporting import report

    return report(plan, result)


async def install_journal(source: Source, *, rollback: bool = False, apply: bool = False) -> list[str]:
    """Return the SQL that installs (or removes) the journal's tables; run it when `apply` is set."""
    from .sql.install import install_journal

    return await install_journal(source, rollback=rollback, apply=apply)


async def migrate(
    source: Source, *, rollback: bool = False, apply: bool = False, drop: Collection[str] = ()
) -> Migrated:
    """Return the SQL of the journal and of what the profile adds to its system's tables (or takes away); run
    it when `apply` is set. `drop` names what a roll-back takes away although values are lost."""
    from .sql.migration import migrate

    return await migrate(source, rollback=rollback, apply=apply, drop=drop)


async def step_rows(source: Source, name: str) -> tuple[str, tuple[JobId, ...]]:
    """Return the action of a migration's step, and the jobs that it is about."""
    from .sql.migration_step import step_rows

    return await step_rows(source, name)


async def check(source: Source) -> list[Check]:
    """Examine a source for `unstick doctor`."""
    from .sql.doctor import check

    return await check(source)
