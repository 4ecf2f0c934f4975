"""What is shown as the kind of a row, and which patterns of kinds in thresholds fit it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from unstick.backends.profile.model import Variants
from unstick.recovery import thresholds as names
from unstick.recovery.errors import UsageError
from unstick.recovery.model import Scalar
from unstick.recovery.thresholds import Thresholds

from .engines.base import Expr
from .entity import EntitySql

_ESCAPE = "\\"


def shown(entity: EntitySql, alias: str = "j") -> list[Expr]:
    """What is shown as the kind (of a variant: as its name), and each of its two parts."""
    columns = entity.spec.columns
    parts = [
        entity.engine.text(entity.layout.column(entity.place, alias, name))
        for name in (columns.name, columns.kind)
        if name
    ]
    if len(parts) < 2:
        return parts
    if entity.parent is not None:
        return [parts[1] + sa.literal(" ", sa.Text) + parts[0], *parts]
    return [parts[0] + sa.literal("/", sa.Text) + parts[1], *parts]


def fits(entity: EntitySql, pattern: str) -> Expr:
    """Whether the kind of the row's job fits; NULL where it has none. A variant without a job that tells has
    only what it is called itself."""
    text = wildcard(pattern)
    parent = entity.parent
    if parent is None or not shown(parent):
        return sa.or_(sa.false(), *(like(each, text) for each in shown(entity)))
    assert isinstance(entity.spec, Variants)
    pairs = [
        parent.layout.column(parent.place, "p", ours) == entity.col(theirs)
        for theirs, ours in entity.spec.match.items()
    ]
    source = parent.layout.tables_text(f"{parent.layout.quoted(parent.place)} AS p")
    fitting = sa.or_(*(like(each, text) for each in shown(parent, "p")))
    return sa.select(sa.literal(1)).select_from(source).where(*pairs, fitting).exists()


def selected(entity: EntitySql, thresholds: Thresholds) -> dict[str, Expr]:
    """What to fetch so that `fitting` can tell; nothing where no threshold is about kinds."""
    patterns = names.patterns(thresholds)
    return {
        f"fits_{number}": sa.case((fits(entity, pattern), 1), else_=0)
        for number, pattern in enumerate(patterns)
    }


def fitting(row: Mapping[str, Scalar], thresholds: Thresholds) -> tuple[str, ...]:
    """Return the patterns that fit a fetched row."""
    patterns = names.patterns(thresholds)
    return tuple(pattern for number, pattern in enumerate(patterns) if row.get(f"fits_{number}"))


def escape(text: str) -> str:
    """Escape what LIKE would read as a wildcard."""
    if "\x00" in text:
        raise UsageError("a filter can't hold a NUL character")
    for letter in (_ESCAPE, "%", "_"):
        text = text.replace(letter, _ESCAPE + letter)
    return text


def wildcard(text: str) -> str:
    """Return a LIKE pattern in which `*` matches any text."""
    return "%".join(escape(part) for part in text.split("*"))


def like(column: Expr, pattern: str) -> Expr:
    """Whether the text fits the LIKE pattern; case doesn't matter."""
    lowered = sa.func.lower(sa.type_coerce(column, sa.Text()))
    return lowered.like(sa.func.lower(sa.literal(pattern, sa.Text)), escape=_ESCAPE)
