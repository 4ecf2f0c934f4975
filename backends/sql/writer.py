"""One chunk of a plan in one transaction: lock, compare, write, read back, journal, commit.

A worker that heartbeats, finishes or deletes the job between plan and apply always wins: its row no longer
matches the
token or the rule, and is reported instead of changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from unstick.backends.profile.model import Action
from unstick.recovery.errors import CommitUnknown, JournalUnusable, PlanError
from unstick.recovery.model import Image, JobId, Scalar, VariantId
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import Change, Plan, PlanRow

from . import following, json_document, keys, planner, rows, statements, undo
from .chunk import Chunk, compare
from .drift import in_words
from .entity import EntitySql
from .errors import is_busy, is_deadlock, is_lost, is_refusal, said
from .journal import Entry, Journal
from .relations import Relations
from .session import roll_back

Numbers = Mapping[tuple[JobId, VariantId | None], int]
"""What a planned row is about -> its place in the plan, which is its key in the journal."""

DEADLOCKS = 5
"""How often a transaction that the database undid is tried again."""


UNDO = Action(verb="put back what the operation changed", sql={"*": ""}, attempt=False)


class _Refused(Exception):
    """The database refused to commit: a check that it had put off until then."""


class _Unchanged(Exception):
    """The database said that all is well, and changed fewer rows than it was told to."""


class Writer:
    """Applies chunks to one source."""

    def __init__(self, tables: Sequence[EntitySql], journal: Journal, *, skip_locked: bool) -> None:
        self._tables = {entity.name: entity for entity in tables}
        self._journal = journal
        self._skip_locked = skip_locked
        self.written: list[Entry] = []
        """What was about to be committed: see `recall`."""

    def apply(
        self, connection: sa.Connection, plan: Plan, planned: Sequence[PlanRow], numbers: Numbers
    ) -> tuple[RowOutcome, ...]:
        """Apply rows of a plan and return one outcome per row, in order; retries when the database asks
        for it."""
        for attempt in range(DEADLOCKS):
            try:
                return self._transaction(connection, plan, planned, numbers)
            except _Refused as refused:
                return self._apart(connection, plan, planned, numbers, str(refused))
            except sa.exc.DBAPIError as error:
                roll_back(connection)
                if is_busy(error):
                    return tuple(
                        RowOutcome(row.job, Outcome.BUSY, "locked by somebody else", row.variant)
                        for row in planned
                    )
                again = is_deadlock(error) or isinstance(error, sa.exc.IntegrityError)
                if not again or attempt == DEADLOCKS - 1:
                    raise
        raise AssertionError("unreachable")

    def _apart(
        self,
        connection: sa.Connection,
        plan: Plan,
        planned: Sequence[PlanRow],
        numbers: Numbers,
        said: str,
    ) -> tuple[RowOutcome, ...]:
        """Apply each row of a chunk that could not be committed in a transaction of its own."""
        if len(planned) > 1:
            return tuple(
                outcome for row in planned for outcome in self.apply(connection, plan, [row], numbers)
            )
        [row] = planned
        detail = f"the database refused: {said}"
        with connection.begin():
            now = _now(connection, next(iter(self._tables.values())))
            entry = Entry(numbers[row.ref], row, Outcome.FAILED, detail, now)
            self._journal.begin(connection, plan, now)
            self._journal.write(connection, plan, [entry])
        self._journal.landed(plan, [entry])
        return (RowOutcome(row.job, Outcome.FAILED, detail, row.variant),)

    def _transaction(
        self, connection: sa.Connection, plan: Plan, planned: Sequence[PlanRow], numbers: Numbers
    ) -> tuple[RowOutcome, ...]:
        chunks: list[Chunk] = []
        entries: list[Entry] = []
        with connection.begin() as transaction:
            now = _now(connection, next(iter(self._tables.values())))
            for entity, action, rows in self._together(plan, planned):
                places = {i: numbers[row.ref] for i, row in enumerate(rows)}
                its = planner.for_rows(plan, rows)
                asked = plan.options.thresholds
                chunk = Chunk(entity, action, its, rows, places, now, asked=asked)
                self._look(connection, chunk)
                chunks.append(chunk)
            # Only now, so that no row is judged by what was written into another one a moment ago.
            for chunk in chunks:
                self._work(connection, chunk)
            for chunk in chunks:
                self._follow(connection, chunk)
                entries += [entry for _, entry in sorted(chunk.entries.items())]
            self._journal.begin(connection, plan, now)
            anew = any(chunk.known for chunk in chunks)
            self._journal.write(connection, plan, entries, anew=anew)
            self.written += entries
            try:
                self._commit(connection, transaction, plan, entries)
                self._confirm(plan, entries)
            finally:
                self._journal.landed(plan, entries)
        found = {chunk.rows[i].ref: outcome for chunk in chunks for i, outcome in chunk.outcomes.items()}
        return tuple(found[row.ref] for row in planned)

    def _commit(
        self, connection: sa.Connection, transaction: sa.RootTransaction, plan: Plan, entries: list[Entry]
    ) -> None:
        try:
            transaction.commit()
        except Exception as error:
            if not is_refusal(error):
                raise CommitUnknown("the connection was lost while committing a chunk") from error
            roll_back(connection)
            self._journal.withdraw(plan, entries)
            if is_deadlock(error) or is_busy(error):
                raise
            raise _Refused(said(error)) from error

    def _confirm(self, plan: Plan, entries: list[Entry]) -> None:
        try:
            self._journal.confirm(plan, entries)
        except (JournalUnusable, sa.exc.SQLAlchemyError):
            # The rows are changed, whatever became of the local file: its intentions are settled when it is
            # looked at again. Saying that this chunk failed would be wrong.
            return

    def _together(
        self, plan: Plan, planned: Sequence[PlanRow]
    ) -> list[tuple[EntitySql, Action, list[PlanRow]]]:
        """Return the rows that are written by the same statements."""
        if plan.undoes is None:
            groups = planner.together(planned, plan.action, self._tables)
            return [(self._tables[name], action, rows) for name, action, rows in groups]
        names = dict.fromkeys(row.table for row in planned)
        if unknown := next((name for name in names if name not in self._tables), None):
            raise PlanError(f"the profile no longer knows {unknown}, which this operation changed")
        return [(self._tables[name], UNDO, [row for row in planned if row.table == name]) for name in names]

    def _look(self, connection: sa.Connection, chunk: Chunk) -> None:
        if chunk.plan.undoes is None:
            compare(connection, chunk, self._journal, self._skip_locked)
            chunk.along = following.look(connection, chunk.entity, chunk.action, chunk.good)

    @staticmethod
    def _follow(connection: sa.Connection, chunk: Chunk) -> None:
        """Journal what else has changed, before the rows' own changes: undo then puts it back after them."""
        for index, found in following.changes(connection, chunk.entity, chunk.along).items():
            entry = chunk.entries[index]
            if entry.outcome is Outcome.APPLIED:
                chunk.entries[index] = replace(entry, changes=(*found, *entry.changes))

    def _work(self, connection: sa.Connection, chunk: Chunk) -> None:
        if chunk.plan.undoes is not None:
            self._undo(connection, chunk)
        elif chunk.good:
            self._write(connection, chunk)

    def _undo(self, connection: sa.Connection, chunk: Chunk) -> None:
        known = chunk.known = self._journal.known(connection, chunk.plan, list(chunk.numbers.values()))
        still = [
            index
            for index in range(len(chunk.rows))
            if not chunk.already(index, known.get(chunk.numbers[index]))
        ]
        rows = [(chunk.numbers[index], chunk.rows[index]) for index in still]
        for index, (outcome, entry) in zip(
            still, undo.apply_rows(connection, chunk.entity, rows, chunk.now), strict=True
        ):
            chunk.outcomes[index], chunk.entries[index] = outcome, entry

    def _write(self, connection: sa.Connection, chunk: Chunk) -> None:
        """Write all matching rows at once; when one conflicts, each for itself behind a savepoint."""
        try:
            with connection.begin_nested():
                self._write_some(connection, chunk, list(chunk.good))
        except (sa.exc.DBAPIError, _Unchanged) as error:
            if is_lost(error) or is_deadlock(error):
                raise
            for index in chunk.good:
                self._write_one(connection, chunk, index)

    def _write_one(self, connection: sa.Connection, chunk: Chunk, index: int) -> None:
        try:
            with connection.begin_nested():
                self._write_some(connection, chunk, [index])
        except (sa.exc.DBAPIError, _Unchanged) as error:
            if is_lost(error) or is_deadlock(error):
                raise
            chunk.outcomes.pop(index, None)
            if is_busy(error):
                chunk.skip(index, Outcome.BUSY, "a row that belongs to it is locked by somebody else")
            else:
                chunk.skip(index, Outcome.FAILED, f"the database refused: {said(error)}")

    def _write_some(self, connection: sa.Connection, chunk: Chunk, indexes: list[int]) -> None:
        entity, action = chunk.entity, chunk.action
        locked = {index: chunk.good[index] for index in indexes}
        relations = Relations(connection, entity, action, chunk.plan)
        before = relations.before(locked)
        images = [(chunk.rows[i].key, locked[i]) for i in indexes]
        later: dict[int, tuple[Change, ...]] = {}
        number: int | None
        names = planner.image_columns(entity, action)
        if action.delete:
            number = statements.delete(connection, entity, action, [key for key, _ in images])
            after: dict[tuple[str, ...], Image] = {}
        else:
            number = self._update(connection, chunk, indexes)
            later = relations.after(locked)
            after = statements.read(connection, entity, [key for key, _ in images], names)
            statements.notify(connection, entity, action, [key for key, _ in images])
        statuses = self._statuses(connection, chunk, indexes)
        if number is not None and 0 <= number < len(indexes):
            raise _Unchanged("it left the row as it was, without an error; is there a trigger or a policy?")
        for index in indexes:
            row = chunk.rows[index]
            own = self._own(chunk, row, locked[index], after, names)
            changes = (*before.get(index, ()), *own, *later.get(index, ()))
            image = after.get(keys.canonical(row.key, entity.key), {})
            self._done(chunk, index, changes, image, statuses.get(index), relations.notes.get(index, ()))

    @staticmethod
    def _statuses(connection: sa.Connection, chunk: Chunk, indexes: list[int]) -> dict[int, Scalar]:
        """Return the statuses after the change, by position, where SQL computes them."""
        if chunk.entity.spec.status is not None or chunk.action.delete:
            return {}
        found = statements.statuses(connection, chunk.entity, [chunk.rows[i].key for i in indexes])
        return {i: found.get(keys.canonical(chunk.rows[i].key, chunk.entity.key)) for i in indexes}

    def _update(self, connection: sa.Connection, chunk: Chunk, indexes: list[int]) -> int | None:
        """Change the rows: all at once, or each for itself where what is written depends on its document."""
        action, rows = chunk.action, [chunk.rows[index] for index in indexes]
        if not json_document.edits_documents(action):
            return statements.update(connection, chunk.entity, action, chunk.plan, [row.key for row in rows])
        number, now = 0, json_document.moment(chunk.now)
        for index, row in zip(indexes, rows, strict=True):
            try:
                one = json_document.resolved(chunk.entity.spec, action, chunk.good[index], row.variant, now)
            except ValueError as error:
                raise _Unchanged(f"its document can't be changed: {error}") from None
            number += statements.update(connection, chunk.entity, one, chunk.plan, [row.key]) or 0
        return number

    def _own(
        self,
        chunk: Chunk,
        row: PlanRow,
        locked: Image,
        after: Mapping[tuple[str, ...], Image],
        names: Sequence[str],
    ) -> tuple[Change, ...]:
        if chunk.action.delete:
            return (Change(chunk.entity.name, "delete", dict(row.key), dict(locked), None),)
        changed = after.get(keys.canonical(row.key, chunk.entity.key))
        return (
            Change(
                chunk.entity.name,
                "update",
                dict(row.key),
                {name: locked[name] for name in names},
                dict(changed) if changed is not None else None,
            ),
        )

    def _done(
        self,
        chunk: Chunk,
        index: int,
        changes: tuple[Change, ...],
        image: Image,
        computed: Scalar,
        notes: tuple[str, ...],
    ) -> None:
        row, entity = chunk.rows[index], chunk.entity
        status = entity.spec.status
        old = row.token.get(status or "(status)")
        new = image.get(status) if status else computed
        detail = "deleted" if chunk.action.delete else in_words(entity, old, new, row.token, image)
        chunk.outcomes[index] = RowOutcome(row.job, Outcome.APPLIED, detail, row.variant, related=notes)
        chunk.entries[index] = Entry(
            chunk.numbers[index],
            row,
            Outcome.APPLIED,
            detail,
            chunk.now,
            changes,
            from_status=None if old is None else str(old),
            to_status=None if new is None else str(new),
            attempt=chunk.action.attempt,
        )


def _now(connection: sa.Connection, entity: EntitySql) -> datetime:
    value = connection.execute(sa.select(entity.engine.epoch_now().label("now"))).scalar_one()
    return rows.clock({"now": float(value)})
