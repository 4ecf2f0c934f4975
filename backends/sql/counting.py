"""How often each job and variant was tried, from the retry history where no column counts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from unstick.recovery.model import Job, JobId
from unstick.recovery.query import Query

from . import journal_reading, keys
from .attempts import Attempts
from .entity import EntitySql
from .filter_terms import of_table
from .opening import Opened


@dataclass(frozen=True, slots=True)
class Counting:
    """The retry history of an open source, as far as it counts."""

    opened: Opened

    @property
    def _needed(self) -> bool:
        return any(not table.spec.columns.retries for table in self.opened.tables)

    def jobs(self, connection: sa.Connection, query: Query | None = None) -> dict[str, int]:
        """Attempts of every job, as its row shows them; nothing for a query that is not about them."""
        wanted = query is None or query.sort == "retries" or any(t.field == "retries" for t in query.terms)
        if not (wanted and self._needed):
            return {}
        counts = self._counts(connection, None)
        for table in self.opened.tables:
            if table.spec.attempts_sql or table.spec.attempts_since:
                counts |= _by_row(connection, table, counts)
        return counts

    def _counts(self, connection: sa.Connection, jobs: Sequence[str] | None) -> dict[str, int]:
        journal = self.opened.journal
        if any(table.spec.attempts_since for table in self.opened.tables):
            return {**journal_reading.retry_moments(journal, connection, jobs)}
        return journal_reading.retry_counts(journal, connection, jobs)

    def variants(
        self, connection: sa.Connection, job: JobId | None = None
    ) -> dict[tuple[str, str | None], int]:
        """Attempts by job and variant; of one job where it is given."""
        in_documents = any(job.variants_json for job in self.opened.layout.profile.jobs)
        if not in_documents and all(t.spec.columns.retries for t in self.opened.variants.values()):
            return {}
        return journal_reading.variant_counts(self.opened.journal, connection, job)

    def into(self, connection: sa.Connection, rows: Sequence[Job]) -> tuple[Job, ...]:
        """Return the jobs with their attempts."""
        if not rows or not self._needed:
            return tuple(rows)
        counts = self._counts(connection, [job.id for job in rows])
        return tuple(self._with(job, counts[job.id]) if job.id in counts else job for job in rows)

    def _with(self, job: Job, counted: int) -> Job:
        spec = next(table.spec for table in self.opened.tables if table.name == job.table)
        if isinstance(counted, Attempts) and spec.attempts_since:
            counted = counted.since(getattr(job, spec.attempts_since))
        # The system's own record, which the row brings along, may know of more.
        return replace(job, retries=max(job.retries, counted) if spec.attempts_sql else counted)


def _by_row(connection: sa.Connection, entity: EntitySql, counts: Mapping[str, int]) -> dict[str, int]:
    """Attempts that only the job's row can tell: those since it began, those on the system's own record."""
    spec, since = entity.spec, entity.spec.attempts_since
    recorded = entity.layout.expression(spec.attempts_sql) if spec.attempts_sql else sa.literal(0)
    begun = entity.epoch(since) if since else sa.null()
    named = [keys.split(job, entity.key, entity.name) for job in of_table(entity, counts)]
    known = [entity.key_in(named)] if named else []
    columns = [*(entity.image(name).label(name) for name in entity.key)]
    statement = entity.select(*columns, recorded.label("recorded_"), begun.label("begun_"))
    found: dict[str, int] = {}
    for row in entity.rows(connection.execute(statement.where(sa.or_(recorded > 0, *known)))):
        job = entity.job_id({name: row[name] for name in entity.key})
        made = counts.get(job, 0)
        if isinstance(made, Attempts) and since:
            moment = row["begun_"]
            made = made.since(None if moment is None else datetime.fromtimestamp(float(moment), UTC))
        found[job] = max(made, int(row["recorded_"] or 0))
    return found
