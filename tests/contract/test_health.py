"""What a backend finds around the rows: connections, and indexes that would help."""

from __future__ import annotations

import pytest

from tests.contract.conftest import URLS
from tests.contract.memory_world import MemoryWorld
from tests.contract.sides import Side, connect
from tests.contract.world import World, add_stuck
from unstick.backends import check, create_backend
from unstick.backends.demo.ddl import statements
from unstick.recovery.health import Health
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

SLOW = ("status", "updated_at")


def table_in(engine: str) -> str:
    """The name of the job table in SQL."""
    return "kb.object_extraction_jobs" if engine == "postgresql" else "object_extraction_jobs"


async def health(source: Source) -> Health:
    backend = create_backend(source)
    await backend.open()
    try:
        return await backend.health()
    finally:
        await backend.close()


async def make_tables(url: str, engine: str) -> Side:
    side = await connect(url)
    for statement in statements("extraction", engine):
        await side.run(statement)
    return side


async def test_looking_at_a_source_changes_none_of_its_rows(world: World, backend: Backend) -> None:
    await add_stuck(world, "a", "b")
    before = await backend.counts()
    found = await backend.health()
    assert (await backend.counts()).by_status == before.by_status
    assert all(one.statement.startswith("CREATE INDEX") for one in found.missing)


async def test_memory_has_neither_connections_nor_indexes() -> None:
    console = await MemoryWorld("artitec").console()
    assert await console.health() == Health()


@pytest.mark.parametrize("name", URLS)
class TestIndexes:
    async def test_what_is_missing_is_made_by_its_statement(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        engine, fixture = URLS[name]
        url = request.getfixturevalue(fixture)
        side = await make_tables(url, engine)
        source = Source("here", url, profile="extraction")
        found = await health(source)
        assert SLOW in [one.columns for one in found.missing]
        assert found.connections == 1
        for one in found.missing:
            assert ("CONCURRENTLY" in one.statement) == (engine == "postgresql")
            await side.run(one.statement)
        await side.close()
        assert (await health(source)).missing == ()

    async def test_an_index_that_begins_with_another_column_does_not_help(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        engine, fixture = URLS[name]
        url = request.getfixturevalue(fixture)
        side = await make_tables(url, engine)
        await side.run(f"CREATE INDEX by_age ON {table_in(engine)} (updated_at, status)")
        source = Source("here", url, profile="extraction")
        assert SLOW in [one.columns for one in (await health(source)).missing]
        await side.run(f"CREATE INDEX by_status ON {table_in(engine)} (status)")
        await side.close()
        assert SLOW not in [one.columns for one in (await health(source)).missing]

    async def test_the_doctor_gives_the_statement_as_advice_and_calls_it_no_mistake(
        self, name: str, request: pytest.FixtureRequest
    ) -> None:
        engine, fixture = URLS[name]
        url = request.getfixturevalue(fixture)
        await (await make_tables(url, engine)).close()
        found = await check(Source("here", url, profile="extraction"))
        notes = [one for one in found if one.name == "indexes" and one.note]
        assert notes
        assert all(one.ok and one.advice.startswith("CREATE INDEX") for one in notes)


async def test_an_index_of_the_rows_that_can_be_stuck_is_enough(postgres_url: str) -> None:
    side = await make_tables(postgres_url, "postgresql")
    await side.run(
        "CREATE INDEX running ON kb.object_extraction_jobs (updated_at) WHERE status IN ('processing')"
    )
    await side.close()
    found = await health(Source("here", postgres_url, profile="extraction"))
    assert SLOW not in [one.columns for one in found.missing]


async def test_a_view_is_not_told_to_have_an_index(sqlite_url: str) -> None:
    side = await make_tables(sqlite_url, "sqlite")
    await side.run("ALTER TABLE object_extraction_jobs RENAME TO kept")
    await side.run("CREATE VIEW object_extraction_jobs AS SELECT * FROM kept")
    await side.close()
    found = await health(Source("here", sqlite_url, profile="extraction"))
    assert "object_extraction_jobs" not in {one.table for one in found.missing}
