"""Keys between SQL and the text that people see: composite parts are joined by `,`, the table by `:`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import NotFound
from unstick.recovery.model import Image, Scalar

from .engines.base import ColumnInfo, Engine, Expr

MANY = 50
"""Keys from which they are bound as one array, where the database has them: to spell out hundreds takes
longer than to find their rows."""
_RANGES = {"smallint": (-(2**15), 2**15), "integer": (-(2**31), 2**31)}
"""PostgreSQL refuses to compare with a number that its type can't hold."""


def join(image: Mapping[str, Scalar], key: Sequence[str], table: str | None) -> str:
    """Return the id for a key image."""
    text = ",".join(_escape(str(image[name])) if len(key) > 1 else str(image[name]) for name in key)
    return f"{table}:{text}" if table else text


def split(text: str, key: Sequence[str], table: str | None) -> Image:
    """Return the key image (values as text) for an id. Raises NotFound when the number of parts is wrong."""
    if table:
        prefix, colon, rest = text.partition(":")
        text = rest if colon and prefix == table else text
    parts = [_unescape(part) for part in text.split(",")] if len(key) > 1 else [text]
    if len(parts) != len(key):
        raise NotFound(f"{text!r} is not a job id here: it has {len(key)} parts ({', '.join(key)})")
    return dict(zip(key, parts, strict=True))


def _escape(part: str) -> str:
    return part.replace("%", "%25").replace(",", "%2C")


def _unescape(part: str) -> str:
    return part.replace("%2C", ",").replace("%25", "%")


def escaped(part: Expr) -> Expr:
    """One part of a composite key as ids have it."""
    percent = sa.func.replace(part, sa.literal("%", sa.Text), sa.literal("%25", sa.Text))
    return sa.func.replace(percent, sa.literal(",", sa.Text), sa.literal("%2C", sa.Text))


def plausible(value: Scalar, info: ColumnInfo) -> bool:
    """Whether the text can be a key of this type at all, so that the database is not asked nonsense."""
    text = str(value)
    if info.kind == "int":
        low, high = _RANGES.get(info.type, (-(2**63), 2**63))
        if info.type.endswith("unsigned"):
            low, high = 0, 2**64
        return re.fullmatch(r"-?[0-9]{1,20}", text) is not None and low <= int(text) < high
    if info.kind == "uuid":
        try:
            uuid.UUID(text)
        except ValueError:
            return False
    return "\x00" not in text


def key_in(
    engine: Engine,
    infos: Mapping[str, ColumnInfo],
    key: Sequence[str],
    found: Sequence[Image],
    column: Callable[[str], Any],
) -> Expr:
    """Whether the key columns equal one of the key images."""
    if len(key) == 1:
        name = key[0]
        if len(found) > MANY and (whole := engine.any_of(column(name), infos[name], found, name)) is not None:
            return whole
        return sa.and_(column(name).in_([engine.restore(image[name], infos[name]) for image in found]))
    each = [
        sa.and_(*(column(name) == engine.restore(image[name], infos[name]) for name in key))
        for image in found
    ]
    return sa.or_(sa.false(), *each)


def canonical(image: Mapping[str, Scalar], key: Sequence[str]) -> tuple[str, ...]:
    """Return the key as a hashable value that doesn't depend on how a driver types numbers."""
    if len(key) == 1:
        return (str(image[key[0]]),)
    return tuple(str(image[name]) for name in key)
