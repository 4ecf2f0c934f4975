"""Seeded rows: the same for the same seed, believable, and of the right age by whatever clock."""

import re
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database, table
from unstick.backends.demo import hostile, seed
from unstick.backends.demo.seed import SeedRow

JOBS = {"artitec": "collection_jobs", "extraction": "object_extraction_jobs"}
ZONES = ("+09:00", "-05:00", "+00:00")


def jobs(system: str, **options: int) -> list[SeedRow]:
    return [row for row in seed.rows(system, **options) if row.table == JOBS[system]]


def job_table(url: str, system: str) -> str:
    return JOBS[system] if system == "artitec" else table(url, JOBS[system])


def set_zone(connection: sa.Connection, zone: str) -> None:
    """The time zone of the session; SQLite has none."""
    if connection.dialect.name == "postgresql":
        # A numeric zone in POSIX style has the sign the other way round; an interval does not.
        connection.exec_driver_sql(f"SET TIME ZONE INTERVAL '{zone}' HOUR TO MINUTE")
    elif connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET time_zone = '{zone}'")


def age_of(connection: sa.Connection, system: str, column: str) -> str:
    """SQL for the seconds since the time in `column`, by means other than those that wrote it."""
    if connection.dialect.name == "postgresql":
        instant = f"{column} AT TIME ZONE 'UTC'" if system == "artitec" else column
        return f"extract(epoch FROM clock_timestamp() - ({instant}))"
    if connection.dialect.name == "sqlite":
        return f"(julianday('now') - julianday({column})) * 86400"
    return f"unix_timestamp(now(6)) - unix_timestamp({column})"


@pytest.mark.parametrize("system", JOBS)
def test_a_seed_always_gives_the_same_rows(system: str) -> None:
    assert seed.rows(system, seed=7) == seed.rows(system, seed=7)
    assert seed.rows(system, seed=7) != seed.rows(system, seed=8)


@pytest.mark.parametrize("system", JOBS)
def test_scale_multiplies_the_jobs_of_every_status(system: str) -> None:
    once = Counter(row.values["status"] for row in jobs(system))
    assert Counter(row.values["status"] for row in jobs(system, scale=20)) == {
        status: 20 * count for status, count in once.items()
    }
    with pytest.raises(ValueError, match="scale"):
        seed.rows(system, scale=0)


def test_artitec_has_a_held_up_queue() -> None:
    running = [row for row in jobs("artitec") if row.values["status"] == "running"]
    by_start = {None if (age := row.ages["started_at"]) is None else age > 1800 for row in running}
    assert by_start == {None, True, False}
    statuses = Counter(row.values["status"] for row in jobs("artitec"))
    assert len(jobs("artitec")) == 60
    assert set(statuses) == {"pending", "running", "completed", "failed", "cancelled"}
    assert statuses["pending"] > 20
    assert {row.values["entity_type"] for row in jobs("artitec")} == {
        "community",
        "builder",
        "property",
        "sales_rep",
    }


def test_extraction_has_five_orphans_and_three_living_jobs() -> None:
    idle = sorted(
        row.ages["updated_at"] or 0 for row in jobs("extraction") if row.values["status"] == "running"
    )
    assert len(jobs("extraction")) == 80
    assert [age > 300 for age in idle] == [False] * 3 + [True] * 5
    assert idle[3] == 600
    assert idle[-1] == 3 * 3600
    statuses = {row.values["status"] for row in jobs("extraction")}
    assert statuses == {"pending", "running", "completed", "requires_review", "failed", "cancelled"}


