"""Stuck rules as SQL conditions, and verdicts with their evidence from the fetched row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Child, Children, JobTable, Owner, Rule, Variants
from unstick.recovery.durations import long_duration, short_duration
from unstick.recovery.model import Scalar, Verdict
from unstick.recovery.thresholds import Thresholds, entry, join, patterns, split

from . import json_counts
from .engines.base import Expr
from .entity import EntitySql
from .kinds import fits, fitting

NO_LIFE = "no life sign recorded"


def condition(entity: EntitySql, rule: Rule, thresholds: Thresholds) -> Expr:
    """Whether the rule applies to the row."""
    kinds = patterns(thresholds, rule.name)
    limits = [thresholds.get(join(rule.name, kind)) for kind in kinds]
    on = [_switched_on(rule, thresholds, join(rule.name, kind)) for kind in (*kinds, None)]
    if not any(on):
        return sa.false()
    parts: list[Expr] = []
    if rule.statuses:
        parts.append(entity.raw_status().in_(rule.statuses))
    if not kinds:
        parts += _clocks(entity, rule, thresholds.get(rule.name))
    else:
        parts.append(_by_kind(entity, rule, kinds, [*limits, thresholds.get(rule.name)], on))
    if rule.children is not None:
        parts.append(_children(entity, rule.children))
    if rule.behind is not None:
        parts.append(_behind(entity, rule.behind))
    if rule.parent_statuses:
        parts.append(_parent_in(entity, rule.parent_statuses))
    if rule.when is not None:
        parts.append(entity.layout.expression(rule.when))
    return sa.and_(*parts)


def _switched_on(rule: Rule, thresholds: Thresholds, name: str) -> bool:
    return thresholds.get(name) is not None or not (has_clock(rule) or name in thresholds)


def _clocks(entity: EntitySql, rule: Rule, threshold: float | None) -> list[Expr]:
    """What the rule says of ages, by one threshold."""
    parts: list[Expr] = []
    if rule.age_of and threshold is not None:
        parts.append(_silent(entity, rule, threshold))
    if rule.owner is not None and threshold is not None:
        limit = rule.owner.older_than if rule.age_of else threshold
        parts.append(sa.false() if limit is None else _owner_dead(entity, rule.owner, limit))
    return parts


def _by_kind(
    entity: EntitySql, rule: Rule, kinds: Sequence[str], limits: Sequence[float | None], on: Sequence[bool]
) -> Expr:
    """What the rule says of ages, by the threshold of the row's kind; the last one is for every other kind.

    The shortest threshold is asked in front of all: an index can serve that.
    """
    shortest = min((limit for limit in limits if limit is not None), default=None)
    said = [
        sa.and_(sa.true(), *_clocks(entity, rule, limit)) if asked else sa.false()
        for limit, asked in zip(limits, on, strict=True)
    ]
    *chosen, other = [sa.case((each, 1), else_=0) for each in said]
    cases = [(fits(entity, kind), each) for kind, each in zip(kinds, chosen, strict=True)]
    first = [] if shortest is None or not rule.age_of else [_silent(entity, rule, shortest)]
    return sa.and_(*first, sa.case(*cases, else_=other) == 1)


def has_clock(rule: Rule) -> bool:
    """Whether a threshold says when the rule applies."""
    return bool(rule.age_of or rule.owner)


def which(entity: EntitySql, thresholds: Thresholds) -> Expr:
    """The name of the row's own first rule that applies, or NULL."""
    cases = [
        (condition(entity, rule, thresholds), sa.literal(rule.name, sa.Text)) for rule in entity.spec.rules
    ]
    return sa.case(*cases, else_=sa.null()) if cases else sa.null()


def any_of(entity: EntitySql, thresholds: Thresholds, only: tuple[str, ...] = ()) -> Expr:
    """Whether any of the row's own rules applies; one of `only` where given."""
    wanted = [rule for rule in entity.spec.rules if not only or rule.name in only]
    return sa.or_(sa.false(), *(condition(entity, rule, thresholds) for rule in wanted))


def _silent(entity: EntitySql, rule: Rule, seconds: float) -> Expr:
    """Every life sign that exists is older than the threshold; without any, the fallbacks in order."""
    engine = entity.engine
    clocks = [entity.clock_of(name) for name in rule.age_of if entity.tells(name)]
    unknown = [engine.unknown(column, clock, info) for column, clock, info in clocks]
    old = [
        sa.or_(none, engine.older_than(column, clock, info, seconds))
        for none, (column, clock, info) in zip(unknown, clocks, strict=True)
    ]
    nothing = sa.and_(sa.true(), *unknown)
    last: Expr = sa.true()
    for name in reversed([name for name in rule.fallback if entity.tells(name)]):
        column, clock, info = entity.clock_of(name)
        last = sa.or_(
            engine.older_than(column, clock, info, seconds),
            sa.and_(engine.unknown(column, clock, info), last),
        )
    return sa.or_(sa.and_(sa.not_(nothing), *old), sa.and_(nothing, last))


