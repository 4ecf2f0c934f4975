"""What a profile's parts owe each other: names that point to something, rules that can be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from unstick.recovery.suggest import hint
from unstick.recovery.toml_file import Mistake

from .migration import check_migration

if TYPE_CHECKING:
    from .model import (
        Action,
        Child,
        Children,
        Effects,
        Entity,
        JobTable,
        JsonVariants,
        Profile,
        Rule,
        Variants,
    )

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
COUNTS = ("found", "planned", "left_out", "applied", "drifted", "missing", "busy", "failed")
"""What a report can count in any action."""

Path = tuple[str | int, ...]


def check(profile: Profile) -> None:
    """Raise Mistake for the first name that leads nowhere, and for rules that can't be asked."""
    _check_names(profile)
    for number, job in enumerate(profile.jobs):
        _check_job(profile, job, ("jobs", number))
    _check_rules_agree(profile)
    _check_environment(profile)
    if profile.queue is not None and not profile.queue.order:
        raise Mistake("must not be empty", "queue", "order")
    check_migration(
        profile.migration, profile.parameters, {name for job in profile.jobs for name in job.actions}
    )


def _check_names(profile: Profile) -> None:
    if not profile.jobs:
        raise Mistake("a profile needs at least one [[jobs]] table", "jobs")
    seen: set[str] = set()
    for number, job in enumerate(profile.jobs):
        if len(profile.jobs) > 1 and not job.name:
            raise Mistake(
                "with several [[jobs]] tables each needs a name, which stands in front of its ids",
                *("jobs", number, "name"),
            )
        if job.name in seen:
            raise Mistake(f"two [[jobs]] tables are called {job.name!r}", "jobs", number, "name")
        if any(letter in job.name for letter in ":,*\"' \t\n"):
            raise Mistake(
                f"a name can't hold quotes, spaces, `:`, `,` or `*`, not {job.name!r}",
                *("jobs", number, "name"),
            )
        seen.add(job.name)


def _check_job(profile: Profile, job: JobTable, at: Path) -> None:
    _unique(job.children, "children", at)
    children = {child.name for child in job.children}
    entities: list[tuple[Entity, Path]] = [(job, at)]
    if job.variants is not None:
        entities.append((job.variants, (*at, "variants")))
    for entity, place in entities:
        _check_placeholders(profile, entity, place)
        _unique(entity.rules, "rules", place)
        for number, rule in enumerate(entity.rules):
            _check_rule(profile, job, entity, rule, (*place, "rules", number))
        for name, action in entity.actions.items():
            _check_action(profile, job, entity, action, (*place, "actions", name))
    for number, child in enumerate(job.children):
        _check_placeholders(profile, child, (*at, "children", number))
        if child.via:
            _check_via(job, child, (*at, "children", number, "via"))
    if job.log is not None:
        _known(job.log.child, children, "child", (*at, "log", "child"))


def _check_via(job: JobTable, child: Child, at: Path) -> None:
    others = {other.name: other for other in job.children if other is not child}
    _known(child.via, set(others), "other child", at)
    if others[child.via].via or others[child.via].only is not None:
        raise Mistake(
            f"{child.via} can't stand in between: it must belong to the job directly, all of it", *at
        )


def _unique(named: Sequence[Rule | Child], what: str, at: Path) -> None:
    seen: set[str] = set()
    for number, item in enumerate(named):
        if item.name in seen:
            raise Mistake(f"two {what} have the name {item.name!r}", *at, what, number, "name")
        seen.add(item.name)


def _known(name: str, allowed: set[str], what: str, at: Path) -> None:
    if name not in allowed:
        raise Mistake(f"there is no {what} {name!r}{hint(name, sorted(allowed) or ['none'])}", *at)


def _check_placeholders(profile: Profile, thing: Any, at: Path) -> None:
    for field, key in (("table", "table"), ("table_schema", "schema")):
        for name in _PLACEHOLDER.findall(getattr(thing, field)):
            _known(name, set(profile.parameters), "parameter", (*at, key))


def _check_rule(profile: Profile, job: JobTable, entity: Entity, rule: Rule, at: Path) -> None:
    for key, names in (("age_of", rule.age_of), ("fallback", rule.fallback)):
        for name in names:
            _check_time(job, entity, name, (*at, key))
    if rule.owner is not None:
        for name in _PLACEHOLDER.findall(rule.owner.table):
            _known(name, set(profile.parameters), "parameter", (*at, "owner", "table"))
    if rule.behind is not None:
        _check_behind(job, entity, at)
    if rule.parent_statuses and entity is job:
        raise Mistake("parent_statuses is for rules of variants, which have a parent", *at, "parent_statuses")
    if rule.parent_statuses and job.status is None:
        raise Mistake("parent_statuses needs the job's status column: jobs.status", *at, "parent_statuses")
    if rule.children is not None:
        _check_children(job, entity, rule.children, (*at, "children"))


def _check_time(job: JobTable, entity: Entity, name: str, at: Path) -> None:
    child, dot, _ = name.partition(".")
    if not dot:
        _known(name, set(entity.times), "time", at)
    elif entity is not job:
        raise Mistake(f"{name!r} is a child's column, but variants have no children", *at)
    else:
        _known(child, {child.name for child in job.children}, "child", at)


