"""Opens a source: version, profile, tables, journal, and what of it all is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from unstick.backends.profile import load
from unstick.backends.profile.checks import variants_name
from unstick.backends.profile.model import Action, JobTable, Profile
from unstick.backends.profile.pending import Pending
from unstick.recovery.model import ActionInfo, Capabilities
from unstick.recovery.source import Source

from . import client_files, extent, journal_access, json_tasks, schedule, thresholds, wanted
from .engines import engine_of
from .entity import EntitySql
from .hooking import problems as hook_problems
from .journal import Journal
from .journal_access import Found
from .layout import Layout, build_layout
from .migration_pending import leave_out
from .recognise import Recognised, recognise
from .server import Server, look
from .verify import check_columns


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that is open: what stays the same until it is opened anew."""

    layout: Layout
    tables: tuple[EntitySql, ...]
    variants: Mapping[str, EntitySql]
    journal: Journal
    capabilities: Capabilities
    pending: Pending
    server: Server

    @property
    def writable(self) -> tuple[EntitySql, ...]:
        """Every table that actions are about: jobs, then variants."""
        tasks = (entity.tasks for entity in self.tables if entity.tasks is not None)
        return (*self.tables, *self.variants.values(), *tasks)

    @property
    def by_name(self) -> dict[str, EntitySql]:
        """The tables of jobs and variants by name."""
        return {entity.name: entity for entity in self.writable}

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels on which the database announces changes."""
        notify = self.layout.profile.notify
        return notify.channels if notify is not None and self.layout.engine.name == "postgresql" else ()


def open_source(connection: sa.Connection, source: Source) -> Opened:
    """Look at the database and return what the backend works with. Raises ConfigError or SchemaMismatch."""
    engine = engine_of(connection)
    known = Recognised(load.find(source.profile)) if source.profile else recognise(connection, engine, source)
    profile = known.profile
    layout = build_layout(connection, profile, engine, source)
    pending = leave_out(layout)
    profile = pending.profile
    check_columns(layout)
    several = len(profile.jobs) > 1
    tables = tuple(
        EntitySql(layout, job, name=job.name or job.table, prefixed=several) for job in profile.jobs
    )
    variants = {
        entity.name: EntitySql(
            layout,
            entity.spec.variants,
            name=variants_name(entity.spec, entity.spec.variants),
            prefixed=False,
            parent=entity,
        )
        for entity in tables
        if isinstance(entity.spec, JobTable) and entity.spec.variants is not None
    }
    database = identity(connection, source)
    found = journal_access.find(connection, source.name, database, profile.name)
    server = look(connection, engine)
    tasks = [one for entity in tables if (one := json_tasks.entity_of(layout, entity)) is not None]
    for entity in (*tables, *variants.values(), *tasks):
        entity.skip_locked = server.skip_locked
    for entity in (*tables, *variants.values()):
        entity.extent = extent.look(connection, entity)
    capabilities = _capabilities(source, layout, server, found)
    hooked = hook_problems(source, (*tables, *variants.values()))
    ignored = client_files.ignored(source.url)
    slow = [sentence for entity in tables for sentence in wanted.lacking(entity)]
    problems = (*known.problems, *capabilities.problems, *hooked, *_unseen_life_signs(tables), *slow)
    problems = (ignored, *problems) if ignored else problems
    capabilities = replace(capabilities, problems=problems, not_migrated=pending.names)
    return Opened(layout, tables, variants, found.journal, capabilities, pending, server)


def _unseen_life_signs(tables: tuple[EntitySql, ...]) -> list[str]:
    # Without them a rule falls back to older times, and jobs that work would look stuck.
    names = dict.fromkeys(
        child.table
        for entity in tables
        if isinstance(entity.spec, JobTable)
        for child in entity.spec.children
        for rule in entity.spec.rules
        if any(not entity.tells(time) and time.partition(".")[0] == child.name for time in rule.age_of)
    )
    return [
        f"the table {name} is missing, or this account may not read it: jobs that work may look stuck "
        f"without its signs of life; an administrator can GRANT SELECT ON {name}"
        for name in names
    ]


def identity(connection: sa.Connection, source: Source) -> str:
    """Return what a plan was made on: server and database, never user or password."""
    url = sa.make_url(source.url)
    if connection.dialect.name == "sqlite":
        file = connection.execute(
            sa.text("SELECT file FROM pragma_database_list WHERE name = 'main'")
        ).scalar_one()
        return f"sqlite:///{file}"
    name = url.database or ""
    scheme, port = ("postgresql", 5432) if connection.dialect.name == "postgresql" else ("mysql", 3306)
    return f"{scheme}://{url.host or 'localhost'}:{url.port or port}/{name}"


def refusal(source: Source, server: Server) -> str | None:
    """Return the sentence why nothing can be written, whatever it is; None where something can."""
    if source.read_only:
        return f"{source.name} is read-only; open it with --write to change rows"
    return f"{source.name}: {server.unwritable}" if server.unwritable else None


def _capabilities(source: Source, layout: Layout, server: Server, found: Found) -> Capabilities:
    profile = layout.profile
    actions = _actions(profile)
    reason = refusal(source, server) or found.refusal
    first, holding = profile.jobs[0], [job for job in profile.jobs if job.variants or job.variants_json]
    variants = next((job.variants.name if job.variants else "tasks" for job in holding), None)
    return Capabilities(
        engine=layout.engine.name,
        version=server.version,
        database=found.journal.database,
        profile=profile.name,
        journal=found.journal.place,
        read_only=refusal(source, server) is not None,
        skip_locked=server.skip_locked,
        fenced=profile.fenced,
        actions=actions,
        refusal={info.name: reason for info in actions} if reason else {},
        statuses=tuple(
            dict.fromkeys(s for job in profile.jobs for found in job.states.values() for s in found)
        ),
        variants_name=variants,
        steps=first.steps,
        thresholds=thresholds.effective(profile, source),
        max_retries=thresholds.max_retries(profile, source),
        schedule=schedule.effective(profile, source),
        problems=found.problems,
    )


def _actions(profile: Profile) -> tuple[ActionInfo, ...]:
    found: dict[str, Action] = {}
    variants = {
        name: action
        for job in profile.jobs
        for below in (job.variants, job.variants_json)
        if below is not None
        for name, action in below.actions.items()
    }
    for job in profile.jobs:
        for name, action in job.actions.items():
            found.setdefault(name, action)
    infos = {name: _info(name, action) for name, action in found.items()}
    for name, action in variants.items():
        below = replace(_info(name, action), for_jobs=False, for_variants=True)
        both = name in infos
        infos[name] = replace(infos[name], for_variants=True, below=below) if both else below
    return tuple(infos.values())


def _info(name: str, action: Action) -> ActionInfo:
    return ActionInfo(
        name, action.verb, action.only_stuck, action.statuses, action.not_statuses, action.delete
    )
