"""The dry run: reads the rows once and freezes them with their tokens. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Action, Child
from unstick.recovery.durations import long_duration
from unstick.recovery.errors import NotFound, PlanError
from unstick.recovery.model import Image, Job, JobId, Scalar
from unstick.recovery.plan import LeftOut, Options, PlanRow
from unstick.recovery.query import Query, Term

from . import assign, reader, rows, rules
from .engines.base import Expr
from .entity import EntitySql
from .reader import Asked

BATCH = 500
MANUAL = {"recover": "manual_recovery", "retry": "manual_retry"}


@dataclass(frozen=True, slots=True)
class Found:
    """A row that the selection matched, with the job it shows and its images."""

    job: Job
    key: Image
    token: Image
    targets: Image
    related: tuple[str, ...]


def select_rows(
    connection: sa.Connection, entity: EntitySql, action: Action, where: Sequence[Expr], asked: Asked
) -> Iterator[Found]:
    """Read the matching rows of one job table with everything that a plan row needs."""
    images = image_columns(entity, action)
    children = [
        entity.children[name] for name in (*action.detach, *action.cascade) if name in entity.children
    ]
    columns: list[Any] = rows.selected(entity, asked.thresholds)
    columns += [
        entity.engine.image(entity.col(name), entity.infos[name]).label(f"i_{name}") for name in images
    ]
    columns += [_number(entity, child).label(f"n_{child.name}") for child in children]
    statement = sa.select(*columns).select_from(entity.source).where(*where)
    statement = statement.order_by(*(entity.col(name) for name in entity.key))
    tokens = set(entity.token_columns)
    for row in entity.rows(connection.execute(statement)):
        job = rows.to_job(entity, row, asked.thresholds, retries=asked.retries, max_retries=asked.max_retries)
        image = {name: row[f"i_{name}"] for name in images}
        token = {name: value for name, value in image.items() if name in tokens}
        if entity.spec.status is None:
            token["(status)"] = row["status"]
        related = tuple(
            _counted(child, row[f"n_{child.name}"], action) for child in children if row[f"n_{child.name}"]
        )
        yield Found(job, {name: row[f"k_{name}"] for name in entity.key}, token, image, related)


def image_columns(entity: EntitySql, action: Action) -> tuple[str, ...]:
    """What is read of a row for token, preview and before-image."""
    touched = [info.name for info in entity.infos.values() if info.touched]
    copied = [given.column for given in action.set.values() if given.column]
    return tuple(dict.fromkeys((*entity.token_columns, *action.set, *copied, *touched)))


def _number(entity: EntitySql, child: Child) -> Expr:
    statement = (
        sa.select(sa.func.count()).select_from(entity.child_source(child)).where(entity.child_match(child))
    )
    return statement.scalar_subquery()


def _counted(child: Child, number: Scalar, action: Action) -> str:
    return f"{number} {child.name} {'unlinked' if child.name in action.detach else 'deleted'}"


def by_ids(
    connection: sa.Connection, tables: Sequence[EntitySql], action: str, ids: Sequence[JobId], asked: Asked
) -> tuple[dict[JobId, tuple[EntitySql, Found]], list[LeftOut]]:
    """Read the rows with these ids. Ids that can't be, or whose table has no such action, are left out."""
    found: dict[JobId, tuple[EntitySql, Found]] = {}
    left: list[LeftOut] = []
    wanted: dict[int, list[Image]] = {}
    for job in ids:
        keys_of = _keys_of(connection, tables, job)
        if len(keys_of) != 1:
            left.append(LeftOut(job, _unclear(tables, job, list(keys_of))))
            continue
        [(index, key)] = keys_of.items()
        if action not in tables[index].spec.actions:
            left.append(LeftOut(job, f"{tables[index].name} has no action {action}"))
        else:
            wanted.setdefault(index, []).append(key)
    for index, keys in wanted.items():
        entity = tables[index]
        for start in range(0, len(keys), BATCH):
            where = [entity.key_in(keys[start : start + BATCH])]
            for row in select_rows(connection, entity, entity.spec.actions[action], where, asked):
                found[row.job.id] = (entity, row)
    return found, left


