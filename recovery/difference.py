"""What differs between two images of a row, also inside JSON documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .model import Image, Scalar

DEEP = 3
"""Levels into a document at which it is told apart; what differs further down is told as a whole."""

ABSENT = object()
Difference = tuple[str, Any, Any]
"""Where (`metadata.status`), what it was, what it becomes; `ABSENT` where there is nothing."""


def differences(before: Image, after: Image) -> Iterator[Difference]:
    """Yield what differs in the columns of `after`. Of two JSON documents only the parts that differ are
    told: the beginnings of long ones look alike."""
    for name, new in after.items():
        old = before.get(name)
        if old != new:
            yield from _between(name, old, new)


def as_words(difference: Difference) -> tuple[str, str | None, str | None]:
    """Return where, before and after as texts; None stands for NULL."""
    where, before, after = difference
    return where, _text(before), _text(after)


def _between(name: str, old: Scalar, new: Scalar) -> Iterator[Difference]:
    documents = _document(old), _document(new)
    if ABSENT in documents:
        yield name, old, new
        return
    found = list(_inside(name, *documents, DEEP))
    # Two texts of one document, or one that differs everywhere: nothing is gained by going into it.
    yield from found if found and found[0][0] != name else [(name, old, new)]


def _document(value: Scalar) -> Any:
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return ABSENT
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return ABSENT


def _inside(where: str, old: Any, new: Any, deep: int) -> Iterator[Difference]:
    if old == new:
        return
    if deep and isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _inside(f"{where}.{key}", old.get(key, ABSENT), new.get(key, ABSENT), deep - 1)
    elif deep and isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _inside(f"{where}[{index}]", one, other, deep - 1)
    else:
        yield where, old, new


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if value is ABSENT:
        return "(absent)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
