"""Tables in a schema of their own, with a prefix that the source sets, and names that need quoting."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.profiles.place import Place
from tests.systems.databases import in_database
from unstick.backends import migrate
from unstick.recovery.source import Source

PROFILE = """
name = "kept"
clock = "zoned"

[parameters]
schema = { postgresql = "kb", "*" = "" }
prefix = ""

[recognise]
"{schema}{prefix}Tasks" = ["id", "state", "tries"]

[[jobs]]
table = "{prefix}Tasks"
schema = "{schema}"
key = ["id"]
status = "state"
columns = { retries = "tries" }

[[migration.columns]]
table = "{prefix}Tasks"
schema = "{schema}"
column = "tries"
type = "integer"
default = 0

[[migration.indexes]]
name = "Of tries, 100%"
table = "{prefix}Tasks"
schema = "{schema}"
columns = ["tries"]
where = "tries > 0"
"""


@pytest.fixture
async def source(postgres_url: str, tmp_path: Path) -> AsyncIterator[Source]:
    """A table of that name also in the session's own schema: it is not the one."""
    place = Place(postgres_url, tmp_path)
    await place.run(
        "CREATE SCHEMA kb",
        'CREATE TABLE kb."a_Tasks" (id INT PRIMARY KEY, state TEXT)',
        'CREATE TABLE "a_Tasks" (id INT PRIMARY KEY, state TEXT)',
        "INSERT INTO kb.\"a_Tasks\" VALUES (1, 'x')",
    )
    yield Source("here", postgres_url, profile=place.profile(PROFILE), parameters={"prefix": "a_"})
    await place.close()


async def shape(source: Source) -> dict[str, tuple[set[str], set[str | None]]]:
    """Columns and secondary indexes of both tables."""

    def look(connection: sa.Connection) -> dict[str, tuple[set[str], set[str | None]]]:
        inspector = sa.inspect(connection)
        return {
            schema: (
                {column["name"] for column in inspector.get_columns("a_Tasks", schema=schema)},
                {index["name"] for index in inspector.get_indexes("a_Tasks", schema=schema)},
            )
            for schema in ("kb", "public")
        }

    return await in_database(source.url, look)


async def test_the_schema_s_table_is_changed_and_no_other(source: Source) -> None:
    before = await shape(source)
    applied = await migrate(source, apply=True)
    assert (await shape(source))["kb"] == ({"id", "state", "tries"}, {"Of tries, 100%"})
    assert (await shape(source))["public"] == before["public"]
    assert any('CREATE INDEX CONCURRENTLY "Of tries, 100%" ON kb."a_Tasks"' in sql for sql in applied.sql)
    again = await migrate(source, apply=True)
    assert (again.sql, again.left_out) == ((), ())
    back = await migrate(source, rollback=True, apply=True)
    assert (await shape(source), back.left_out) == (before, ())


async def test_what_is_dropped_is_named_with_its_schema(source: Source) -> None:
    await migrate(source, apply=True)
    await in_database(
        source.url, lambda connection: connection.exec_driver_sql('UPDATE kb."a_Tasks" SET tries = 2')
    )
    kept = await migrate(source, rollback=True)
    assert [name for name, _ in kept.left_out] == ["kb.a_Tasks.tries"]
    await migrate(source, rollback=True, apply=True, drop=["kb.a_Tasks.tries"])
    assert (await shape(source))["kb"] == ({"id", "state"}, set())


async def test_the_index_of_an_interrupted_build_is_found_in_its_schema(source: Source) -> None:
    await migrate(source, apply=True)
    broken = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('kb.\"Of tries, 100%\"')"
    await in_database(source.url, lambda connection: connection.execute(sa.text(broken)))
    shown = await migrate(source)
    assert [sql.split()[0] for sql in shown.sql if not sql.startswith("--")] == ["DROP", "CREATE"]
    await migrate(source, apply=True)
    assert (await migrate(source)).sql == ()
