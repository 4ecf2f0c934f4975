"""Which rows an action is about: those that were named, with what belongs to them, or those of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa

from unstick.recovery.errors import NotFound
from unstick.recovery.model import Image, JobId, Target, VariantId
from unstick.recovery.plan import LeftOut
from unstick.recovery.query import Query

from . import below, json_tasks, planner, reader, rules
from .entity import EntitySql
from .planner import Found, Ref
from .reader import Asked

BATCH = 500


@dataclass(slots=True)
class Selected:
    """The rows found, in the order of what was asked for, and what there is to say about the others."""

    rows: dict[Ref, tuple[EntitySql, Found]] = field(default_factory=dict)
    left: list[LeftOut] = field(default_factory=list)
    as_targets: set[str] = field(default_factory=set)
    """Texts that were read as JOB/VARIANT."""

    def add(self, entity: EntitySql, found: Iterable[Found]) -> None:
        """Add rows of one table; a row that is there already stays where it is."""
        for row in found:
            self.rows.setdefault(row.ref, (entity, row))


class Selecting:
    """Finds the rows of one action."""

    def __init__(
        self, connection: sa.Connection, tables: Sequence[EntitySql], action: str, asked: Asked
    ) -> None:
        self._connection, self._tables, self._action, self._asked = connection, tables, action, asked

    def by_query(self, query: Query) -> Selected:
        """Every row that the query matches, for actions on stuck rows only those; variants only then."""
        selected = Selected()
        for entity in self._tables:
            where = reader.conditions(entity, query, self._asked)
            self._of_query(selected, entity, where, query)
            if entity.variants is not None:
                self._of_query(selected, entity.variants, [below.of_matching(entity.variants, where)], query)
        return selected

    def _of_query(
        self, selected: Selected, entity: EntitySql, where: Sequence[sa.ColumnElement[bool]], query: Query
    ) -> None:
        action = entity.spec.actions.get(self._action)
        if action is None or (entity.parent is not None and not action.only_stuck):
            return
        conditions = list(where)
        if action.only_stuck or query.stuck_only:
            conditions.append(rules.any_of(entity, self._asked.thresholds, action.rules))
        selected.add(entity, planner.select_rows(self._connection, entity, action, conditions, self._asked))

    def by_ids(self, ids: Sequence[JobId | Target]) -> Selected:
        """The rows with these ids; a job comes with its stuck variants where the action is for stuck ones."""
        selected = Selected()
        jobs: dict[int, list[Image]] = {}
        variants: dict[int, list[tuple[Image, Target]]] = {}
        for one in ids:
            if isinstance(one, Target):
                self._target(selected, one, variants)
            else:
                self._job(selected, one, jobs, variants)
        for index, found in jobs.items():
            self._read_jobs(selected, self._tables[index], found)
        for index, targets in variants.items():
            self._read_variants(selected, self._tables[index], targets)
        return selected

    def _job(
        self,
        selected: Selected,
        job: JobId,
        jobs: dict[int, list[Image]],
        variants: dict[int, list[tuple[Image, Target]]],
    ) -> None:
        found = self._keys_of(job)
        target = _as_target(job)
        if (
            not found
            and target is not None
            and any(entity.variants or entity.tasks for entity in self._tables)
        ):
            selected.as_targets.add(job)
            self._target(selected, target, variants)
            return
        if len(found) != 1:
            selected.left.append(LeftOut(job, self._unclear(job, list(found))))
            return
        [(index, key)] = found.items()
        entity = self._tables[index]
        below = entity.variants.spec.actions.get(self._action) if entity.variants is not None else None
        if self._offers(entity) or (below is not None and below.only_stuck):
            jobs.setdefault(index, []).append(key)
        elif below is not None:
            selected.left.append(LeftOut(job, f"{self._action} is for one variant: write JOB/VARIANT"))
        else:
            selected.left.append(LeftOut(job, f"{entity.name} has no action {self._action}"))

    def _target(
        self, selected: Selected, target: Target, variants: dict[int, list[tuple[Image, Target]]]
    ) -> None:
        found = self._keys_of(target.job)
        if len(found) != 1:
            why = self._unclear(target.job, list(found))
            selected.left.append(LeftOut(target.job, why, target.variant))
            return
        job = self._tables[next(iter(found))]
        if job.tasks is not None and self._offers(job.tasks):
            self._task(selected, job, target)
            return
        table = job.variants
        if table is None or not self._offers(table):
            what = table.spec_name if table is not None else self._tables[next(iter(found))].name
            why = f"{what} has no action {self._action} for one variant"
            selected.left.append(LeftOut(target.job, why, target.variant))
            return
        try:
            key = table.key_of(target.variant)
        except NotFound:
            selected.left.append(LeftOut(target.job, "there is no such variant", target.variant))
            return
        variants.setdefault(next(iter(found)), []).append((key, target))

    def _task(self, selected: Selected, job: EntitySql, target: Target) -> None:
        """A variant inside a JSON column. One of a job at a time: each is a change of the same row."""
        assert job.tasks is not None
        found = json_tasks.find(self._connection, job, self._action, target, self._asked)
        if isinstance(found, LeftOut):
            selected.left.append(found)
        elif any(row.job == found.job and row.ref != found.ref for _, row in selected.rows.values()):
            why = "another one of this job is in the plan already: do this one after it"
            selected.left.append(LeftOut(target.job, why, target.variant))
        else:
            selected.add(job.tasks, [found])

    def _offers(self, entity: EntitySql) -> bool:
        return self._action in entity.spec.actions

    def _read_jobs(self, selected: Selected, entity: EntitySql, found: list[Image]) -> None:
        for start in range(0, len(found), BATCH):
            some = found[start : start + BATCH]
            action = entity.spec.actions.get(self._action)
            if action is not None:
                where = [entity.key_in(some)]
                selected.add(
                    entity, planner.select_rows(self._connection, entity, action, where, self._asked)
                )
            table = entity.variants
            spec = table.spec.actions.get(self._action) if table is not None else None
            if table is not None and spec is not None and spec.only_stuck:
                stuck = rules.any_of(table, self._asked.thresholds, spec.rules)
                where = [below.of_jobs(table, some), stuck]
                selected.add(table, planner.select_rows(self._connection, table, spec, where, self._asked))
            if action is None:
                self._without(selected, entity, some)

    def _without(self, selected: Selected, entity: EntitySql, found: list[Image]) -> None:
        """Say of jobs that only their variants could be acted on, and none is stuck."""
        taken = {job for job, _ in selected.rows}
        statement = entity.select(*(entity.image(name) for name in entity.key)).where(entity.key_in(found))
        for key in entity.rows(self._connection.execute(statement)):
            job = JobId(entity.job_id(key))
            if job not in taken:
                what = entity.variants.spec_name if entity.variants is not None else "variants"
                selected.left.append(LeftOut(job, f"not stuck: none of its {what} is"))

    def _read_variants(
        self, selected: Selected, entity: EntitySql, targets: list[tuple[Image, Target]]
    ) -> None:
        table = entity.variants
        assert table is not None
        spec = table.spec.actions[self._action]
        wanted: dict[Ref, Target] = {(t.job, t.variant): t for _, t in targets}
        for start in range(0, len(targets), BATCH):
            where = [table.key_in([key for key, _ in targets[start : start + BATCH]])]
            found = list(planner.select_rows(self._connection, table, spec, where, self._asked))
            selected.add(table, [row for row in found if self._is_wanted(row, wanted)])
        for target in wanted.values():
            if not any(self._same(row, target) for _, row in selected.rows.values()):
                selected.left.append(LeftOut(target.job, "there is no such variant", target.variant))

    def _is_wanted(self, row: Found, wanted: dict[Ref, Target]) -> bool:
        return any(self._same(row, target) for target in wanted.values())

    @staticmethod
    def _same(row: Found, target: Target) -> bool:
        """Whether a row is the target; ids may be written without their table, and in other letters."""
        job, variant = str(row.job).lower(), str(row.variant).lower()
        same = job == target.job.lower() or job.endswith(f":{target.job.lower()}")
        return same and variant == target.variant.lower()

    def _keys_of(self, job: JobId) -> dict[int, Image]:
        """Return the key by table. Without its `table:` an id may be in several; those that have it count."""
        tables = self._tables
        prefix, colon, _ = job.partition(":")
        named = [
            i for i, entity in enumerate(tables) if len(tables) == 1 or (colon and entity.name == prefix)
        ]
        possible: dict[int, Image] = {}
        for index in named or range(len(tables)):
            with suppress(NotFound):
                possible[index] = tables[index].key_of(job)
        if named and not self._may_be_target(job):
            return possible
        return {
            index: key
            for index, key in possible.items()
            if self._connection.execute(
                tables[index].select(sa.literal(1)).where(tables[index].key_in([key]))
            ).first()
            is not None
        }

    def _may_be_target(self, job: JobId) -> bool:
        """Whether the text may also name a variant: then only a look at the rows tells."""
        return "/" in job and any(entity.variants or entity.tasks for entity in self._tables)

    def _unclear(self, job: JobId, found: Sequence[int]) -> str:
        if not found:
            return "there is no such job"
        names = " or ".join(f"{self._tables[index].name}:{job}" for index in found)
        return f"several tables have a job with this id: write {names}"


def _as_target(text: str) -> Target | None:
    """Return what JOB/VARIANT means; None for text that isn't that."""
    job, slash, variant = text.rpartition("/")
    return Target(JobId(job), VariantId(variant)) if slash and job and variant else None
