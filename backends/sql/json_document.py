"""Carries out a profile's edits of JSON text: on the locked row when applying, on the planned one to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from unstick.backends.profile.action import Action
from unstick.backends.profile.assign import Assignment
from unstick.backends.profile.json_edits import EVERY, VARIANT, JsonCount, JsonEdit
from unstick.backends.profile.model import Entity, JobTable
from unstick.recovery.model import Image, Scalar

from . import json_edit
from .json_edit import Step

NOW = "{now}"


def moment(at: datetime) -> str:
    """Return a time as documents have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def edits_documents(action: Action) -> bool:
    """Whether what is written depends on the document that a row holds: then each is written alone."""
    return any(given.json_edit for given in action.set.values())


def resolved(entity: Entity, action: Action, locked: Image, variant: str | None, now: str) -> Action:
    """Return the action for one locked row: constants in the place of edits. Raises ValueError for text that
    is no JSON, or without the variant."""
    written = {
        name: Assignment(value=edited(entity, locked.get(name), given, variant, now))
        for name, given in action.set.items()
        if given.json_edit
    }
    return action.model_copy(update={"set": {**action.set, **written}})


def edited(entity: Entity, text: Scalar, given: Assignment, variant: str | None, now: str = NOW) -> str:
    """Return the text with all edits of an assignment made. Raises ValueError."""
    found = "" if text is None else str(text)
    json_edit.parse(found)
    for edit in given.json_edit or ():
        found = _edit(entity, found, edit, variant, now)
    for edit in given.json_edit or ():
        found = _count(entity, found, edit, variant)
    return found


def _edit(entity: Entity, text: str, edit: JsonEdit, variant: str | None, now: str) -> str:
    for place in list(_places(entity, json_edit.parse(text), edit.path, variant)):
        held = _at(json_edit.parse(text), place)
        if not _fits(held, edit.where) or any(_fits(held, {k: v}) for k, v in edit.where_not.items()):
            continue
        for key, value in edit.set.items():
            text = json_edit.put(text, [*place, key], now if value == {"now": True} else value)
        for key in edit.remove:
            text = json_edit.remove(text, [*place, key])
    return text


def _count(entity: Entity, text: str, edit: JsonEdit, variant: str | None) -> str:
    data = json_edit.parse(text)
    for place in list(_places(entity, data, edit.path, variant)) if edit.count else ():
        for key, wanted in edit.count.items():
            text = json_edit.put(text, [*place, key], _number(data, wanted))
    return text


def _number(data: Any, wanted: JsonCount) -> int:
    found = _at(data, wanted.path)
    entries = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return sum(_fits(entry, wanted.where) for entry in entries)


def _fits(held: Any, where: Mapping[str, Sequence[str]]) -> bool:
    return isinstance(held, dict) and all(held.get(key) in values for key, values in where.items())


def _at(data: Any, place: Sequence[Step]) -> Any:
    for step in place:
        is_there = (
            isinstance(data, list) if isinstance(step, int) else isinstance(data, dict) and step in data
        )
        data = data[step] if is_there else None
    return data


def _places(
    entity: Entity, data: Any, path: Sequence[str], variant: str | None, above: tuple[Step, ...] = ()
) -> Iterator[tuple[Step, ...]]:
    """Give every place that the path leads to."""
    if not path:
        yield above
        return
    entries = list(
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    )
    if path[0] == VARIANT:
        named = [(name, entry) for name, entry in entries if _is_variant(entity, name, entry, variant)]
        if not named:
            raise ValueError(f"there is no {variant}")
        entries = named[-1:]
    elif path[0] != EVERY:
        entries = [(name, entry) for name, entry in entries if name == path[0]]
    for name, entry in entries:
        yield from _places(entity, entry, path[1:], variant, (*above, name))


def _is_variant(entity: Entity, name: Step, entry: Any, variant: str | None) -> bool:
    spec = entity.variants_json if isinstance(entity, JobTable) else None
    own = entry.get(spec.id) if spec is not None and isinstance(entry, dict) else None
    return str(name if own is None else own) == variant
