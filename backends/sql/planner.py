"""The dry run: reads the rows once and freezes them with their tokens. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import sqlalchemy as sa

from unstick.backends.profile.model import Action, Child
from unstick.recovery.durations import long_duration
from unstick.recovery.errors import PlanError
from unstick.recovery.model import Image, Job, JobId, Scalar, Variant, VariantId
from unstick.recovery.plan import Options, Plan, PlanRow
from unstick.recovery.query import Query, Term
from unstick.recovery.thresholds import narrowed

from . import assign, below, json_document, kinds, rows
from .engines.base import Expr
from .entity import EntitySql
from .reader import Asked

Ref = tuple[JobId, VariantId | None]
MANUAL = {"recover": "manual_recovery", "retry": "manual_retry"}


@dataclass(frozen=True, slots=True)
class Found:
    """A row that the selection matched, with what it shows and its images."""

    item: Job | Variant
    key: Image
    token: Image
    targets: Image
    related: tuple[str, ...]
    refusals: tuple[str, ...] = ()
    """Sentences of the action's guards that don't hold."""
    kinds: tuple[str, ...] = ()
    """The patterns of kinds in the thresholds that fit."""

    @property
    def job(self) -> JobId:
        """The job that the row is or belongs to."""
        return self.item.job if isinstance(self.item, Variant) else self.item.id

    @property
    def variant(self) -> VariantId | None:
        """The variant that the row is."""
        return self.item.id if isinstance(self.item, Variant) else None

    @property
    def ref(self) -> Ref:
        """What the row is about."""
        return (self.job, self.variant)


def select_rows(
    connection: sa.Connection, entity: EntitySql, action: Action, where: Sequence[Expr], asked: Asked
) -> Iterator[Found]:
    """Read the matching rows of one table with everything that a plan row needs."""
    images = image_columns(entity, action)
    children = [
        entity.children[name] for name in (*action.detach, *action.cascade) if name in entity.children
    ]
    columns: list[Any] = rows.selected(entity, asked.thresholds, own=True)
    columns += [
        entity.engine.image(entity.col(name), entity.infos[name]).label(f"i_{name}") for name in images
    ]
    columns += [_number(entity, child).label(f"n_{child.name}") for child in children]
    columns += guard_columns(entity, action)
    if entity.parent is not None:
        columns += [image.label(f"p_{name}") for name, image in below.parent_keys(entity).items()]
    statement = entity.select(*columns).where(*where)
    statement = statement.order_by(*(entity.col(name) for name in entity.key))
    tokens, labels = entity.token_columns, [(name, f"i_{name}") for name in images]
    keys = [(name, f"k_{name}") for name in entity.key]
    for row in entity.rows(connection.execute(statement)):
        item = _item(entity, row, asked)
        if item is None:
            continue
        image = {name: row[label] for name, label in labels}
        token = {name: image[name] for name in tokens}
        if entity.spec.status is None:
            token["(status)"] = row["status"]
        related = tuple(
            _counted(child, row[f"n_{child.name}"], action) for child in children if row[f"n_{child.name}"]
        )
        key = {name: row[label] for name, label in keys}
        fitting = kinds.fitting(row, asked.thresholds)
        yield Found(item, key, token, image, related, refused_by(action, row), fitting)


def _item(entity: EntitySql, row: rows.Row, asked: Asked) -> Job | Variant | None:
    """Return what a row shows; None for a variant without a job."""
    limit = asked.max_retries
    if entity.parent is None:
        return rows.to_job(entity, row, asked.thresholds, retries=asked.retries, max_retries=limit)
    key = {name: row[f"p_{name}"] for name in entity.parent.key}
    if None in key.values():
        return None
    job = JobId(entity.parent.job_id(key))
    return rows.to_variant(
        entity, job, row, asked.thresholds, retries=asked.variant_retries, max_retries=limit
    )


def guard_columns(entity: EntitySql, action: Action) -> list[sa.Label[Any]]:
    """Whether each of the action's guards holds."""
    layout = entity.layout
    return [layout.expression(guard.sql).label(f"g_{i}") for i, guard in enumerate(action.guards)]


