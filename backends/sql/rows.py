"""Which expressions are selected for a job or variant, and how a fetched row becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Variants
from unstick.recovery.model import Job, JobId, Scalar, State, Variant, VariantId
from unstick.recovery.thresholds import Thresholds

from . import below, json_counts, kinds, rules
from .attempts import Attempts
from .engines.base import Expr
from .entity import EntitySql
from .filter_terms import life_signs

ERROR_IN_TABLE = 300
"""Characters of error text fetched for a table row; the job screen fetches all of it."""

Row = Mapping[str, Scalar]


def selected(entity: EntitySql, thresholds: Thresholds, *, own: bool = False) -> list[sa.Label[Any]]:
    """The expressions for one table row; `own` leaves out what its variants say about it."""
    spec, engine = entity.spec, entity.engine
    found: dict[str, Expr] = {
        f"k_{name}": engine.image(entity.col(name), entity.infos[name]) for name in spec.key
    }
    found["status"] = entity.status()
    if spec.state_sql is not None:
        found["state"] = entity.state()
    columns = spec.columns
    for label, column in (("kind", columns.kind), ("name", columns.name), ("step", columns.step)):
        if column:
            found[label] = engine.text(entity.col(column))
    if columns.error:
        found["error"] = engine.cut(entity.col(columns.error), ERROR_IN_TABLE)
    found.update(_numbers(entity))
    for time in times(entity):
        found[f"age_{time}"] = entity.age(time)
    found["rule"] = rules.which(entity, thresholds)
    found.update(kinds.selected(entity, thresholds))
    for other in dict.fromkeys(rule.behind for rule in spec.rules if rule.behind):
        found[f"ahead_{other}"] = rules.ahead(entity, other)
    found["now"] = engine.epoch_now()
    found.update(_variant_counts(entity))
    if not own:
        found.update(below.counts(entity, thresholds))
    return [expression.label(label) for label, expression in found.items()]


def _numbers(entity: EntitySql) -> dict[str, Expr]:
    spec, columns = entity.spec, entity.spec.columns
    named = (("retries", columns.retries), ("priority", columns.priority))
    found = {label: entity.col(column) for label, column in named if column}
    parts = (("progress", columns.progress), ("progress_total", columns.progress_total))
    found |= {label: entity.number(part) for label, part in parts if part}
    if spec.attempts_sql is not None:
        found["attempts"] = entity.layout.expression(spec.attempts_sql)
    return found


def times(entity: EntitySql) -> list[str]:
    """Every time that a row is fetched with: the named ones and those that rules need."""
    named = [name for rule in entity.spec.rules for name in (*rule.age_of, *rule.fallback)]
    return [name for name in dict.fromkeys((*entity.spec.times, *named)) if entity.tells(name)]


def _variant_counts(entity: EntitySql) -> dict[str, Expr]:
    held = json_counts.spec_of(entity)
    if held is not None:
        return json_counts.shown(entity, held)
    variants = getattr(entity.spec, "variants", None)
    if not isinstance(variants, Variants) or variants.status is None:
        return {}
    status = entity.layout.status_text(entity.child_place(variants), "c", variants.status)
    done = [name for name in variants.states.get(State.DONE, ())]
    finished = sa.func.sum(sa.case((status.in_(done), 1), else_=0))

    def number(what: Expr) -> Expr:
        statement = sa.select(what).select_from(entity.child_source(variants))
        return statement.where(entity.child_match(variants)).scalar_subquery()

    return {
        "variants_total": number(sa.func.count()),
        "variants_done": number(finished) if done else sa.literal(0),
    }


def clock(row: Row) -> datetime:
    """Return the statement's now."""
    return datetime.fromtimestamp(moment(row), UTC)


def moment(row: Row) -> float:
    """Return the statement's now as seconds since 1970, exactly as the database gave it."""
    return _float(row["now"]) or 0.0


