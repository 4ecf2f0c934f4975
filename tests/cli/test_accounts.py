"""What an account is told that may only read; and databases that hold two systems, or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database
from unstick import backends
from unstick.backends import create_backend
from unstick.backends.demo import seed
from unstick.recovery.engine import apply
from unstick.recovery.errors import Denied, SchemaMismatch
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

JOBS, CHILDREN = "collection_jobs", "entity_matches"


async def execute(url: str, *statements: str) -> None:
    def work(connection: sa.Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    await in_database(url, work)


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[str]:
    """The URL of an account that may only read a database full of rows."""
    if dialect_of(database_url) == "sqlite":
        pytest.skip("a file has no accounts")

    def fill(connection: sa.Connection) -> None:
        seed.insert(connection, "artitec", seed.rows("artitec"))

    await create_tables(database_url, "artitec")
    await in_database(database_url, fill)
    if dialect_of(database_url) == "postgresql":
        await execute(database_url, "DROP ROLE IF EXISTS looker", "CREATE ROLE looker LOGIN PASSWORD 'look'")
        await execute(database_url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    else:
        await execute(database_url, "CREATE OR REPLACE USER looker@'%%' IDENTIFIED BY 'look'")
        name = sa.make_url(database_url).database
        await execute(database_url, f"GRANT SELECT ON `{name}`.* TO looker@'%%'")
    url = sa.make_url(database_url).set(username="looker", password="look")
    yield url.render_as_string(hide_password=False)
    if dialect_of(database_url) == "postgresql":
        await execute(database_url, "DROP OWNED BY looker", "DROP ROLE looker")
    else:
        await execute(database_url, "DROP USER looker@'%%'")


async def give(database_url: str, grant: str) -> None:
    await execute(database_url, grant.rstrip(";").replace("%", "%%"))


async def test_doctor_names_every_privilege_that_is_missing(reader: str, database_url: str) -> None:
    found = await backends.check(Source("prod", reader, profile="artitec"))
    wrong = [check for check in found if not check.ok]
    said = {check.detail for check in wrong}
    assert f"this account may not UPDATE {JOBS}" in said
    assert f"this account may not DELETE {JOBS}" in said
    for check in wrong:
        assert check.advice.startswith("GRANT ")
        await give(database_url, check.advice)
    assert [c for c in await backends.check(Source("prod", reader, profile="artitec")) if not c.ok] == []


async def test_an_action_is_refused_with_the_missing_privilege(reader: str, database_url: str) -> None:
    backend = create_backend(Source("prod", reader, profile="artitec"))
    try:
        await backend.open()
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        assert plan.rows
        with pytest.raises(Denied, match=f"may not UPDATE {JOBS}.*nothing was changed") as refused:
            await apply(backend, plan)
        grant = str(refused.value).partition("can: ")[2].partition("; nothing")[0]
        await give(database_url, grant)
        assert (await apply(backend, plan)).counts.applied == len(plan.rows)
    finally:
        await backend.close()


async def test_a_database_with_two_systems_says_which_is_opened(database_url: str) -> None:
    await create_tables(database_url, "artitec")
    await create_tables(database_url, "extraction")
    backend = create_backend(Source("both", database_url))
    chosen = create_backend(Source("both", database_url, profile="artitec"))
    try:
        await backend.open()
        await chosen.open()
        opened, problems = backend.capabilities.profile, backend.capabilities.problems
        [problem] = [text for text in problems if "UNSTICK_PROFILE" in text]
        assert f"{opened} is opened" in problem
        [other] = {"artitec", "extraction"} - {opened}
        assert f"also holds {other}" in problem
        assert not any("UNSTICK_PROFILE" in text for text in chosen.capabilities.problems)
    finally:
        await backend.close()
        await chosen.close()
    found = await backends.check(Source("both", database_url))
    assert [check.detail for check in found if not check.ok] == [problem]
    assert found[-1].name == "writing"


async def test_an_unknown_system_says_what_may_be_the_matter(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\ntitel = "Mine"\n')
    monkeypatch.setattr("unstick.backends.profile.load.user_folder", lambda: tmp_path)
    url = f"sqlite:///{tmp_path}/empty.db"
    (tmp_path / "empty.db").touch()
    backend = create_backend(Source("empty", url))
    with pytest.raises(SchemaMismatch) as refused:
        await backend.open()
    await backend.close()
    assert "look as if they were missing" in str(refused.value)
    assert f"{own}:2: titel" in str(refused.value)
    assert "unstick init" in str(refused.value)