def refused_by(action: Action, row: rows.Row) -> tuple[str, ...]:
    """Return the sentences of the guards that don't hold for a fetched row; NULL doesn't hold."""
    return tuple(guard.refuse for i, guard in enumerate(action.guards) if not row[f"g_{i}"])


def image_columns(entity: EntitySql, action: Action) -> tuple[str, ...]:
    """What is read of a row for token, preview and before-image."""
    touched = [info.name for info in entity.infos.values() if info.touched]
    written = [name for effects in action.everything for name in effects.set]
    copied = [given.reads for effects in action.everything for given in effects.set.values() if given.reads]
    return tuple(dict.fromkeys((*entity.token_columns, *written, *copied, *touched)))


def _number(entity: EntitySql, child: Child) -> Expr:
    statement = (
        sa.select(sa.func.count()).select_from(entity.child_source(child)).where(entity.child_match(child))
    )
    return statement.scalar_subquery()


def _counted(child: Child, number: Scalar, action: Action) -> str:
    return f"{number} {child.name} {'unlinked' if child.name in action.detach else 'deleted'}"


def refusal(entity: EntitySql, name: str, found: Found, options: Options) -> str | None:
    """Return why the action is not possible for the row, in one sentence; None when it is."""
    action, item = entity.spec.actions[name], found.item
    status = item.status or "NULL"
    if (action.statuses and status not in action.statuses) or status in action.not_statuses:
        return refused_status(action, name, found.job, status)
    if action.only_stuck and (
        item.verdict is None or (action.rules and item.verdict.rule not in action.rules)
    ):
        return _not_stuck(entity, found)
    if found.refusals:
        return assign.fill(found.refusals[0], {"status": status, "job": found.job})
    if action.attempt and item.needs_person and not options.over_limit:
        return (
            f"needs a person: {item.retries} of {item.max_retries} retries are used "
            "(--over-limit includes it)"
        )
    return None


def _not_stuck(entity: EntitySql, found: Found) -> str:
    """Return why an action on stuck rows doesn't take the row: it isn't stuck, or for another reason."""
    item = found.item
    verdict = item.verdict
    rule = next((r for r in entity.spec.rules if verdict is not None and r.name == verdict.rule), None)
    if rule is not None and rule.refuse:
        return assign.fill(rule.refuse, {"status": item.status or "NULL", "job": found.job})
    if verdict is not None:
        return f"this action is not for what is stuck because of rule {verdict.rule}: {verdict.why}"
    idle = f", idle {long_duration(item.idle_s)}" if item.idle_s is not None else ""
    return f"not stuck: {item.status or 'NULL'}{idle}"


def refused_status(action: Action, name: str, job: str, status: str) -> str:
    """Return the sentence for a status that the action doesn't take."""
    if action.refuse:
        return assign.fill(action.refuse, {"status": status, "job": job})
    allowed = f"it needs {' or '.join(action.statuses)}" if action.statuses else "which it never touches"
    return f"{name} is not possible: the status is {status}, {allowed}"


@dataclass(frozen=True, slots=True)
class Way:
    """What is the same in all rows of a table that one rule found, of kinds with the same thresholds."""

    action: Action
    words: assign.Words
    same: Mapping[str, Scalar]
    """What is written whatever a row holds, as it is shown."""
    inserts: tuple[str, ...]

    @classmethod
    def of(cls, entity: EntitySql, name: str, found: Found, asked: Asked) -> Self:
        """Return the way of a row."""
        verdict = found.item.verdict
        action = entity.spec.actions[name].for_rule(verdict.rule if verdict else None)
        words = assign.words(entity, action, narrowed(asked.thresholds, found.kinds))
        same = {
            column: assign.preview(column, given, words, {})
            for column, given in action.set.items()
            if assign.is_same(given)
        }
        inserts = tuple(f"new row in {insert.table}" for insert in entity.inserts(action))
        return cls(action, words, same, inserts)

    def after(self, entity: EntitySql, found: Found) -> Image:
        """What a person should expect in a row afterwards."""
        if len(self.same) == len(self.action.set):
            return dict(self.same)
        return {column: self._value(entity, column, found) for column in self.action.set}

    def _value(self, entity: EntitySql, column: str, found: Found) -> Scalar:
        if column in self.same:
            return self.same[column]
        given = self.action.set[column]
        if given.json_edit:
            return json_document.edited(entity.spec, found.targets[column], given, found.variant)
        return assign.preview(column, given, self.words, found.targets)


