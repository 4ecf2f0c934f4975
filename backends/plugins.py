"""Backends of third parties: entry points in `unstick.backends`, named by their URL scheme."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable
from typing import cast

from unstick.recovery.port import Backend
from unstick.recovery.source import Source

BUILT_IN = ("postgresql", "postgres", "mysql", "mariadb", "sqlite")


def plugin_names() -> tuple[str, ...]:
    """Return the URL schemes that plug-ins serve, without importing any of them."""
    return tuple(entry.name for entry in importlib.metadata.entry_points(group="unstick.backends"))


def find_plugin(scheme: str) -> Callable[[Source], Backend] | None:
    """Return the plug-in for a URL scheme, or None. A plug-in that can't be imported warns and is left
    out."""
    if scheme in BUILT_IN:
        return None
    for entry in importlib.metadata.entry_points(group="unstick.backends", name=scheme):
        try:
            return cast("Callable[[Source], Backend]", entry.load())
        except Exception as error:
            warnings.warn(
                f"the backend plug-in {scheme} can't be loaded and is left out: {error}", stacklevel=2
            )
    return None