def _owner_dead(entity: EntitySql, owner: Owner, seconds: float) -> Expr:
    layout = entity.layout
    schema, _, table = owner.table.rpartition(".")
    place = layout.place(table, schema)
    beat, info = layout.time(place, "o", owner.beat)
    clock = owner.beat.clock or layout.profile.clock
    match = [layout.column(place, "o", theirs) == entity.col(ours) for theirs, ours in owner.match.items()]
    living = sa.and_(*match, sa.not_(entity.engine.older_than(beat, clock, info, seconds)))
    source = layout.tables_text(f"{layout.quoted(place)} AS o")
    statement = sa.select(sa.literal(1)).select_from(source).where(living)
    unowned = sa.or_(*(entity.col(ours).is_(None) for ours in owner.match.values()))
    dead = sa.not_(statement.exists())
    return dead if owner.null_is_dead else sa.and_(sa.not_(unowned), dead)


def _children(entity: EntitySql, wanted: Children) -> Expr:
    held = json_counts.spec_of(entity)
    if wanted.of == "variants" and held is not None:
        return _counted(entity, wanted, partial(json_counts.number, entity, held))
    spec: Child | Variants | None = entity.children.get(wanted.of)
    if spec is None and wanted.of == "variants" and isinstance(entity.spec, JobTable):
        spec = entity.spec.variants
    if spec is None:
        # An optional table that is absent has no rows.
        return sa.false() if wanted.any or wanted.at_least else sa.true()
    place, source, match = entity.child_place(spec), entity.child_source(spec), entity.child_match(spec)
    status = entity.layout.status_text(place, "c", str(spec.status))

    def number(only: Callable[[Expr], Expr] | None = None) -> Expr:
        statement = sa.select(sa.func.count()).select_from(source).where(match)
        return (statement if only is None else statement.where(only(status))).scalar_subquery()

    return _counted(entity, wanted, number)


def _counted(entity: EntitySql, wanted: Children, number: Callable[..., Expr]) -> Expr:
    """The condition over how many children there are; `number` counts those for whose status one holds."""
    parts: list[Expr] = []
    if wanted.every:
        parts.append(number(lambda status: sa.or_(status.is_(None), status.not_in(wanted.every))) == 0)
    if wanted.any:
        parts.append(number(lambda status: status.in_(wanted.any)) > 0)
    if wanted.none:
        parts.append(number(lambda status: status.in_(wanted.none)) == 0)
    if wanted.at_least == "total":
        parts.append(number() >= 1)
        total = entity.spec.columns.progress_total
        if total is not None:
            parts.append(number() >= sa.func.coalesce(entity.number(total), 0))
    elif wanted.at_least:
        parts.append(number() >= wanted.at_least)
    if wanted.at_most is not None:
        parts.append(number() <= wanted.at_most)
    return sa.and_(*parts)


def _behind(entity: EntitySql, of: str) -> Expr:
    """Whether the variant's step comes before its job's or a sibling's, by the declared order of steps."""
    _, order, others = _others(entity, of)
    own = step_order(entity.col(str(entity.spec.columns.step)), _steps(entity))
    return others.with_only_columns(sa.literal(1)).where(own < order).exists()


def ahead(entity: EntitySql, of: str) -> Expr:
    """The step of the variant's job, or of the sibling that is furthest on."""
    step, order, others = _others(entity, of)
    furthest = others.with_only_columns(entity.engine.text(step)).where(order.is_not(None))
    return furthest.order_by(order.desc()).limit(1).scalar_subquery()


def _others(entity: EntitySql, of: str) -> tuple[Expr, Expr, sa.Select[Any]]:
    """The step of the variant's job or siblings, its place in the order, and the SELECT over them."""
    parent, spec = entity.parent, entity.spec
    assert parent is not None
    assert isinstance(spec, Variants)
    assert spec.columns.step is not None, "the profile's checks see to it"
    if of == "parent":
        place, match = parent.place, spec.match
        name = parent.spec.columns.step or spec.columns.step
    else:
        place, match = entity.place, {ours: ours for ours in spec.match}
        name = spec.columns.step
    step = entity.layout.column(place, "p", name)
    pairs = [entity.layout.column(place, "p", theirs) == entity.col(ours) for ours, theirs in match.items()]
    source = entity.layout.tables_text(f"{entity.layout.quoted(place)} AS p")
    return step, step_order(step, _steps(entity)), sa.select(step).select_from(source).where(*pairs)


def _steps(entity: EntitySql) -> tuple[str, ...]:
    return entity.spec.steps or (entity.parent.spec.steps if entity.parent is not None else ())


