"""The demo's tables exist on real servers, and their constraints are those of the systems they stand for."""

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database, table
from unstick.backends.demo import ddl, seed

TABLES = {
    "artitec": {"collection_jobs", "collection_changes", "collection_job_logs", "entity_matches"},
    "extraction": {"user_profiles", "projects", "object_extraction_jobs", "object_extraction_logs"},
}


@pytest.mark.parametrize("system", TABLES)
async def test_every_statement_applies_to_an_empty_database(database_url: str, system: str) -> None:
    await create_tables(database_url, system)

    def found(connection: sa.Connection) -> set[str]:
        schemas = (
            ["core", "kb"] if system == "extraction" and dialect_of(database_url) == "postgresql" else [None]
        )
        inspector = sa.inspect(connection)
        return {
            name for schema in schemas for name in inspector.get_table_names(schema) if "sqlite_" not in name
        }

    assert await in_database(database_url, found) == TABLES[system]


async def test_extraction_refuses_a_status_that_its_check_does_not_list(database_url: str) -> None:
    await create_tables(database_url, "extraction")
    rows = seed.rows("extraction")

    await in_database(database_url, lambda connection: seed.insert(connection, "extraction", rows))
    update = sa.text(f"UPDATE {table(database_url, 'object_extraction_jobs')} SET status = 'processing'")
    with pytest.raises(sa.exc.DBAPIError, match="object_extraction_jobs_status_check"):
        await in_database(database_url, lambda connection: connection.execute(update))


async def test_artitec_takes_any_status(database_url: str) -> None:
    await create_tables(database_url, "artitec")
    insert = sa.text(
        "INSERT INTO collection_jobs (job_id, entity_type, job_type, status)"
        " VALUES ('J', 'builder', 'update', 'in_progress')"
    )

    await in_database(database_url, lambda connection: connection.execute(insert))


async def test_deleting_an_artitec_job_takes_its_changes_and_logs_and_frees_its_matches(
    database_url: str,
) -> None:
    await create_tables(database_url, "artitec")

    def work(connection: sa.Connection) -> list[int]:
        seed.insert(connection, "artitec", seed.rows("artitec"))
        connection.execute(sa.text("DELETE FROM collection_jobs"))
        names = ("collection_changes", "collection_job_logs", "entity_matches WHERE job_id IS NULL")
        return [connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names]

    matches = sum(row.table == "entity_matches" for row in seed.rows("artitec"))
    assert matches > 0
    assert await in_database(database_url, work) == [0, 0, matches]


async def test_deleting_an_extraction_project_takes_its_jobs_and_their_logs(database_url: str) -> None:
    await create_tables(database_url, "extraction")

    def work(connection: sa.Connection) -> tuple[int, int]:
        seed.insert(connection, "extraction", seed.rows("extraction"))
        connection.execute(sa.text(f"DELETE FROM {table(database_url, 'user_profiles')}"))
        jobs, logs = (table(database_url, f"object_extraction_{name}") for name in ("jobs", "logs"))
        left = connection.execute(
            sa.text(f"SELECT count(*) FROM {jobs} WHERE subject_id IS NULL")
        ).scalar_one()
        connection.execute(sa.text(f"DELETE FROM {table(database_url, 'projects')}"))
        return left, connection.execute(sa.text(f"SELECT count(*) FROM {logs}")).scalar_one()

    jobs = sum(row.table == "object_extraction_jobs" for row in seed.rows("extraction"))
    assert await in_database(database_url, work) == (jobs, 0)


async def test_the_servers_own_defaults_fill_what_an_application_leaves_out(database_url: str) -> None:
    await create_tables(database_url, "extraction")
    project, jobs = table(database_url, "projects"), table(database_url, "object_extraction_jobs")
    org = "11111111-1111-4111-8111-111111111111"

    def work(connection: sa.Connection) -> list[object]:
        connection.exec_driver_sql(f"INSERT INTO {project} (org_id, name) VALUES ('{org}', 'p')")
        connection.exec_driver_sql(
            f"INSERT INTO {jobs} (org_id, project_id, source_type) SELECT org_id, id, 'api' FROM {project}"
        )
        query = (
            f"SELECT status, total_items, created_at IS NOT NULL, length(CAST(id AS char(36))) FROM {jobs}"
        )
        return list(connection.exec_driver_sql(query).one())

    assert await in_database(database_url, work) == ["pending", 0, True, 36]


async def test_mariadb_moves_updated_at_of_artitec_by_itself(mariadb_url: str) -> None:
    await create_tables(mariadb_url, "artitec")

    def work(connection: sa.Connection) -> int:
        seed.insert(connection, "artitec", seed.rows("artitec"))
        connection.exec_driver_sql("UPDATE collection_jobs SET status = 'failed' WHERE status = 'running'")
        oldest: int = connection.exec_driver_sql(
            "SELECT max(timestampdiff(SECOND, updated_at, current_timestamp)) FROM collection_jobs"
            " WHERE completed_at IS NULL AND status = 'failed'"
        ).scalar_one()
        return oldest

    # The seeded one was hours old.
    assert await in_database(mariadb_url, work) < 600


def test_statements_are_split_where_they_end() -> None:
    script = """
        -- a comment; with a semicolon
        CREATE TABLE a (b TEXT DEFAULT 'x;''y;'); /* another; */
        CREATE FUNCTION f() RETURNS trigger AS $body$ BEGIN; RETURN NEW; END $body$ LANGUAGE plpgsql;
        CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE a SET b = ';'; DELETE FROM a; END;
        ;
        DROP TABLE "odd;name"
    """
    assert ddl.split(script) == [
        "CREATE TABLE a (b TEXT DEFAULT 'x;''y;')",
        "CREATE FUNCTION f() RETURNS trigger AS $body$ BEGIN; RETURN NEW; END $body$ LANGUAGE plpgsql",
        "CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE a SET b = ';'; DELETE FROM a; END",
        'DROP TABLE "odd;name"',
    ]


def test_an_unknown_system_or_database_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="'nosuch'"):
        ddl.statements("nosuch", "sqlite")
    with pytest.raises(ValueError, match="'oracle'"):
        ddl.statements("artitec", "oracle")
    assert ddl.statements("artitec", "mariadb") == ddl.statements("artitec", "mysql")
