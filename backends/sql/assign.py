"""Assignments as SQL expressions, and as previews for the dry run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.assign import Assignment
from unstick.backends.profile.model import Action
from unstick.recovery.model import Scalar
from unstick.recovery.thresholds import Thresholds

from .engines.base import Expr
from .entity import EntitySql
from .thresholds import timeout_words

NOW = "{now}"
"""Shown in a plan where the database's clock will be written."""

Words = Mapping[str, str | int]
"""What stands for a placeholder; a number may become one in JSON."""


def words(entity: EntitySql, action: Action, thresholds: Thresholds) -> dict[str, str | int]:
    """Return what texts may mention: the threshold that the action's first rule with a clock has."""
    return {**timeout_words(entity.spec, action, thresholds)}


def fill(text: str, values: Words) -> str:
    """Replace the placeholders that are known; other braces stay as they are."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def expression(
    entity: EntitySql, name: str, given: Assignment, values: Words, column: Callable[[str], Any]
) -> Any:
    """Return what the UPDATE writes into the column."""
    engine, info = entity.engine, entity.infos[name]
    if given.now:
        named = next((clock for col, clock in entity.clocks.values() if col == name), None)
        return engine.now(given.clock or named or entity.layout.profile.clock, info)
    if given.null:
        return None
    if given.increment is not None:
        number = sa.func.coalesce(sa.type_coerce(column(name), sa.Integer()), sa.literal(0, sa.Integer))
        return number + sa.literal(given.increment, sa.Integer)
    if given.append is not None:
        return _append(entity, column(name), fill(given.append, values), given.separator)
    if given.json_merge is not None:
        return engine.json_merge(column(name), _filled(given.json_merge, values), info)
    if given.column is not None:
        return column(given.column)
    if given.sql is not None:
        return entity.layout.expression(given.sql)  # type: ignore[arg-type]
    if given.cases is not None:
        return _chosen(entity, name, given, column)
    return engine.restore(constant(given, values), info)


def in_order(given: Mapping[str, Assignment], values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the assignments with those first that read other columns, and the columns that they read last:
    MySQL's later ones would see what the earlier ones wrote."""
    read = {each.reads for name, each in given.items() if each.reads != name}

    def place(item: tuple[str, Any]) -> tuple[bool, bool]:
        each = given[item[0]]
        return (not (each.reads or each.sql), item[0] in read)

    return sorted(values.items(), key=place)


def _chosen(entity: EntitySql, name: str, given: Assignment, column: Callable[[str], Any]) -> Expr:
    """The constant for what the other column holds."""
    engine, info = entity.engine, entity.infos[name]
    asked = engine.text(column(str(given.by)))

    def typed(value: Scalar) -> Any:
        restored = engine.restore(value, info)
        is_sql = isinstance(restored, sa.ClauseElement)
        return restored if is_sql else sa.literal(restored, engine.column_type(info))

    chosen = [(asked == sa.literal(of, sa.Text), typed(to)) for of, to in (given.cases or {}).items()]
    return sa.case(*chosen, else_=column(name) if given.otherwise is None else typed(given.otherwise))


def constant(given: Assignment, values: Words) -> Scalar:
    """Return the fixed value of a constant or text assignment."""
    return fill(given.text, values) if given.text is not None else given.value


def _append(entity: EntitySql, column: Expr, text: str, separator: str) -> Expr:
    engine = entity.engine
    plain = sa.type_coerce(column, sa.Text())
    return sa.case(
        (engine.is_empty(column), sa.literal(text, sa.Text)),
        (engine.ends_with(column, text), plain),
        else_=plain + sa.literal(separator + text, sa.Text),
    )


def _filled(merged: Mapping[str, Any], values: Words) -> dict[str, Any]:
    return {key: _filled_value(value, values) for key, value in merged.items()}


def _filled_value(value: Any, values: Words) -> Any:
    if isinstance(value, str):
        whole = values.get(value[1:-1]) if value == "{" + value[1:-1] + "}" else None
        return fill(value, values) if whole is None else whole
    if value == {"null": True}:
        return None
    if isinstance(value, dict):
        return _filled(value, values)
    return [_filled_value(item, values) for item in value] if isinstance(value, list) else value


def is_same(given: Assignment) -> bool:
    """Whether an assignment writes the same into every row, as far as a preview can tell."""
    read = (given.increment, given.append, given.json_merge, given.column, given.cases, given.json_edit)
    return all(each is None for each in read)


def preview(name: str, given: Assignment, values: Words, before: Mapping[str, Scalar]) -> Scalar:
    """Return what a person should expect in the column afterwards."""
    old = before.get(name)
    if given.now:
        return NOW
    if given.null:
        return None
    if given.increment is not None:
        return int(float(old or 0)) + given.increment
    if given.append is not None:
        text, existing = fill(given.append, values), "" if old is None else str(old)
        if not existing or existing.endswith(text):
            return existing or text
        return existing + given.separator + text
    if given.json_merge is not None:
        return _merged(old, _filled(given.json_merge, values))
    if given.column is not None:
        return before.get(given.column)
    if given.sql is not None:
        return "(computed by the database)"
    if given.cases is not None:
        rest = old if given.otherwise is None else given.otherwise
        return given.cases.get(str(before.get(str(given.by))), rest)
    return constant(given, values)


def _merged(old: Scalar, added: Mapping[str, Any]) -> str:
    try:
        current = json.loads(str(old)) if old is not None else {}
    except ValueError:
        return f"{old} + {json.dumps(added)}"
    if current is None:
        current = {}
    return json.dumps({**current, **added}) if isinstance(current, dict) else f"{old} + {json.dumps(added)}"
