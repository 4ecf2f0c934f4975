"""Counts the variants of a job that are kept inside a JSON column, for rules and for the list."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from unstick.backends.profile.model import JobTable, JsonVariants
from unstick.recovery.model import State

from . import json_text
from .engines.base import Expr
from .entity import EntitySql


def spec_of(entity: EntitySql) -> JsonVariants | None:
    """Return how the variants inside a JSON column are described, where there are such."""
    return entity.spec.variants_json if isinstance(entity.spec, JobTable) else None


def number(entity: EntitySql, spec: JsonVariants, only: Callable[[Expr], Expr] | None = None) -> Expr:
    """How many variants the row has; those only for whose status a condition holds. None for text that is no
    JSON."""
    column, info = entity.col(spec.column), entity.infos[spec.column]
    dialect = entity.layout.dialect
    source, status = json_text.entries(entity.engine, dialect, column, spec.path, spec.status, info)
    statement = sa.select(sa.func.count()).select_from(source)
    return (statement if only is None else statement.where(only(status))).scalar_subquery()


def shown(entity: EntitySql, spec: JsonVariants) -> dict[str, Expr]:
    """How many variants there are and how many are done, by label for a row of the list."""
    meanings = spec.states or entity.spec.states
    done = meanings.get(State.DONE, ())
    return {
        "variants_total": number(entity, spec),
        "variants_done": number(entity, spec, lambda status: status.in_(done)),
    }