def to_job(
    entity: EntitySql,
    row: Row,
    thresholds: Thresholds,
    *,
    retries: Mapping[str, int],
    max_retries: int | None,
    fields: Row | None = None,
) -> Job:
    """Return a fetched row as a job."""
    now = clock(row)
    ages = {time: _float(row.get(f"age_{time}")) for time in times(entity)}
    job = JobId(entity.job_id({name: row[f"k_{name}"] for name in entity.key}))
    state = entity.state_of(row["status"], row.get("state"))
    step = _text(row.get("step"))
    steps, since = entity.spec.steps, entity.spec.attempts_since
    moments = _times(ages, now)
    return Job(
        id=job,
        table=entity.name,
        state=state,
        status=_text(row["status"]),
        kind=_kind(row),
        step=step,
        step_index=steps.index(step) + 1 if step in steps else None,
        step_count=len(steps) or None,
        progress=_progress(row),
        error=_text(row.get("error")),
        retries=_attempts(entity, row, retries.get(job, 0), moments.get(since or "")),
        max_retries=max_retries,
        **moments,
        running_s=_running(state, ages),
        idle_s=_youngest(ages, life_signs(entity)),
        priority=_int(row.get("priority")),
        variants_done=_int(row.get("variants_done")),
        variants_total=_int(row.get("variants_total")),
        verdict=rules.verdict(entity, row, ages, thresholds, now) or below.verdict(entity, row),
        fields=fields or {},
    )


def _attempts(entity: EntitySql, row: Row, counted: int, since: datetime | None) -> int:
    """Attempts by the column that counts them; else by the retry history or the system's own record."""
    if entity.spec.columns.retries:
        return _int(row.get("retries")) or 0
    own = _int(row.get("attempts")) or 0
    return max(own, counted.since(since) if isinstance(counted, Attempts) else counted)


def to_variant(
    entity: EntitySql,
    job: JobId,
    row: Row,
    thresholds: Thresholds,
    *,
    retries: Mapping[tuple[str, str | None], int],
    max_retries: int | None,
) -> Variant:
    """Return a fetched row of a variants table. `retries` is (job, variant) -> attempts, where no column
    counts them."""
    now = clock(row)
    ages = {time: _float(row.get(f"age_{time}")) for time in times(entity)}
    variant = VariantId(entity.job_id({name: row[f"k_{name}"] for name in entity.key}))
    counted = _int(row.get("retries")) or 0
    state = entity.state_of(row["status"], row.get("state"))
    step = _text(row.get("step"))
    steps = entity.spec.steps or (entity.parent.spec.steps if entity.parent is not None else ())
    return Variant(
        id=variant,
        job=job,
        state=state,
        status=_text(row["status"]),
        name=" ".join(part for part in (_text(row.get("kind")), _text(row.get("name"))) if part) or None,
        step=step,
        step_index=steps.index(step) + 1 if step in steps else None,
        step_count=len(steps) or None,
        error=_text(row.get("error")),
        retries=counted if entity.spec.columns.retries else retries.get((job, variant), 0),
        max_retries=max_retries,
        **_times(ages, now),
        running_s=_running(state, ages),
        idle_s=_youngest(ages, life_signs(entity)),
        verdict=rules.verdict(entity, row, ages, thresholds, now),
    )


def _times(ages: Mapping[str, float | None], now: datetime) -> dict[str, Any]:
    found: dict[str, datetime | None] = {}
    for name in ("created", "started", "updated", "finished"):
        age = ages.get(name)
        try:
            found[name] = now - timedelta(seconds=age) if age is not None else None
        except OverflowError:
            found[name] = None
    return found


def _running(state: State, ages: Mapping[str, float | None]) -> float | None:
    started, finished = ages.get("started"), ages.get("finished")
    if started is None or state is State.RUNNING:
        return started
    return started - finished if finished is not None else None


def _youngest(ages: Mapping[str, float | None], names: Sequence[str]) -> float | None:
    known = [age for name in names if (age := ages.get(name)) is not None]
    return min(known) if known else None


def _kind(row: Row) -> str | None:
    return "/".join(part for part in (_text(row.get("name")), _text(row.get("kind"))) if part) or None


def _progress(row: Row) -> float | None:
    done = _float(row.get("progress"))
    if done is None or "progress_total" not in row:
        return done
    total = _float(row["progress_total"])
    return min(done / total, 1.0) if total else None


def _text(value: Scalar) -> str | None:
    return None if value is None else str(value)


def _int(value: Scalar) -> int | None:
    number = _float(value)
    return None if number is None else int(number)


def _float(value: Scalar) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return None