def _keys_of(connection: sa.Connection, tables: Sequence[EntitySql], job: JobId) -> dict[int, Image]:
    """Return the key by table. Without its `table:` an id may be in several; those that have it count."""
    prefix, colon, _ = job.partition(":")
    named = [i for i, entity in enumerate(tables) if len(tables) == 1 or (colon and entity.name == prefix)]
    possible: dict[int, Image] = {}
    for index in named or range(len(tables)):
        with suppress(NotFound):
            possible[index] = tables[index].key_of(job)
    if named:
        return possible
    return {
        index: key
        for index, key in possible.items()
        if connection.execute(
            sa.select(sa.literal(1)).select_from(tables[index].source).where(tables[index].key_in([key]))
        ).first()
        is not None
    }


def _unclear(tables: Sequence[EntitySql], job: JobId, found: Sequence[int]) -> str:
    if not found:
        return "there is no such job"
    names = " or ".join(f"{tables[index].name}:{job}" for index in found)
    return f"several tables have a job with this id: write {names}"


def by_query(
    connection: sa.Connection, tables: Sequence[EntitySql], action: str, query: Query, asked: Asked
) -> dict[JobId, tuple[EntitySql, Found]]:
    """Read every row that the query matches; for actions on stuck rows only those."""
    found: dict[JobId, tuple[EntitySql, Found]] = {}
    for entity in tables:
        spec = entity.spec.actions.get(action)
        if spec is None:
            continue
        where = reader.conditions(entity, query, asked)
        if spec.only_stuck or query.stuck_only:
            where.append(_stuck_for(entity, spec, asked))
        for row in select_rows(connection, entity, spec, where, asked):
            found[row.job.id] = (entity, row)
    return found


def _stuck_for(entity: EntitySql, action: Action, asked: Asked) -> Expr:
    wanted = [rule for rule in entity.spec.rules if not action.rules or rule.name in action.rules]
    return sa.or_(sa.false(), *(rules.condition(entity, rule, asked.thresholds) for rule in wanted))


def refusal(action: Action, name: str, job: Job, options: Options) -> str | None:
    """Return why the action is not possible for the job, in one sentence; None when it is."""
    status = job.status or "NULL"
    if (action.statuses and status not in action.statuses) or status in action.not_statuses:
        return refused_status(action, name, job.id, status)
    if action.only_stuck and (job.verdict is None or (action.rules and job.verdict.rule not in action.rules)):
        idle = f", idle {long_duration(job.idle_s)}" if job.idle_s is not None else ""
        return f"not stuck: {status}{idle}"
    if action.attempt and job.needs_person and not options.over_limit:
        return (
            f"needs a person: {job.retries} of {job.max_retries} retries are used (--over-limit includes it)"
        )
    return None


def refused_status(action: Action, name: str, job: str, status: str) -> str:
    """Return the sentence for a status that the action doesn't take."""
    if action.refuse:
        return assign.fill(action.refuse, {"status": status, "job": job})
    allowed = f"it needs {' or '.join(action.statuses)}" if action.statuses else "which it never touches"
    return f"{name} is not possible: the status is {status}, {allowed}"


def plan_row(entity: EntitySql, name: str, found: Found, asked: Asked, options: Options) -> PlanRow:
    """Return the plan's row for a job that may be changed."""
    action = entity.spec.actions[name]
    words = assign.words(entity, action, asked.thresholds)
    after = {
        column: assign.preview(column, given, words, found.targets) for column, given in action.set.items()
    }
    before = {column: found.targets[column] for column in action.set} if action.set else dict(found.token)
    verdict = found.job.verdict
    reason = verdict.reason if verdict and action.only_stuck else MANUAL.get(name, name)
    if verdict is None and name == "retry" and found.job.state.value == "failed":
        reason = MANUAL["retry"]
    return PlanRow(
        job=found.job.id,
        table=entity.name,
        key=found.key,
        token=found.token,
        before=before,
        after=after,
        rule=verdict.rule if verdict else None,
        reason=reason,
        why=verdict.why if verdict else "",
        evidence=verdict.evidence if verdict else (),
        related=(*found.related, *(f"{related.name}: {related.table}" for related in action.related)),
    )


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
