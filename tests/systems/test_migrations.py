"""The systems whose documents add to their tables: from before to what the document says, and back."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database
from tests.systems.feedlyai import seeded
from unstick.backends import migrate
from unstick.backends.demo import seed
from unstick.backends.profile import load
from unstick.backends.profile.migration import Column, Index
from unstick.recovery.engine import apply
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

Shape = dict[str, tuple[dict[str, str], dict[str, list[str | None]]]]
"""Table -> columns with their types and defaults, indexes with their columns."""


class System:
    """One system's database, with the seed's rows."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.migration = load.find(name).migration

    async def shape(self) -> Shape:
        """The tables that the migration is about, as they are."""

        def look(connection: sa.Connection) -> Shape:
            inspector = sa.inspect(connection)
            return {
                table: (
                    {
                        str(one["name"]): f"{one['type']} {one['nullable']} {_plain(one['default'])}"
                        for one in inspector.get_columns(table)
                    },
                    {str(one["name"]): one["column_names"] for one in inspector.get_indexes(table)},
                )
                for table in sorted({one.table for one in self.migration.columns})
            }

        return await in_database(self.url, look)

    async def rows(self, without: tuple[Column, ...]) -> dict[str, list[tuple[Any, ...]]]:
        """What the tables hold beside these columns."""

        def read(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
            found = {}
            for name in sorted({one.table for one in without}):
                gone = {one.column for one in without if one.table == name}
                table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
                columns = [sa.cast(column, sa.Text) for column in table.columns if column.name not in gone]
                rows = connection.execute(sa.select(*columns))
                found[name] = sorted((tuple(map(str, row)) for row in rows), key=str)
            return found

        return await in_database(self.url, read)

    async def unmigrate(self) -> None:
        """Make the tables as they were before the system's document."""

        def drop(connection: sa.Connection) -> None:
            preparer = connection.dialect.identifier_preparer
            inspector = sa.inspect(connection)
            for index in self.migration.indexes:
                on = f" ON {index.table}" if dialect_of(self.url) == "mysql" else ""
                connection.exec_driver_sql(f"DROP INDEX {preparer.quote(index.name)}{on}")
            for column in self.migration.columns:
                if any(one["name"] == column.column for one in inspector.get_columns(column.table)):
                    connection.exec_driver_sql(f"ALTER TABLE {column.table} DROP COLUMN {column.column}")

        await in_database(self.url, drop)

    @property
    def source(self) -> Source:
        return Source("here", self.url, profile=self.name)


def _plain(default: object) -> str:
    """A default without the many ways of spelling it."""
    text = str(default).strip("()'").upper()
    return {"TRUE": "1", "FALSE": "0"}.get(text, text)


SYSTEMS = sorted(name for name in load.available() if not load.find(name).migration.empty)


@pytest.fixture(params=SYSTEMS)
async def system(request: pytest.FixtureRequest, database_url: str) -> System:
    """The system with the rows of the demo, as its document leaves it."""
    found = System(request.param, database_url)
    await create_tables(database_url, found.name)
    await in_database(
        database_url, lambda connection: seed.insert(connection, found.name, seed.rows(found.name))
    )
    return found


def _document(shape: Shape, things: tuple[Column | Index, ...]) -> list[tuple[str, str, object]]:
    """What the shape has of these columns and indexes."""
    found: list[tuple[str, str, object]] = []
    for thing in things:
        columns, indexes = shape[thing.table]
        if isinstance(thing, Column) and thing.column in columns:
            found.append((thing.table, thing.column, columns[thing.column]))
        if isinstance(thing, Index) and thing.name in indexes:
            found.append((thing.table, thing.name, indexes[thing.name]))
    return found


async def test_it_adds_what_the_document_adds_and_takes_just_that_away(system: System) -> None:
    columns = system.migration.columns
    things: tuple[Column | Index, ...] = (*columns, *system.migration.indexes)
    written = _document(await system.shape(), things)
    rows = await system.rows(columns)
    await system.unmigrate()
    bare = await system.shape()
    assert _document(bare, things) == []

    await migrate(system.source, apply=True)
    shape = await system.shape()
    assert {*map(str, written)} <= {*map(str, _document(shape, things))}
    assert len(_document(shape, things)) == len(things)
    assert await system.rows(columns) == rows
    again = await migrate(system.source, apply=True)
    assert (again.sql, again.left_out) == ((), ())

    back = await migrate(system.source, rollback=True, apply=True)
    assert back.left_out == ()
    assert await system.shape() == bare
    assert await system.rows(columns) == rows


async def test_rows_that_were_there_before_begin_with_the_default(system: System) -> None:
    await system.unmigrate()
    await migrate(system.source, apply=True)
    for column in system.migration.columns:
        found = {
            row[0]
            for row in await in_database(
                system.url,
                lambda connection, column=column: connection.exec_driver_sql(  # type: ignore[misc]
                    f"SELECT DISTINCT {column.column} FROM {column.table}"
                ).all(),
            )
        }
        assert found == {column.default}


async def test_what_the_application_s_own_migration_added_stays(system: System) -> None:
    before = await system.shape()
    await migrate(system.source, apply=True)
    await migrate(system.source, rollback=True, apply=True)
    assert await system.shape() == before


async def test_the_system_is_recognised_before_its_migration(system: System) -> None:
    await system.unmigrate()
    found = await migrate(Source("here", system.url))
    assert found.profile == system.name
    assert [sql for sql in found.sql if "ADD COLUMN" in sql]


async def test_feedlyai_works_before_its_migration_and_counts_in_the_history(database_url: str) -> None:
    here = await seeded(database_url)
    system = System("feedlyai", database_url)
    await system.unmigrate()
    before = await here.everything()
    console = await here.console()
    plan = await console.plan("recover", Query(stuck_only=True), Options())
    assert len(plan.rows) > 2
    assert not [row for row in plan.rows if {"retry_count", "retry_reason"} & {*row.after}]
    assert [warning for warning in plan.warnings if "own history counts the retries" in warning]
    done = await apply(console, plan)
    assert done.counts.applied > 0
    changed = next(row for row in done.rows if row.variant is not None and row.outcome is Outcome.APPLIED)
    [variant] = [one for one in await console.variants(changed.job) if one.id == changed.variant]
    assert variant.retries == 1

    await apply(console, await console.plan_undo(done.operation, Options()))
    # The application's trigger has set some jobs by their variants meanwhile.
    assert (await here.everything())["jobs_variants"] == before["jobs_variants"]
    await here.close()


async def test_feedlyai_s_new_columns_say_how_often_and_why(database_url: str) -> None:
    here = await seeded(database_url)
    system = System("feedlyai", database_url)
    await system.unmigrate()
    await migrate(system.source, apply=True)
    console = await here.console()
    plan = await console.plan("recover", Query(stuck_only=True), Options())
    assert {"retry_count", "retry_reason"} <= {*plan.rows[0].after}
    assert (await apply(console, plan)).counts.applied > 0
    counted = await here.rows("SELECT retry_reason FROM jobs_variants WHERE retry_count = 1")
    assert {"lagging", "failed", "stuck"} <= {row["retry_reason"] for row in counted}
    await here.close()
