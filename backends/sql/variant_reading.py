"""What a SQL source tells of variants: of one job, one alone, and a list of those of all jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from unstick.recovery.errors import NotFound, UsageError
from unstick.recovery.model import JobId, Target, Variant, VariantPage
from unstick.recovery.query import VARIANT_SORTS, Query

from . import below, details, documents, planner, reader
from .entity import EntitySql
from .part import Part
from .reader import Asked

_TABLES, _DOCUMENTS = "t", "d"
"""A list of variants goes through the tables first, then through the documents; its cursor says where."""


class VariantReading(Part):
    """The part of a backend that reads variants."""

    async def variants(self, job: JobId) -> tuple[Variant, ...]:
        """Return the job's variants in their order."""

        def work(connection: sa.Connection) -> tuple[Variant, ...]:
            entity = self._entity(connection, job)
            name = JobId(entity.job_id(entity.key_of(job)))
            return details.variants(connection, entity, name, self._of_variants(connection, None, name))

        return await self._read(work)

    def _of_variants(
        self,
        connection: sa.Connection,
        overrides: Mapping[str, float | None] | None,
        job: JobId | None = None,
    ) -> Asked:
        counts = self._counting.variants(connection, job)
        return replace(self._asked(overrides), variant_retries=counts)

    async def variant(self, target: Target, thresholds: Mapping[str, float | None] | None = None) -> Variant:
        """Return one variant with all its columns. Raises NotFound."""

        def work(connection: sa.Connection) -> Variant:
            entity = self._entity(connection, target.job)
            job = JobId(entity.job_id(entity.key_of(target.job)))
            asked = self._of_variants(connection, thresholds, job)
            found = _variant(connection, entity, Target(job, target.variant), asked)
            if found is None:
                raise NotFound(f"{self._source.name} has no variant {target.variant} of job {target.job}")
            return found

        return await self._read(work)

    async def variant_page(self, query: Query, after: str | None = None) -> VariantPage:
        """Return one page of the variants of all jobs, or of one."""
        if query.sort not in VARIANT_SORTS:
            known = ", ".join(VARIANT_SORTS)
            raise UsageError(f"{query.sort!r} is not a sort order of variants; choose one of {known}")

        def work(connection: sa.Connection) -> VariantPage:
            tables: Sequence[EntitySql] = self._is_open.tables
            if query.of is not None:
                tables = [self._entity(connection, query.of)]
            asked = self._of_variants(connection, query.thresholds, query.of)
            return _page(connection, tables, planner.whole(query), after, asked)

        return await self._read(work)


def _page(
    connection: sa.Connection, tables: Sequence[EntitySql], query: Query, after: str | None, asked: Asked
) -> VariantPage:
    kept = [entity.variants for entity in tables if entity.variants is not None]
    holding = [entity for entity in tables if documents.held(entity)]
    if holding and query.backwards:
        raise UsageError("a list of variants that are inside their jobs can't be read from its end")
    where, cursor = _read_cursor(after)
    rows: list[Variant] = []
    following: str | None = None
    if kept and where == _TABLES:
        found, following = reader.listed(connection, kept, query, cursor, asked)
        rows = [item.row for item in found if isinstance(item.row, Variant)]
    if following is not None or not holding:
        written = json.dumps([_TABLES, following]) if following is not None else None
        return VariantPage(tuple(rows), reader.clock(connection, tables[0]), written)
    place = documents.place_of(cursor if where == _DOCUMENTS else None)
    wanted = replace(query, limit=query.limit - len(rows))
    more, place_after = documents.page(connection, holding, wanted, place, asked)
    written = json.dumps([_DOCUMENTS, place_after.dump()]) if place_after is not None else None
    return VariantPage((*rows, *more), reader.clock(connection, tables[0]), written)


def _read_cursor(after: str | None) -> tuple[str, str | None]:
    if after is None:
        return _TABLES, None
    try:
        where, cursor = json.loads(after)
    except (ValueError, TypeError):
        where, cursor = "", None
    if where not in (_TABLES, _DOCUMENTS) or not isinstance(cursor, str):
        raise UsageError("this is not a cursor that an earlier page gave; start again")
    return where, cursor


def _variant(connection: sa.Connection, job: EntitySql, target: Target, asked: Asked) -> Variant | None:
    """Return one variant of a job, or None."""
    table = job.variants
    if table is None:
        listed = details.variants(connection, job, target.job, asked)
        return next((each for each in listed if each.id == target.variant), None)
    try:
        key = table.key_of(target.variant)
    except NotFound:
        return None
    where = [table.key_in([key]), below.of_jobs(table, [job.key_of(target.job)])]
    shown = table.rows(connection.execute(table.select(*reader.columns(table, asked)).where(*where)))
    every = table.select(*(table.image(name) for name in table.infos)).where(*where)
    images = table.rows(connection.execute(every))
    if not shown or not images:
        return None
    error = table.spec.columns.error
    full = {**shown[0], "error": images[0][error]} if error else shown[0]
    return replace(reader.to_variant(table, target.job, full, asked), fields=images[0])
