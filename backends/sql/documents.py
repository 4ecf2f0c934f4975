"""Lists variants that are entries of a JSON document in their job's row: job by job, in the jobs' order.

No database can order them across jobs without reading every document, so the order of such a list is that
of the jobs, and within a job that of its document. A filter is about the entries, and is asked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import JobTable, JsonVariants
from unstick.recovery.errors import UsageError
from unstick.recovery.matching import matches_all
from unstick.recovery.model import Job, Variant
from unstick.recovery.query import SORTS, Query

from . import details, reader
from .engines.base import Expr
from .entity import EntitySql
from .reader import Asked

JOBS = 100
"""Jobs whose documents are read at a time."""

READS = 10
"""Times that jobs are read for one page: a filter that nothing fits must not read a whole table at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: in which job table, after which job, behind how many entries of the next one."""

    table: int = 0
    after: str | None = None
    skip: int = 0

    def dump(self) -> str:
        """Return the place as a cursor."""
        return json.dumps([self.table, self.after, self.skip])


def place_of(cursor: str | None) -> Place:
    """Read a cursor. Raises UsageError for anything but an earlier page's."""
    if cursor is None:
        return Place()
    try:
        table, after, skip = json.loads(cursor)
        return Place(int(table), None if after is None else str(after), int(skip))
    except (ValueError, TypeError):
        raise UsageError("this is not a cursor that an earlier page gave; start again") from None


def held(entity: EntitySql) -> JsonVariants | None:
    """Return how the variants in the job's own row are described, where there are such."""
    return entity.spec.variants_json if isinstance(entity.spec, JobTable) else None


def page(
    connection: sa.Connection, tables: Sequence[EntitySql], query: Query, place: Place, asked: Asked
) -> tuple[list[Variant], Place | None]:
    """Return up to a page of entries, and where the list goes on; the page may be short, or even empty, where
    few entries fit."""
    found: list[Variant] = []
    terms = query.terms
    now = reader.clock(connection, tables[0])
    jobs = _of_jobs(query)
    for _ in range(READS):
        if place.table >= len(tables) or query.stuck_only:
            return found, None
        entity = tables[place.table]
        listed, following = _jobs(connection, entity, jobs, place.after, asked)
        documents = _documents(connection, entity, [job for job, _ in listed])
        for job, before in listed:
            entries = _entries(entity, job, documents.get(job.id), asked)
            for number, variant in enumerate(entries):
                if number < (place.skip if before == place.after else 0):
                    continue
                if not matches_all(variant, terms, now):
                    continue
                if len(found) == query.limit:
                    return found, Place(place.table, before, number)
                found.append(variant)
        place = Place(place.table, following) if following else Place(place.table + 1)
    return found, place


def _of_jobs(query: Query) -> Query:
    """The question about the jobs whose entries are listed."""
    sort = "id" if query.sort == "job" else query.sort if query.sort in SORTS else "stuck"
    named = tuple(replace(term, field="id") for term in query.terms if term.field == "job")
    return replace(query, terms=named, text="", stuck_only=False, sort=sort, limit=JOBS)


def _jobs(
    connection: sa.Connection, entity: EntitySql, jobs: Query, after: str | None, asked: Asked
) -> tuple[list[tuple[Job, str | None]], str | None]:
    """Return the next jobs that have a document, each with the cursor that leads to it, and where the jobs
    go on."""
    spec = held(entity)
    if spec is None:
        return [], None
    also: list[Expr] = [entity.col(spec.column).is_not(None)]
    if jobs.of is not None:
        also.append(entity.key_in([entity.key_of(jobs.of)]))
    listed, following = reader.listed(connection, [entity], jobs, after, asked, also)
    behind = [after, *(json.dumps({entity.name: item.cursor}) for item in listed)]
    rows = [item.row for item in listed if isinstance(item.row, Job)]
    return list(zip(rows, behind, strict=False)), following


def _documents(connection: sa.Connection, entity: EntitySql, jobs: Sequence[Job]) -> dict[str, Any]:
    """Return the documents by job."""
    spec = held(entity)
    if spec is None or not jobs:
        return {}
    statement = entity.select(*(entity.image(name) for name in entity.key), entity.image(spec.column))
    where = entity.key_in([entity.key_of(job.id) for job in jobs])
    found = entity.rows(connection.execute(statement.where(where)))
    return {entity.job_id(row): row[spec.column] for row in found}


def _entries(entity: EntitySql, job: Job, document: Any, asked: Asked) -> Iterator[Variant]:
    spec = held(entity)
    if spec is not None and isinstance(entity.spec, JobTable):
        for variant in details.from_json(entity.spec, spec, job.id, document):
            yield details.counted(variant, asked)
