"""Rows of other tables that change together with a job: cascades, unlinked rows, related updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.model import Action, Child, Insert, Related
from unstick.recovery.model import Image, Scalar
from unstick.recovery.plan import Change, Plan

from . import assign, inserting, keys, statements
from .engines.base import Expr, TableInfo
from .entity import EntitySql
from .layout import Place
from .others import Other, table_of


class Relations:
    """Changes what belongs to the rows of a chunk, before the rows themselves, and keeps the images."""

    def __init__(self, connection: sa.Connection, entity: EntitySql, action: Action, plan: Plan) -> None:
        self._connection, self._entity, self._action, self._plan = connection, entity, action, plan
        self.notes: dict[int, tuple[str, ...]] = {}

    @staticmethod
    def needs(entity: EntitySql, action: Action) -> tuple[str, ...]:
        """Columns of the job that its relations are found by; all of them for a delete, which must be
        undoable."""
        if action.delete:
            return tuple(entity.infos)
        matches = [related.match for related in action.related]
        matches += [other.match for other in action.follows]
        wanted = {*action.detach, *action.cascade}
        children = [child for name, child in entity.children.items() if name in wanted]
        matches += [entity.children[child.via].match if child.via else child.match for child in children]
        return tuple(dict.fromkeys(ours for match in matches for ours in match.values()))

    def before(self, locked: Mapping[int, Image]) -> dict[int, tuple[Change, ...]]:
        """Unlink, delete and update what belongs to the rows. Returns the changes by the row's position."""
        found: dict[int, list[Change]] = {index: [] for index in locked}
        for name in self._action.detach:
            self._children(name, locked, found, unlink=True)
        for name in self._action.cascade:
            self._children(name, locked, found, unlink=False)
        self._all_related(locked, found, after=False)
        for insert in self._entity.inserts(self._action):
            for index, image in locked.items():
                self._insert(insert, index, image, found[index])
        return {index: tuple(changes) for index, changes in found.items()}

    def after(self, locked: Mapping[int, Image]) -> dict[int, tuple[Change, ...]]:
        """Update what has to wait for the rows themselves. Returns the changes by the row's position."""
        found: dict[int, list[Change]] = {index: [] for index in locked}
        self._all_related(locked, found, after=True)
        return {index: tuple(changes) for index, changes in found.items()}

    def _all_related(
        self, locked: Mapping[int, Image], found: dict[int, list[Change]], *, after: bool
    ) -> None:
        for related in self._action.related:
            for index, image in locked.items() if related.after is after else ():
                self._related(related, index, image, found[index])

    def _children(
        self, name: str, locked: Mapping[int, Image], found: dict[int, list[Change]], *, unlink: bool
    ) -> None:
        child = self._entity.children.get(name)
        if child is None:
            return
        table, info = table_of(self._entity, self._entity.child_place(child))
        owned = self._owned(child, table, info, locked)
        if not owned:
            return
        keys_found: list[Image] = [{column: row[column] for column in child.key} for _, row in owned]
        where = keys.key_in(self._entity.engine, info.columns, child.key, keys_found, table.c.__getitem__)
        if not unlink:
            self._connection.execute(sa.delete(table).where(where))
            for (index, row), key in zip(owned, keys_found, strict=True):
                found[index].append(Change(f"child:{name}", "delete", key, row, None))
            return
        nothing: dict[str, Any] = dict.fromkeys(child.match)
        self._connection.execute(sa.update(table).where(where).values(nothing))
        # A column that the database touches by itself has changed with the link.
        names = (*child.match, *(column for column, each in info.columns.items() if each.touched))
        images = self._images(table, info, (*child.key, *names))
        now = self._entity.rows(self._connection.execute(sa.select(*images).where(where)))
        after = {keys.canonical(row, child.key): {column: row[column] for column in names} for row in now}
        for (index, row), key in zip(owned, keys_found, strict=True):
            before = {column: row[column] for column in names}
            change = Change(f"child:{name}", "update", key, before, after.get(keys.canonical(key, child.key)))
            found[index].append(change)

    def _images(self, table: sa.Table, info: TableInfo, names: Sequence[str]) -> list[sa.Label[Any]]:
        engine = self._entity.engine
        return [engine.image(table.c[name], info.columns[name]).label(name) for name in dict.fromkeys(names)]

    def _owned(
        self, child: Child, table: sa.Table, info: TableInfo, locked: Mapping[int, Image]
    ) -> list[tuple[int, dict[str, Scalar]]]:
        """Return the children of the rows, each with its row's position."""
        parents: list[tuple[int, Image]] = list(locked.items())
        if child.via:
            between = self._entity.children[child.via]
            parents = list(
                self._owned(between, *table_of(self._entity, self._entity.child_place(between)), locked)
            )
        if not parents:
            return []
        if child.match_sql is not None:
            return [(i, row) for i, image in parents for row in self._fetch(child, table, info, [image])]
        rows = self._fetch(child, table, info, [image for _, image in parents])
        ours, theirs = tuple(child.match.values()), tuple(child.match)
        owner = {keys.canonical(image, ours): index for index, image in parents}
        owned = [(owner.get(keys.canonical(row, theirs)), row) for row in rows]
        if all(index is not None for index, _ in owned):
            return [(index, row) for index, row in owned if index is not None]
        # The database takes texts for equal that we don't (case, accents): let it say what belongs where.
        return [(i, row) for i, image in parents for row in self._fetch(child, table, info, [image])]

    def _fetch(
        self, child: Child, table: sa.Table, info: TableInfo, parents: Sequence[Image]
    ) -> list[dict[str, Scalar]]:
        engine = self._entity.engine
        columns = table.alias("c").c
        links = [{theirs: parent[ours] for theirs, ours in child.match.items()} for parent in parents]
        if child.match_sql is None:
            where = keys.key_in(engine, info.columns, tuple(child.match), links, columns.__getitem__)
        else:
            names = [keys.join(parent, self._entity.key, None) for parent in parents]
            belongs = self._entity.layout.expression(child.match_sql)
            where = belongs.in_([sa.literal(name, sa.Text) for name in names])
        images = [engine.image(columns[name], info.columns[name]).label(name) for name in info.columns]
        statement = sa.select(*images).where(where)
        if child.only is not None:
            statement = statement.where(self._entity.layout.expression(child.only))
        statement = statement.with_for_update() if engine.name != "sqlite" else statement
        return self._entity.rows(self._connection.execute(statement))

    def _related(self, related: Related, index: int, job: Image, changes: list[Change]) -> None:
        """Update the related row of one job where its guard holds; note when there is no such row."""
        entity, engine = self._entity, self._entity.engine
        place = entity.layout.place(related.table, related.table_schema)
        table, info = table_of(entity, place)
        names = tuple(dict.fromkeys((*related.key, *related.set)))
        match = [
            table.c[theirs] == engine.restore(job[ours], info.columns[theirs])
            for theirs, ours in related.match.items()
        ]
        images = [engine.image(table.c[name], info.columns[name]).label(name) for name in names]
        statement = sa.select(*images).where(*match)
        found = entity.rows(
            self._connection.execute(statement.with_for_update() if engine.name != "sqlite" else statement)
        )
        if not found:
            self._note(index, f"{related.name}_missing")
            return
        guarded = self._guarded(
            related, place, info, job, [{c: row[c] for c in related.key} for row in found]
        )
        words = {
            **assign.words(entity, self._action, self._plan.options.thresholds),
            "job": self.job_word(entity, job),
        }
        for row in found:
            key = {column: row[column] for column in related.key}
            if keys.canonical(key, related.key) not in guarded:
                self._note(index, f"{related.name}_kept")
                continue
            changes.append(self._update(related, table, info, key, row, words))
            self._note(index, f"{related.name}_updated")

    def _insert(self, insert: Insert, index: int, job: Image, changes: list[Change]) -> None:
        """Add a row of another table where the guard holds."""
        entity = self._entity
        key = {name: job[name] for name in entity.key}
        if insert.guard is not None:
            guard = entity.layout.expression(insert.guard)
            asked = entity.select(sa.literal(1)).where(entity.key_in([key]), guard)
            if self._connection.execute(asked).first() is None:
                self._note(index, f"{insert.name}_kept")
                return
        thresholds = self._plan.options.thresholds
        statement = statements.insert_statement(entity, self._action, insert, thresholds, key)
        changes.append(inserting.add(self._connection, entity, insert, statement))
        self._note(index, f"{insert.name}_inserted")

    @staticmethod
    def job_word(entity: EntitySql, job: Image) -> str | int:
        """Return the job's key for texts; a number where it is one, so that it can be written as one into
        JSON."""
        text = ",".join(str(job[name]) for name in entity.key)
        return int(text) if [entity.infos[name].kind for name in entity.key] == ["int"] else text

    def _guarded(
        self, related: Related, place: Place, info: TableInfo, job: Image, found: Sequence[Image]
    ) -> set[tuple[str, ...]]:
        """Return the keys of those related rows for which the guard holds, with `r` and `j` as the profile
        names them."""
        entity = self._entity
        if related.guard is None:
            return {keys.canonical(key, related.key) for key in found}

        def column(name: str) -> Expr:
            return entity.layout.column(place, "r", name)

        tables = f"{entity.layout.quoted(place)} AS r, {entity.layout.quoted(entity.place)} AS j"
        both = entity.layout.tables_text(tables)
        images = [entity.engine.image(column(name), info.columns[name]).label(name) for name in related.key]
        statement = (
            sa.select(*images)
            .select_from(both)
            .where(
                keys.key_in(entity.engine, info.columns, related.key, found, column),
                entity.key_in([{name: job[name] for name in entity.key}]),
                entity.layout.expression(related.guard),
            )
        )
        return {keys.canonical(row, related.key) for row in entity.rows(self._connection.execute(statement))}

    def _update(
        self,
        related: Related,
        table: sa.Table,
        info: TableInfo,
        key: Image,
        row: Image,
        words: assign.Words,
    ) -> Change:
        entity = self._entity
        proxy = Other(entity, info)
        values = {
            name: assign.expression(proxy, name, given, words, table.c.__getitem__)  # type: ignore[arg-type]
            for name, given in related.set.items()
        }
        where = keys.key_in(entity.engine, info.columns, related.key, [key], table.c.__getitem__)
        self._connection.execute(
            sa.update(table).where(where).ordered_values(*assign.in_order(related.set, values))
        )
        names = tuple(related.set)
        images = [entity.engine.image(table.c[name], info.columns[name]).label(name) for name in names]
        after = entity.rows(self._connection.execute(sa.select(*images).where(where)))
        before = {name: row[name] for name in names}
        return Change(f"related:{related.name}", "update", dict(key), before, after[0] if after else None)

    def _note(self, index: int, note: str) -> None:
        self.notes[index] = (*self.notes.get(index, ()), note)
