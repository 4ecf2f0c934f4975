"""A profile on a database that lacks columns which the profile's own migration adds.

What only tells or writes such a column is left out: a column's part, a time, an assignment. What would mean
something else without it is left out as a whole: a rule would find more rows, an action would change rows
that its condition protects. SQL is searched for the column's name, rather too often than not often enough.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .action import Action, Effects, Insert, Related
from .assign import Assignment
from .base import Time
from .migration import Column
from .model import Columns, Entity, JobTable, Profile, Rule, Variants

AnyEntity = TypeVar("AnyEntity", bound=Entity)
AnyEffects = TypeVar("AnyEffects", bound=Effects)

APPLY = "`unstick migrate --apply`"


@dataclass(frozen=True, slots=True)
class Pending:
    """A profile without what isn't there yet. `skipped`: action -> sentences about what it does not write."""

    profile: Profile
    absent: tuple[Column, ...] = ()
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needed: bool = False
    """Whether the profile can do nothing without them: the state is in them, or which rows are jobs."""

    @property
    def names(self) -> tuple[str, ...]:
        """The absent columns as `table.column`."""
        return tuple(f"{column.table}.{column.column}" for column in self.absent)


def without(profile: Profile, absent: Collection[Column]) -> Pending:
    """Return the profile as it can be used while the columns are absent."""
    if not absent:
        return Pending(profile)
    pruning = _Pruning(absent)
    jobs = tuple(pruning.job(job) for job in profile.jobs)
    skipped = {name: tuple(dict.fromkeys(found)) for name, found in pruning.skipped.items()}
    found = profile.model_copy(update={"jobs": jobs})
    return Pending(found, tuple(absent), skipped, pruning.needed)


class _Pruning:
    def __init__(self, absent: Collection[Column]) -> None:
        self._absent = absent
        self._names = re.compile(
            rf"\b({'|'.join(sorted({re.escape(column.column) for column in absent}))})\b", re.IGNORECASE
        )
        self.skipped: dict[str, list[str]] = {}
        self.needed = False

    def _of(self, thing: Entity | Related | Insert) -> frozenset[str]:
        """The absent columns of a table."""
        place = (thing.table_schema, thing.table)
        return frozenset(one.column for one in self._absent if (one.table_schema, one.table) == place)

    def _mentioned(self, *texts: Mapping[Any, str] | None) -> bool:
        return any(self._names.search(text) for found in texts if found for text in found.values())

    def job(self, job: JobTable) -> JobTable:
        gone = self._of(job)
        update: dict[str, Any] = {}
        if job.variants is not None:
            update["variants"] = self._entity(job.variants)
        if job.variants_json is not None and job.variants_json.column in gone:
            update["variants_json"] = None
        return self._entity(job).model_copy(update=update)

    def _entity(self, entity: AnyEntity) -> AnyEntity:
        gone = self._of(entity)
        texts = (entity.status_sql, entity.state_sql, entity.joins, entity.only)
        self.needed = self.needed or bool(gone & {entity.status, *entity.key}) or self._mentioned(*texts)
        times = {name: time for name, time in entity.times.items() if time.column not in gone}
        rules = tuple(
            kept for rule in entity.rules if (kept := self._rule(rule, gone, entity.times)) is not None
        )
        lost = {rule.name for rule in entity.rules} - {rule.name for rule in rules}
        actions = {name: self._action(name, one, entity, lost) for name, one in entity.actions.items()}
        update: dict[str, Any] = {
            "columns": _columns(entity.columns, gone),
            "times": times,
            "token": tuple(name for name in entity.token if name not in gone),
            "rules": rules,
            "actions": {name: action for name, action in actions.items() if action is not None},
        }
        if isinstance(entity, Variants):
            update["order"] = tuple(name for name in entity.order if name not in gone)
        return entity.model_copy(update=update)

    def _rule(self, rule: Rule, gone: frozenset[str], times: Mapping[str, Time]) -> Rule | None:
        if self._mentioned(rule.when) or (rule.owner and gone & {*rule.owner.match.values()}):
            return None
        lost = {name for name, time in times.items() if time.column in gone}
        age_of = tuple(name for name in rule.age_of if name not in lost)
        if rule.age_of and not age_of:
            return None
        fallback = tuple(name for name in rule.fallback if name not in lost)
        return rule.model_copy(update={"age_of": age_of, "fallback": fallback})

    def _action(self, name: str, action: Action, entity: Entity, lost: Collection[str]) -> Action | None:
        rules = tuple(rule for rule in action.rules if rule not in lost)
        guarded = self._mentioned(action.sql, *(guard.sql for guard in action.guards))
        if guarded or (action.rules and not rules):
            return None
        kept = self._effects(name, action, entity)
        by_rule = {
            rule: found
            for rule, effects in action.by_rule.items()
            if rule not in lost and (found := self._effects(name, effects, entity)) is not None
        }
        if kept is None or set(by_rule) != set(action.by_rule) - set(lost):
            return None
        does = (
            kept.set or kept.related or kept.insert or kept.notify or by_rule or action.delete or action.sql
        )
        return kept.model_copy(update={"rules": rules, "by_rule": by_rule}) if does else None

    def _effects(self, name: str, effects: AnyEffects, entity: Entity) -> AnyEffects | None:
        if self._mentioned(*(one.payload for one in effects.notify)):
            return None
        related, insert = [], []
        for link in effects.related:
            if self._of(entity) & {*link.match.values()} or self._mentioned(link.guard):
                return None
            related.append(link.model_copy(update={"set": self._set(name, link.set, link, link)}))
        for new in effects.insert:
            values = self._set(name, new.values, new, entity)
            if self._mentioned(new.guard) or len(values) < len(new.values):
                return None
            insert.append(new)
        update = {
            "set": self._set(name, effects.set, entity, entity),
            "related": tuple(link for link in related if link.set),
            "insert": tuple(insert),
        }
        return effects.model_copy(update=update)

    def _set(
        self,
        action: str,
        given: Mapping[str, Assignment],
        written: Entity | Related | Insert,
        read: Entity | Related,
    ) -> dict[str, Assignment]:
        """The assignments whose columns are there; a note for each of the others."""
        gone, unread = self._of(written), self._of(read)
        kept: dict[str, Assignment] = {}
        for column, one in given.items():
            if column not in gone and not unread & {one.column, one.by} and not self._mentioned(one.sql):
                kept[column] = one
                continue
            counts = isinstance(written, Entity) and written.columns.retries == column
            missing = f"{written.table} has no {column} yet: {APPLY} adds it"
            if column not in gone:
                missing = (
                    f"{column} of {written.table} stays as it is until {APPLY} has added what it is made of"
                )
            note = f"{missing}; until then unstick's own history counts the retries" if counts else missing
            self.skipped.setdefault(action, []).append(note)
        return kept


def _columns(columns: Columns, gone: Collection[str]) -> Columns:
    return columns.model_copy(
        update={name: None for name, column in columns if getattr(column, "column", column) in gone}
    )
