"""How an action changes a JSON document: entries by path, members set and removed, counters counted anew."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from .base import JsonPath, Strict

VARIANT = "{variant}"
"""A step of a path: the entry of the variant that the action is about."""
EVERY = "*"
"""A step of a path: every entry of the object or list."""


class JsonCount(Strict):
    """How many entries of the object or list at `path` have one of the statuses under each key of `where`."""

    path: JsonPath = ()
    where: dict[str, tuple[str, ...]] = {}


class JsonEdit(Strict):
    """One change of a document, at every place that `path` leads to and `where` allows."""

    path: tuple[str, ...] = ()
    """Keys from the top; `*` is every entry, `{variant}` that of the variant."""
    where: dict[str, tuple[str, ...]] = {}
    """Key -> values of which the object must have one there."""
    where_not: dict[str, tuple[str, ...]] = {}
    """Key -> values of which it must have none there."""
    set: dict[str, Any] = {}
    """Key -> JSON value; `{ now = true }` is the database's now as ISO 8601 in UTC."""
    remove: tuple[str, ...] = ()
    count: dict[str, JsonCount] = {}
    """Key -> number of entries, counted when all else is done."""

    @model_validator(mode="after")
    def _does_something(self) -> JsonEdit:
        if not (self.set or self.remove or self.count):
            raise ValueError("say what is changed: set, remove or count")
        return self
