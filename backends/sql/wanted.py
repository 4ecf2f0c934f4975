"""Which indexes the questions of a console look for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from unstick.backends.profile.model import Child, JobTable, Rule, Variants

from .entity import EntitySql
from .extent import Existing
from .layout import Place


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index for one kind of question. One that begins with any of the first `leading` columns does."""

    place: Place
    columns: tuple[str, ...]
    why: str
    leading: int = 1
    partial: bool = False
    """Whether an index of only some rows would do as well."""
    shared: bool = False
    """Whether the question names more columns in SQL of its own: an index may begin with those."""

    @classmethod
    def of_child(cls, entity: EntitySql, child: Child, why: str, *more: str) -> Self:
        """Return what finds the rows of a child table that belong to a job, by `more` columns where given."""
        match, place = tuple(child.match), entity.child_place(child)
        return cls(place, (*match, *more), why, len(match), shared=child.only is not None)


def serves_stuck(entity: EntitySql) -> bool:
    """Whether the table is small, or has the indexes by which what is stuck is found."""
    if not entity.extent.large:
        return True
    below = entity.variants.spec.rules if entity.variants is not None else ()
    if any(rule.enabled and not rule.parent_statuses for rule in below):
        return False  # the variants of every job would have to be asked
    return all(_serves_rule(entity, rule) for rule in entity.spec.rules if rule.enabled)


def _serves_rule(entity: EntitySql, rule: Rule) -> bool:
    status = entity.spec.status
    if status is not None and rule.statuses and entity.extent.leads(status):
        return True
    own = [each for each in _of_rule(entity, rule) if each.place == entity.place and each.partial]
    return bool(own) and all(any(serves(index, each) for index in entity.extent.indexes) for each in own)


def lacking(entity: EntitySql) -> Iterator[str]:
    """Yield a sentence for each index without which only the newest rows of the large table are looked
    through."""
    told: set[str] = set()
    for each in _own(entity) if entity.extent.large else ():
        there = any(serves(index, each) for index in entity.extent.indexes)
        if each.place != entity.place or there or each.columns[0] in told:
            continue
        told.add(each.columns[0])
        yield (
            f"{each.place[1]} has no index on ({', '.join(each.columns)}) and about "
            f"{entity.extent.rows:,} rows: {each.why} are looked for among the newest ones only; "
            "`unstick doctor` tells the statement that makes it"
        )


def wanted_of(entity: EntitySql) -> Iterator[Wanted]:
    """Yield what the questions about a job table and all below it look for."""
    yield from _own(entity)
    variants = entity.variants
    if variants is not None and isinstance(variants.spec, Variants):
        match = tuple(variants.spec.match)
        called = variants.spec_name
        yield Wanted(variants.place, match, f"the {called} of a job", len(match))
        yield from _own(variants)
    for child in entity.children.values():
        if child.match:
            yield Wanted.of_child(entity, child, f"the {child.name} of a job, also when it is deleted")


def _own(entity: EntitySql) -> Iterator[Wanted]:
    """What is stuck, the counts, and the newest rows of one table."""
    spec, called = entity.spec, "jobs" if isinstance(entity.spec, JobTable) else entity.spec_name
    timed = [wanted for rule in spec.rules if rule.enabled for wanted in _of_rule(entity, rule)]
    yield from timed
    if spec.status is not None and not any(each.place == entity.place for each in timed):
        yield Wanted(entity.place, (spec.status,), f"the counts, and {called} by state")
    if "created" in entity.clocks:
        column = entity.clocks["created"][0]
        # NULLs are put last by a term of their own, which no index gives.
        if not entity.infos[column].nullable and column != entity.key[0]:
            yield Wanted(entity.place, (column, *entity.key), f"the newest {called}, page by page")


def _of_rule(entity: EntitySql, rule: Rule) -> Iterator[Wanted]:
    if rule.owner is not None:
        schema, _, table = rule.owner.table.rpartition(".")
        match = tuple(rule.owner.match)
        yield Wanted(entity.layout.place(table, schema), match, "whether a worker is alive", len(match))
    status = entity.spec.status
    for time in rule.age_of:
        child_name, dot, column = time.partition(".")
        if dot and child_name in entity.children and entity.children[child_name].match:
            child = entity.children[child_name]
            yield Wanted.of_child(entity, child, "the last sign of life of a job", column)
    first = next((time for time in rule.age_of if time in entity.clocks), None)
    if status is not None and rule.statuses and first is not None:
        columns = tuple(dict.fromkeys((status, entity.clocks[first][0])))
        yield Wanted(entity.place, columns, "what is stuck, and the counts", partial=True)


def serves(index: Existing, wanted: Wanted) -> bool:
    """Whether an index does."""
    if index.where:
        named = any(column in index.where or column in index.columns for column in wanted.columns)
        return wanted.partial and named
    leading = index.columns if wanted.shared else index.columns[:1]
    return not {*leading}.isdisjoint(wanted.columns[: wanted.leading])
