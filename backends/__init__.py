"""Backends behind the port: SQL databases, profiles, and plug-ins. Everything heavy is imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstick.recovery.port import Backend
    from unstick.recovery.source import Source

    from .profile.load import ProfileInfo

__all__ = ["create_backend", "profile_text", "profiles"]


def create_backend(source: Source) -> Backend:
    """Return a backend for the source's URL, not yet opened. Raises ConfigError for a URL that can't be used."""
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