def plan_row(entity: EntitySql, name: str, found: Found, way: Way) -> PlanRow:
    """Return the plan's row for a job or variant that may be changed."""
    verdict, action = found.item.verdict, way.action
    # Nothing after what was before means that the row goes; where only other rows change, nothing was before.
    before = (
        {column: found.targets[column] for column in action.set} if not action.delete else dict(found.token)
    )
    reason = verdict.reason if verdict and action.only_stuck else MANUAL.get(name, name)
    if verdict is None and name == "retry" and found.item.state.value == "failed":
        reason = MANUAL["retry"]
    return PlanRow(
        job=found.job,
        table=entity.name,
        key=found.key,
        token=found.token,
        before=before,
        after=way.after(entity, found),
        variant=found.variant,
        rule=verdict.rule if verdict else None,
        reason=reason,
        why=verdict.why if verdict else "",
        evidence=verdict.evidence if verdict else (),
        related=(*found.related, *way.inserts),
        kinds=found.kinds,
    )


def together(
    planned: Sequence[PlanRow], name: str, tables: Mapping[str, EntitySql]
) -> list[tuple[str, Action, list[PlanRow]]]:
    """Return the rows that are written by the same statements: of one table, of kinds with the same
    thresholds, and of one rule where the action depends on it. Raises PlanError where its action is gone."""
    groups: dict[tuple[str, tuple[str, ...], str | None], list[PlanRow]] = {}
    for row in planned:
        entity = tables.get(row.table)
        action = entity.spec.actions.get(name) if entity else None
        if action is None:
            raise PlanError(f"the profile has no action {name} for {row.table} any more; plan again")
        rule = row.rule if row.rule in action.by_rule else None
        groups.setdefault((row.table, row.kinds, rule), []).append(row)
    return [
        (table, tables[table].spec.actions[name].for_rule(rule), rows)
        for (table, _, rule), rows in groups.items()
    ]


def for_rows(plan: Plan, rows: Sequence[PlanRow]) -> Plan:
    """Return the plan with the thresholds that rows which belong `together` have, for what is written."""
    thresholds = narrowed(plan.options.thresholds, rows[0].kinds)
    return replace(plan, options=replace(plan.options, thresholds=thresholds))


def check_size(number: int, options: Options) -> None:
    """Raise PlanError when more rows were found than the operator allows."""
    if options.max_rows is not None and number > options.max_rows:
        raise PlanError(f"the plan has {number} rows, more than --max {options.max_rows}; narrow the filter")


def frozen(options: Options, asked: Asked) -> Options:
    """Return the options with every threshold that was used, so that an apply elsewhere asks the same."""
    return replace(storable(options), thresholds=dict(asked.thresholds))


def storable(options: Options) -> Options:
    """Return the options with words that every database can store: no half characters of a terminal in
    another encoding, no NUL."""
    reason, operator = (
        text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
        for text in (options.reason, options.operator)
    )
    return replace(options, reason=reason, operator=operator)


def whole(query: Query) -> Query:
    """Return the query without anything that only matters on screen."""
    terms: tuple[Term, ...] = query.terms
    if query.text:
        terms = (*terms, Term("text", "=", query.text))
    return replace(query, terms=terms)