def _parent_in(entity: EntitySql, statuses: tuple[str, ...]) -> Expr:
    """Whether the variant's job has one of the statuses."""
    parent, spec = entity.parent, entity.spec
    assert parent is not None
    assert isinstance(spec, Variants)
    status = parent.layout.status_text(parent.place, "p", str(parent.spec.status))
    pairs = [
        parent.layout.column(parent.place, "p", ours) == entity.col(theirs)
        for theirs, ours in spec.match.items()
    ]
    source = entity.layout.tables_text(f"{entity.layout.quoted(parent.place)} AS p")
    return sa.select(sa.literal(1)).select_from(source).where(*pairs, status.in_(statuses)).exists()


def step_order(column: Expr, steps: tuple[str, ...]) -> Expr:
    """The step's place in the declared order; NULL for unknown steps, which are never behind anything."""
    if not steps:
        return sa.null()
    return sa.case(*((column == step, index) for index, step in enumerate(steps)), else_=sa.null())


def verdict(
    entity: EntitySql,
    row: Mapping[str, Scalar],
    ages: Mapping[str, float | None],
    thresholds: Thresholds,
    now: datetime,
) -> Verdict | None:
    """Return the verdict for a fetched row: which clock decided, how old it is, and against what; and who is
    further on, and where."""
    rule = next((rule for rule in entity.spec.rules if rule.name == row["rule"]), None)
    if rule is None:
        return None
    counts = entry(thresholds, rule.name, fitting(row, thresholds))
    threshold, kind = thresholds.get(counts), split(counts)[1]
    evidence: list[tuple[str, str]] = [("rule", rule.name), *_places(entity, rule, row)]
    clock, age = _deciding(rule, ages)
    for time in dict.fromkeys((*rule.age_of, *rule.fallback)):
        evidence.append((_column(entity, time), _moment(ages.get(time), now)))
    if rule.age_of or rule.owner:
        of_kind = "" if kind is None else f" for kind:{kind}"
        evidence.append(("threshold", f"{long_duration(threshold)}{of_kind}"))
    if rule.children is not None and rule.children.of == "variants" and row.get("variants_total") is not None:
        evidence.append(("variants", f"{row['variants_done']} of {row['variants_total']} done"))
    if rule.owner is not None:
        evidence.append(("worker", f"no beat in {rule.owner.table} within {long_duration(threshold)}"))
    evidence.append(("database clock", f"{now:%Y-%m-%d %H:%M:%S} UTC"))
    why = rule.why or _where(rule, row, age) or _why(entity, rule, clock, age, threshold)
    return Verdict(
        rule.name, rule.reason, why, age, threshold, clock and _column(entity, clock), tuple(evidence)
    )


AHEAD = {"parent": "its job's step", "sibling": "a sibling's step"}


def _places(entity: EntitySql, rule: Rule, row: Mapping[str, Scalar]) -> list[tuple[str, str]]:
    """The steps that the rule compared, with their numbers in the order."""
    if rule.behind is None:
        return []
    steps = _steps(entity)
    compared = {"step": row.get("step"), AHEAD[rule.behind]: row.get(f"ahead_{rule.behind}")}
    return [
        (label, f"{step} ({steps.index(str(step)) + 1} of {len(steps)})")
        for label, step in compared.items()
        if step in steps
    ]


def _where(rule: Rule, row: Mapping[str, Scalar], age: float | None) -> str | None:
    """By how far the row is behind; None where the rule is not about that."""
    furthest = row.get(f"ahead_{rule.behind}")
    if furthest is None:
        return None
    idle = f", idle {short_duration(age)}" if age is not None else ""
    return f"{rule.name}: {row.get('step')} behind {furthest}{idle}"


def _deciding(rule: Rule, ages: Mapping[str, float | None]) -> tuple[str | None, float | None]:
    known = [(age, time) for time in rule.age_of if (age := ages.get(time)) is not None]
    if known:
        age, time = min(known)
        return time, age
    for time in rule.fallback:
        if (age_or_none := ages.get(time)) is not None:
            return time, age_or_none
    return None, None


def _why(entity: EntitySql, rule: Rule, clock: str | None, age: float | None, threshold: float | None) -> str:
    if rule.owner is not None and not rule.age_of:
        return f"worker gone or silent > {short_duration(threshold)}"
    if not rule.age_of:
        return rule.name
    if clock is None or age is None:
        return NO_LIFE
    word = "running" if clock == "started" else "idle"
    missing = "" if clock in rule.age_of else f" (no {_column(entity, rule.age_of[0])})"
    return f"{word} {short_duration(age)} > {short_duration(threshold)}{missing}"


def _column(entity: EntitySql, time: str) -> str:
    named = entity.spec.times.get(time)
    return time if named is None else ".".join((named.column, *named.path))


def _moment(age: float | None, now: datetime) -> str:
    if age is None:
        return "NULL"
    return f"{now - timedelta(seconds=age):%Y-%m-%d %H:%M:%S} UTC ({long_duration(age)} ago)"
