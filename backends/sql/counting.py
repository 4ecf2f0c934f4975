"""How often each job and variant was tried, from the retry history where no column counts it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from unstick.recovery.model import Job, JobId
from unstick.recovery.query import Query

from . import journal_reading, keys
from .attempts import Attempts
from .engines.base import Expr
from .entity import EntitySql
from .filter_terms import of_table
from .journal import Journal
from .journal_tables import HISTORY
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

    def beside(self) -> dict[str, Expr]:
        """By job table: how many attempts the history in the database has of the row, for the statement that
        reads it. Not of tables whose ids it could not compare."""
        journal = self.opened.journal
        if journal.local is not None or journal.denied or journal.left:
            return {}
        if self.opened.layout.engine.name == "mysql" and not journal.collation:
            return {}
        return {table.name: _made(journal, table) for table in self.opened.tables if _comparable(table)}

    def into(
        self, connection: sa.Connection, rows: Sequence[Job], known: Collection[str] = ()
    ) -> tuple[Job, ...]:
        """Return the jobs with their attempts; those of the tables `known` have them."""
        asked = [job.id for job in rows if job.table not in known]
        if not asked or not self._needed:
            return tuple(rows)
        counts = self._counts(connection, asked)
        return tuple(self._with(job, counts[job.id]) if job.id in counts else job for job in rows)

    def _with(self, job: Job, counted: int) -> Job:
        spec = next(table.spec for table in self.opened.tables if table.name == job.table)
        if isinstance(counted, Attempts) and spec.attempts_since:
            counted = counted.since(getattr(job, spec.attempts_since))
        # The system's own record, which the row brings along, may know of more.
        return replace(job, retries=max(job.retries, counted) if spec.attempts_sql else counted)


def _comparable(table: EntitySql) -> bool:
    """Whether ids of the table are the same text in SQL as in the history."""
    spec = table.spec
    if spec.columns.retries or spec.attempts_since:
        return False
    kinds = ("int", "text", "uuid") if table.engine.name == "postgresql" else ("int", "text")
    return all(table.infos[name].kind in kinds for name in table.key)


def _made(journal: Journal, table: EntitySql) -> Expr:
    text = table.key_text()
    job = sa.literal(f"{table.name}:", sa.Text) + text if table.prefixed else text
    where = [HISTORY.c.profile == journal.profile, HISTORY.c.variant.is_(None)]
    if table.engine.name == "mysql":
        # In the history's own collation, so that its index serves; then to the letter.
        spelled = sa.collate(
            sa.func.convert(job.op("USING")(sa.literal_column("utf8mb4"))), journal.collation
        )
        where += [HISTORY.c.job == spelled, sa.cast(HISTORY.c.job, sa.BINARY) == sa.cast(spelled, sa.BINARY)]
    else:
        where.append(HISTORY.c.job == job)
    return sa.select(sa.func.count()).select_from(HISTORY).where(*where).scalar_subquery()


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