@pytest.mark.parametrize("system", JOBS)
def test_no_job_ends_before_it_starts(system: str) -> None:
    for row in jobs(system, scale=10):
        order = [row.ages[name] for name in ("created_at", "started_at", "completed_at")]
        known = [age for age in order if age is not None]
        assert known == sorted(known, reverse=True)
        assert known[-1] > 0


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("system", JOBS)
async def test_ages_land_as_meant_whatever_the_time_zone_of_the_session(
    database_url: str, system: str, zone: str
) -> None:
    await create_tables(database_url, system)

    def write(connection: sa.Connection) -> None:
        set_zone(connection, zone)
        seed.insert(connection, system, seed.rows(system))

    def read(connection: sa.Connection) -> dict[str, list[float | None]]:
        set_zone(connection, "-03:00")
        key = "job_id" if system == "artitec" else "CAST(id AS char(36))"
        names = ("started_at", "completed_at", "created_at", "updated_at")
        ages = ", ".join(age_of(connection, system, name) for name in names)
        found = connection.exec_driver_sql(f"SELECT {key}, {ages} FROM {job_table(database_url, system)}")
        return {row[0]: [None if age is None else float(age) for age in row[1:]] for row in found}

    await in_database(database_url, write)
    found = await in_database(database_url, read)
    assert len(found) == len(jobs(system))
    for row in jobs(system):
        seen = found[row.values["job_id" if system == "artitec" else "id"]]
        meant = [row.ages[name] for name in ("started_at", "completed_at", "created_at", "updated_at")]
        for age, intended in zip(seen, meant, strict=True):
            # A wrong zone is off by hours; a slow machine by less than the five minutes allowed here.
            assert (age is None) == (intended is None)
            assert age is None or intended is None or intended - 2 < age < intended + 300


async def test_the_time_zone_of_the_session_is_given_back(mariadb_url: str) -> None:
    await create_tables(mariadb_url, "artitec")

    def work(connection: sa.Connection) -> str:
        set_zone(connection, "+09:00")
        seed.insert(connection, "artitec", seed.rows("artitec"))
        zone: str = connection.exec_driver_sql("SELECT @@session.time_zone").scalar_one()
        return zone

    assert await in_database(mariadb_url, work) == "+09:00"


@pytest.mark.parametrize(
    ("system", "shape"),
    [
        ("artitec", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
        ("extraction", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00"),
    ],
)
async def test_sqlite_holds_times_as_the_text_that_the_application_would_write(
    sqlite_url: str, system: str, shape: str
) -> None:
    await create_tables(sqlite_url, system)

    def work(connection: sa.Connection) -> list[str]:
        seed.insert(connection, system, seed.rows(system))
        return list(connection.exec_driver_sql(f"SELECT created_at FROM {JOBS[system]}").scalars())

    for text in await in_database(sqlite_url, work):
        assert re.fullmatch(shape, text)


@pytest.mark.parametrize("system", JOBS)
async def test_hostile_texts_come_back_as_they_went_in(database_url: str, system: str) -> None:
    await create_tables(database_url, system)
    rows = seed.hostile_rows(system, dialect_of(database_url))

    def work(connection: sa.Connection) -> set[str | bytes]:
        seed.insert(connection, system, rows)
        column = "error_message"
        if connection.dialect.name == "sqlite":
            # Invalid UTF-8 can't be read as text.
            column = (
                "CASE WHEN error_message GLOB 'caf*' THEN CAST(error_message AS BLOB) ELSE error_message END"
            )
        found = connection.exec_driver_sql(f"SELECT {column} FROM {job_table(database_url, system)}")
        return set(found.scalars())

    meant = {row.values["error_message"] for row in rows if row.table == JOBS[system]}
    assert await in_database(database_url, work) == meant
    assert set(hostile.TEXTS.values()) <= meant
    assert (hostile.INVALID_UTF8 in meant) == (dialect_of(database_url) == "sqlite")
    assert (hostile.NUL_TEXT in meant) == (dialect_of(database_url) != "postgresql")


async def test_every_nullable_column_is_null_somewhere(database_url: str) -> None:
    system = "artitec"
    await create_tables(database_url, system)

    def work(connection: sa.Connection) -> list[object]:
        seed.insert(connection, system, seed.hostile_rows(system, dialect_of(database_url)))
        nullable = [
            column["name"]
            for column in sa.inspect(connection).get_columns(JOBS[system])
            if column["nullable"]
        ]
        names = ", ".join(name for name in nullable if name != "id")
        query = f"SELECT {names} FROM {JOBS[system]} WHERE job_id = 'HOSTILE-null everywhere'"
        return list(connection.exec_driver_sql(query).one())

    found = await in_database(database_url, work)
    assert found == [None] * len(found)
    assert len(found) > 10
