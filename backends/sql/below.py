"""What a job's variants say about it: a job is stuck when one of its variants is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Rule, Variants
from unstick.recovery.model import Image, Scalar, Verdict
from unstick.recovery.thresholds import Thresholds

from . import rules
from .engines.base import Expr
from .entity import EntitySql

_COUNT = "stuck_"


def stuck(job: EntitySql, thresholds: Thresholds) -> Expr:
    """Whether the job or one of its variants is stuck."""
    own = rules.any_of(job, thresholds)
    found = [condition(job, thresholds, some) for some in _by_parent(job)]
    return sa.or_(own, *found) if found else own


def _by_parent(job: EntitySql) -> list[list[Rule]]:
    """The variants' rules, those of the same jobs together."""
    groups: dict[tuple[str, ...], list[Rule]] = {}
    for rule in job.variants.spec.rules if job.variants is not None else ():
        groups.setdefault(rule.parent_statuses, []).append(rule)
    return list(groups.values())


def condition(job: EntitySql, thresholds: Thresholds, some: list[Rule]) -> Expr:
    """Whether one of the rules applies to a variant of the job `j`."""
    assert job.variants is not None
    applies = sa.or_(sa.false(), *(rules.condition(job.variants, rule, thresholds) for rule in some))
    exists = _matching(job, applies, sa.literal(1)).exists()
    statuses = some[0].parent_statuses
    return sa.and_(job.raw_status().in_(statuses), exists) if statuses else exists


def _matching(job: EntitySql, applies: Expr, what: Any) -> sa.Select[Any]:
    """SELECT over those variants `v` of the job `j` for which a condition over the variant as `j` holds.

    Within the innermost SELECT `j` is the variant, as everywhere where its rules are asked; `v` stands in
    between, so that the job can be seen at all.
    """
    table = job.variants
    assert table is not None
    assert isinstance(table.spec, Variants)
    layout, place = job.layout, table.place
    source = layout.tables_text(f"{layout.quoted(place)} AS v")
    linked = [layout.column(place, "v", theirs) == job.col(ours) for theirs, ours in table.spec.match.items()]
    same = [table.col(name) == layout.column(place, "v", name) for name in table.key]
    inner = table.select(sa.literal(1)).where(*same, applies)
    return sa.select(what).select_from(source).where(*linked, inner.exists())


def counts(job: EntitySql, thresholds: Thresholds) -> dict[str, Expr]:
    """How many variants each rule applies to, by a label for the row; a variant counts for its first rule."""
    found: dict[str, Expr] = {}
    if job.variants is None:
        return found
    first = rules.which(job.variants, thresholds)
    for number, rule in enumerate(job.variants.spec.rules):
        applies = first == sa.literal(rule.name, sa.Text)
        counted: Expr = _matching(job, applies, sa.func.count()).scalar_subquery()
        if rule.parent_statuses:
            counted = sa.case((job.raw_status().in_(rule.parent_statuses), counted), else_=0)
        found[f"{_COUNT}{number}"] = counted
    return found


def verdict(job: EntitySql, row: Mapping[str, Scalar]) -> Verdict | None:
    """Return the verdict that a job has because of its variants."""
    if job.variants is None:
        return None
    found = [
        (rule, int(str(row.get(f"{_COUNT}{number}") or 0)))
        for number, rule in enumerate(job.variants.spec.rules)
    ]
    named = [(rule, number) for rule, number in found if number]
    if not named:
        return None
    first = named[0][0]
    why = ", ".join(f"{number} {rule.why or rule.name}" for rule, number in named)
    evidence = [("rule", f"{first.name}, of its {job.variants.spec_name}")]
    evidence += [(rule.name, f"{number} {job.variants.spec_name}") for rule, number in named]
    return Verdict(first.name, first.reason, f"{job.variants.spec_name}: {why}", evidence=tuple(evidence))


def parent_keys(variants: EntitySql) -> dict[str, Expr]:
    """The images of the job's key columns, for a variant `j`; NULL where it has no job."""
    job, spec = variants.parent, variants.spec
    assert job is not None
    assert isinstance(spec, Variants)
    ours = {column: theirs for theirs, column in spec.match.items()}
    if set(job.key) <= set(ours):
        return {name: variants.image(ours[name]) for name in job.key}
    place = job.place
    source = job.layout.tables_text(f"{job.layout.quoted(place)} AS p")
    pairs = [job.layout.column(place, "p", column) == variants.col(theirs) for column, theirs in ours.items()]
    return {
        name: sa.select(job.engine.image(job.layout.column(place, "p", name), job.infos[name]))
        .select_from(source)
        .where(*pairs)
        .limit(1)
        .scalar_subquery()
        for name in job.key
    }


def belongs(variants: EntitySql) -> Expr:
    """Whether the variant `j` has a job at all. Asked of each row: a database that began with the jobs would
    have to sort all of their variants."""
    return sa.func.coalesce(of_matching(variants, []), sa.false())


def within_reach(variants: EntitySql) -> Expr:
    """What a stuck variant's job must be: of those few that its rules name, so that the database can begin
    with them."""
    job = variants.parent
    assert job is not None
    named = [rule.parent_statuses for rule in variants.spec.rules]
    if not named or not all(named):
        return belongs(variants)
    wanted = job.raw_status().in_(sorted({one for some in named for one in some}))
    assert isinstance(variants.spec, Variants)
    (theirs, ours), *more = variants.spec.match.items()
    if more:
        return of_matching(variants, [wanted])
    # SQLite begins with the jobs only where they are a list.
    return variants.col(theirs).in_(job.select(job.col(ours)).where(wanted))


def of_jobs(variants: EntitySql, found: list[Image]) -> Expr:
    """Whether the variant `j` belongs to one of the jobs."""
    job = variants.parent
    assert job is not None

    def column(name: str) -> Expr:
        return job.layout.column(job.place, "p", name)

    return _with_parent(variants, job.key_at(found, column))


def of_matching(variants: EntitySql, conditions: list[Expr]) -> Expr:
    """Whether the variant `j` belongs to a job for which the conditions hold, written over `j`."""
    job = variants.parent
    assert job is not None
    same = [job.col(name) == job.layout.column(job.place, "p", name) for name in job.key]
    return _with_parent(variants, job.select(sa.literal(1)).where(*same, *conditions).exists())


def _with_parent(variants: EntitySql, condition: Expr) -> Expr:
    """Whether there is a job `p` of the variant `j` for which the condition holds."""
    job, spec = variants.parent, variants.spec
    assert job is not None
    assert isinstance(spec, Variants)
    source = job.layout.tables_text(f"{job.layout.quoted(job.place)} AS p")
    pairs = [
        job.layout.column(job.place, "p", ours) == variants.col(theirs) for theirs, ours in spec.match.items()
    ]
    return sa.select(sa.literal(1)).select_from(source).where(*pairs, condition).exists()
