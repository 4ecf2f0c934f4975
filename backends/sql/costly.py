"""Which questions no index of a large table answers: they are asked of its newest rows only."""

from __future__ import annotations

from unstick.recovery.model import State
from unstick.recovery.query import Query, Term

from .entity import EntitySql
from .wanted import serves_stuck

_LIVE = {State.PENDING, State.RUNNING}


def costly(entity: EntitySql, query: Query) -> bool:
    """Whether the question would read the large table from end to end."""
    if not entity.extent.large or any(_narrows(entity, term) for term in query.terms):
        return False
    if query.stuck_only:
        return not serves_stuck(entity)
    return not _ordered(entity, query.sort) or not all(_found(entity, term) for term in query.terms)


def _by_status(entity: EntitySql) -> bool:
    spec = entity.spec
    plain = spec.status is not None and spec.status_sql is None and spec.state_sql is None
    return plain and entity.extent.leads(spec.status or "")


def _narrows(entity: EntitySql, term: Term) -> bool:
    """Whether an index leads to the few rows for which the term holds."""
    if term.negated:
        return False
    if term.field == "id":
        return not any("*" in str(value) for value in term.values)
    if term.field == "stuck":
        return bool(term.value) and serves_stuck(entity)
    return term.field == "state" and _by_status(entity) and {State(str(v)) for v in term.values} <= _LIVE


def _found(entity: EntitySql, term: Term) -> bool:
    """Whether an index leads to the rows for which the term holds, however many."""
    if term.field in ("state", "status"):
        named = term.field == "state" or all(str(value) in entity.states for value in term.values)
        return not term.negated and named and _by_status(entity)
    return term.field == "table"


def _ordered(entity: EntitySql, sort: str) -> bool:
    """Whether an index gives the order."""
    if sort == "id":
        return True
    if sort == "state":
        return _by_status(entity) and entity.extent.orders(entity.spec.status or "", entity.key)
    if sort == "stuck" and not serves_stuck(entity):
        return False
    if sort in ("kind", "priority") and getattr(entity.spec.columns, sort) is None:
        return True  # nothing but the key is left to sort by
    if sort == "retries" and entity.spec.columns.retries is None:
        return False
    named = entity.clocks.get("created" if sort == "stuck" else sort)
    if named is None:
        return sort in ("stuck", "created") and "created" not in entity.spec.times
    column = named[0]
    return entity.extent.orders(column, entity.key) and not entity.infos[column].nullable