def _check_behind(job: JobTable, entity: Entity, at: Path) -> None:
    if entity is job:
        raise Mistake("behind is for rules of variants, which have a parent and siblings", *at, "behind")
    if entity.columns.step is None:
        raise Mistake("behind needs the variants' step column: columns.step", *at, "behind")
    if not (entity.steps or job.steps):
        raise Mistake("behind needs the order of the steps: steps = [...]", *at, "behind")


def _check_children(job: JobTable, entity: Entity, wanted: Children, at: Path) -> None:
    if entity is not job:
        raise Mistake("children is for rules of jobs: variants have no children", *at)
    known: dict[str, Child | Variants | JsonVariants] = {child.name: child for child in job.children}
    held = job.variants or job.variants_json
    if held is not None:
        known["variants"] = held
    if wanted.at_least == "total" and job.columns.progress_total is None:
        raise Mistake("total is what columns.progress_total says, which is missing", *at, "at_least")
    _known(wanted.of, set(known), "child", (*at, "of") if "of" in wanted.model_fields_set else at)
    if known[wanted.of].status is None:
        raise Mistake(f"{wanted.of} has no status column to ask: set its status", *at)


def _check_action(profile: Profile, job: JobTable, entity: Entity, action: Action, at: Path) -> None:
    rules = {rule.name for rule in entity.rules}
    for rule in action.rules:
        _known(rule, rules, "rule", (*at, "rules"))
    for rule in action.by_rule:
        _known(rule, rules, "rule", (*at, "by_rule"))
    if action.only_stuck and not entity.rules:
        raise Mistake("only_stuck needs at least one rule that says what stuck is", *at, "only_stuck")
    for key, names in (("cascade", action.cascade), ("detach", action.detach)):
        if names and entity is not job:
            raise Mistake(f"{key} names children, which variants don't have", *at, key)
        for name in names:
            _known(name, {child.name for child in job.children}, "child", (*at, key))
    _check_effects(profile, action, at)
    for number, other in enumerate(action.follows):
        _check_placeholders(profile, other, (*at, "follows", number))
    for rule, effects in action.by_rule.items():
        _check_effects(profile, effects, (*at, "by_rule", rule))
    _check_report(profile, action, at)


def _check_report(profile: Profile, action: Action, at: Path) -> None:
    allowed = {*COUNTS, *_counted_tables(profile), *_notes(profile)}
    for name, item in action.report.items():
        if item.count is not None:
            _known(item.count, allowed, "count", (*at, "report", name, "count"))
        if item.ids is not None:
            _known(item.ids, {"applied"}, "list of ids", (*at, "report", name, "ids"))


def _check_effects(profile: Profile, effects: Effects, at: Path) -> None:
    for number, related in enumerate(effects.related):
        _check_placeholders(profile, related, (*at, "related", number))
    for number, insert in enumerate(effects.insert):
        _check_placeholders(profile, insert, (*at, "insert", number))


def _counted_tables(profile: Profile) -> Iterator[str]:
    for job in profile.jobs:
        name = job.name or job.table
        yield f"applied.{name}"
        if job.variants is not None:
            yield f"applied.{variants_name(job, job.variants)}"


def variants_name(job: JobTable, variants: Variants) -> str:
    """Return what plans and reports call the variants of a job table."""
    return f"{job.name or job.table}/{variants.name}"


def _notes(profile: Profile) -> Iterator[str]:
    entities: list[Entity] = [*profile.jobs, *(job.variants for job in profile.jobs if job.variants)]
    for effects in (e for entity in entities for a in entity.actions.values() for e in a.everything):
        for related in effects.related:
            yield from (f"{related.name}_{word}" for word in ("updated", "kept", "missing"))
        for insert in effects.insert:
            yield from (f"{insert.name}_{word}" for word in ("inserted", "kept"))


def _check_rules_agree(profile: Profile) -> None:
    """A threshold is set by the rule's name alone, so rules of one name must mean the same one."""
    seen: dict[str, Rule] = {}
    for number, job in enumerate(profile.jobs):
        entities: list[tuple[Entity, Path]] = [(job, ("jobs", number))]
        if job.variants is not None:
            entities.append((job.variants, ("jobs", number, "variants")))
        for entity, at in entities:
            for index, rule in enumerate(entity.rules):
                other = seen.setdefault(rule.name, rule)
                if (rule.older_than, rule.enabled) != (other.older_than, other.enabled):
                    raise Mistake(
                        f"another rule {rule.name!r} has another threshold; give one of them another name",
                        *(*at, "rules", index, "name"),
                    )


def _check_environment(profile: Profile) -> None:
    rules = {rule.name for job in profile.jobs for rule in job.rules}
    rules |= {rule.name for job in profile.jobs if job.variants for rule in job.variants.rules}
    settings = {"sweep.enabled", "sweep.interval", "max_retries", *(f"threshold.{rule}" for rule in rules)}
    settings |= {f"parameter.{name}" for name in profile.parameters}
    for setting in profile.env:
        _known(setting, settings, "setting", ("env", setting))
