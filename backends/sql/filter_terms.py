"""Filter terms as SQL conditions; `recovery.matching` says what each must mean."""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from unstick.recovery.matching import AGES, COUNTS
from unstick.recovery.model import State
from unstick.recovery.query import Term

from . import below, keys, kinds
from .engines.base import Expr, least
from .entity import EntitySql
from .kinds import escape, like, wildcard

_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(entity: EntitySql, term: Term, stuck: Expr, retries: Mapping[str, int] | None) -> Expr:
    """Whether the term holds for the row. `retries` is job id -> attempts, where no column counts them."""
    held = _holds(entity, term, stuck, retries)
    return sa.not_(sa.func.coalesce(held, sa.false())) if term.negated else held


def _holds(entity: EntitySql, term: Term, stuck: Expr, retries: Mapping[str, int] | None) -> Expr:
    if term.field == "text":
        return _anywhere(entity, str(term.value))
    if term.field == "stuck":
        return stuck if term.value else sa.not_(sa.func.coalesce(stuck, sa.false()))
    if term.field == "state":
        return entity.in_state([State(str(value)) for value in term.values])
    if term.field in AGES:
        return _age(entity, term)
    if term.field in COUNTS:
        return _count(entity, term, retries)
    if term.field == "id":
        return sa.or_(*(_any_id(entity, str(value)) for value in term.values))
    if term.field == "job":
        return sa.or_(*(_job(entity, str(value)) for value in term.values))
    if term.field == "table":
        return sa.literal(any(_in_table(entity, str(value)) for value in term.values))
    return _named(entity, term)


def _anywhere(entity: EntitySql, needle: str) -> Expr:
    columns = entity.spec.columns
    texts = [entity.key_text()]
    texts += [
        *kinds.shown(entity),
        *(entity.engine.text(entity.col(n)) for n in (columns.step, columns.error) if n),
    ]
    pattern = f"%{escape(needle)}%"
    found = [like(text, pattern) for text in texts]
    job = entity.parent or entity
    if job.prefixed and needle.casefold() in f"{job.name}:".casefold():
        found.append(sa.true())
    if entity.parent is not None:
        found.append(below.of_matching(entity, [like(entity.parent.key_text(), pattern)]))
    return sa.or_(*found)


def _named(entity: EntitySql, term: Term) -> Expr:
    columns = entity.spec.columns
    if term.field == "kind":
        patterns = [wildcard(str(value)) for value in term.values]
        return sa.or_(
            sa.false(), *(like(text, pattern) for text in kinds.shown(entity) for pattern in patterns)
        )
    column = {"step": columns.step, "error": columns.error}.get(term.field)
    if term.field == "status":
        exact, text = entity.raw_status(), entity.status()
    elif column is None:
        return sa.false()
    else:
        exact, text = entity.col(column), entity.engine.text(entity.col(column))
    parts = []
    for value in map(str, term.values):
        if term.field == "error":
            parts.append(like(text, f"%{wildcard(value)}%"))
        else:
            parts.append(like(text, wildcard(value)))
    if term.field == "status" and all(value in entity.states for value in term.values):
        # Spelled exactly, the status can be found by its index.
        return exact.in_([str(value) for value in term.values])
    return sa.or_(*parts)


def _any_id(entity: EntitySql, value: str) -> Expr:
    """Whether it is the row's id; a variant's may be written JOB/VARIANT."""
    job, slash, variant = value.rpartition("/")
    if entity.parent is None or not slash:
        return _id(entity, value)
    return sa.or_(_id(entity, value), sa.and_(_job(entity, job), _id(entity, variant)))


def _job(entity: EntitySql, value: str) -> Expr:
    """Whether it is the id of the row's job, or of the row itself where it is a job."""
    if entity.parent is None:
        return _id(entity, value)
    return below.of_matching(entity, [_id(entity.parent, value)])


def _in_table(entity: EntitySql, pattern: str) -> bool:
    """Whether the job table's name fits; variants are of their jobs' table, if several are told apart."""
    job = entity.parent or entity
    return _fits(job.name, pattern) and (entity.parent is None or job.prefixed)


def _id(entity: EntitySql, value: str) -> Expr:
    prefix = f"{entity.name}:" if entity.prefixed else ""
    if prefix and value.startswith(prefix):
        value = value.removeprefix(prefix)
    if "*" not in value and len(entity.key) == 1:
        if not keys.plausible(value, entity.infos[entity.key[0]]):
            return sa.false()
        if entity.infos[entity.key[0]].kind in ("int", "uuid"):
            return entity.key_in([{entity.key[0]: value}])
    return like(entity.key_text(), wildcard(value))


def _age(entity: EntitySql, term: Term) -> Expr:
    limit = float(str(term.value))
    age = {"age": _since_created, "running": running, "idle": idle}[term.field](entity)
    return sa.false() if age is None else _OPS[term.op](age, limit)


def _since_created(entity: EntitySql) -> Expr | None:
    return entity.age("created") if "created" in entity.spec.times else None


def running(entity: EntitySql) -> Expr | None:
    """Seconds since the start of a running row, or from start to finish of any other."""
    if "started" not in entity.spec.times:
        return None
    started = entity.age("started")
    ended = started - entity.age("finished") if "finished" in entity.spec.times else sa.null()
    return sa.case((entity.in_state([State.RUNNING]), started), else_=ended)


def idle(entity: EntitySql) -> Expr | None:
    """Seconds since the last life sign."""
    ages = [entity.age(name) for name in life_signs(entity)]
    return least(ages) if ages else None


def life_signs(entity: EntitySql) -> list[str]:
    """The times that tell when the row was last alive: those of its rules, else update and start."""
    named = [name for rule in entity.spec.rules if rule.enabled for name in rule.age_of if entity.tells(name)]
    extra = [name for name in ("updated", "started") if name in entity.spec.times]
    return list(dict.fromkeys((*extra, *named)))


def _count(entity: EntitySql, term: Term, retries: Mapping[str, int] | None) -> Expr:
    limit = float(str(term.value))
    compare = _OPS[term.op]
    column = entity.spec.columns.retries if term.field == "retries" else entity.spec.columns.priority
    if column is not None:
        # As a number whatever its type: what it is compared with is one.
        value = sa.type_coerce(entity.col(column), sa.BigInteger)
        counted = sa.func.coalesce(value, 0) if term.field == "retries" else value
        compared: Expr = compare(counted, int(limit))
        return compared
    if term.field == "priority":
        return sa.false()
    attempts = retries or {}
    holding = [_key(entity, job) for job, count in attempts.items() if compare(count, limit)]
    others = [_key(entity, job) for job, count in attempts.items() if not compare(count, limit)]
    if compare(0, limit):
        return sa.not_(entity.key_in(others)) if others else sa.true()
    return entity.key_in(holding) if holding else sa.false()


def _key(entity: EntitySql, job: str) -> dict[str, str]:
    return {name: str(value) for name, value in keys.split(job, entity.key, entity.name).items()}


def of_table(entity: EntitySql, jobs: Iterable[str]) -> list[str]:
    """Return those of the ids that belong to this job table."""
    prefix = f"{entity.name}:"
    return [job for job in jobs if not entity.prefixed or job.startswith(prefix)]


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name.casefold(), pattern.casefold().replace("[", "[[]").replace("?", "[?]"))
