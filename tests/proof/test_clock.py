"""Only the database's clock counts: not this machine's, and not the time zone of anybody's session."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import fresh_name
from tests.harness.mariadb import MariaDBServer
from tests.harness.postgres import PostgresServer
from tests.profiles.place import Place, act, job, stuck
from tests.systems.databases import create_tables
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, dump, load
from unstick.recovery.query import Query

ZONES = ("Asia/Seoul", "America/Chicago", "UTC")
COLUMNS = {
    "postgresql": {"zoned": "timestamptz", "utc": "timestamp", "local": "timestamp"},
    "mysql": {"zoned": "timestamp(6) NULL", "utc": "datetime(6)", "local": "datetime(6)"},
    "sqlite": {"zoned": "text", "utc": "text", "local": "text"},
}
PROFILE = """
    name = "clock"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    times.updated = {{ column = "beat", clock = "{clock}" }}
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "{threshold}"
    [jobs.actions.recover]
    verb = "free it"
    only_stuck = true
    set = {{ status = "new", beat = {{ now = true }} }}
"""


def profile(clock: str, threshold: str = "30m") -> str:
    return PROFILE.format(clock=clock, threshold=threshold)


@pytest.fixture(scope="module")
def zoned_mariadb() -> Iterator[MariaDBServer]:
    """A server of this module's own: the zone and the clock of all its sessions can be set."""
    with MariaDBServer(default_time_zone="Asia/Seoul") as server:
        yield server


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A database whose sessions can be given any zone by `Source.time_zone`."""
    fixture = {"postgresql": "postgres_url", "mariadb": "mariadb_url", "sqlite": "sqlite_url"}[request.param]
    made = Place(request.getfixturevalue(fixture), tmp_path)
    yield made
    await made.close()


async def table(place: Place, clock: str) -> None:
    kind = COLUMNS[place.engine][clock]
    await place.run(
        "DROP TABLE IF EXISTS tasks",
        f"CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), beat {kind})",
    )


async def add(place: Place, clock: str, zone: str | None = None, *ages: float) -> None:
    for number, age in enumerate(ages):
        await place.run(f"INSERT INTO tasks VALUES ({number}, 'busy', {place.ago(age, clock)})", zone=zone)


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_client_whose_clock_is_a_day_off_sees_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    await table(place, "utc")
    await add(place, "utc", None, 60, 1790, 1805, 7200)
    backend = await place.console(profile("utc"))
    right = datetime.now(UTC)
    wrong_clock(monkeypatch, timedelta(days=days))
    assert abs(datetime.now(UTC) - right) < timedelta(minutes=1), "only the program's clock is wrong"
    assert await stuck(backend) == {"2", "3"}
    found = await job(backend, "2")
    assert found.idle_s == pytest.approx(1805, abs=5)
    assert found.updated is not None
    assert abs(found.updated - (right - timedelta(seconds=1805))) < timedelta(seconds=5)
    result = await act(backend, "recover")
    assert result.counts.applied == 2
    assert (await job(backend, "2")).idle_s == pytest.approx(0, abs=5)
    [attempt, _] = await backend.attempts()
    assert abs(attempt.at - right) < timedelta(minutes=1)


def wrong_clock(monkeypatch: pytest.MonkeyPatch, off: timedelta) -> None:
    """Set the clock that the program has of its own."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + off  # type: ignore[arg-type]

    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + off.total_seconds())
    for name, module in list(sys.modules.items()):
        if name.startswith("unstick.") and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Wrong)


@pytest.mark.parametrize("clock", ["zoned", "utc"])
async def test_the_session_zone_changes_no_verdict_and_no_age(place: Place, clock: str) -> None:
    if place.engine == "sqlite":
        pytest.skip("SQLite has no sessions with a zone")
    await table(place, clock)
    await add(place, clock, "Asia/Seoul", 60, 1790, 1805, 7200)
    for zone in ZONES:
        backend = await place.console(profile(clock), time_zone=zone)
        assert await stuck(backend) == {"2", "3"}, zone
        assert (await job(backend, "2")).idle_s == pytest.approx(1805, abs=5), zone
        moment = (await job(backend, "2")).updated
        assert moment is not None
        assert abs(await backend.clock() - moment - timedelta(seconds=1805)) < timedelta(seconds=5)


@pytest.mark.parametrize("clock", ["zoned", "utc"])
async def test_a_plan_made_in_one_zone_is_applied_and_undone_in_others(place: Place, clock: str) -> None:
    zones = ZONES if place.engine != "sqlite" else (None, None, None)
    await table(place, clock)
    await add(place, clock, zones[0], 60, 1805, 7200)
    images = await place.rows("SELECT * FROM tasks ORDER BY id")
    here, there, third = [await place.console(profile(clock), time_zone=zone) for zone in zones]
    saved = dump(await here.plan("recover", Query(), Options()))
    result = await apply(there, load(saved))
    assert result.counts.as_dict() == {"applied": 2, "drifted": 0, "missing": 0, "busy": 0, "failed": 0}
    assert (await job(third, "1")).idle_s == pytest.approx(0, abs=5), "`now` is now in every zone"
    undone = await apply(third, await third.plan_undo(result.operation, Options()))
    assert undone.counts.applied == 2
    assert await place.rows("SELECT * FROM tasks ORDER BY id") == images


async def test_a_local_clock_follows_the_session_zone(place: Place) -> None:
    zone = None if place.engine == "sqlite" else "Asia/Seoul"
    await table(place, "local")
    await add(place, "local", zone, 60, 1805)
    backend = await place.console(profile("local"), time_zone=zone)
    assert await stuck(backend) == {"1"}
    assert (await job(backend, "1")).idle_s == pytest.approx(1805, abs=5)


@pytest.mark.parametrize("clock", ["zoned", "utc", "local"])
async def test_the_zone_that_a_postgresql_database_sets_by_itself(
    postgres_server: PostgresServer, tmp_path: Path, clock: str
) -> None:
    for zone in ZONES[:2]:
        name = fresh_name()
        place = Place(postgres_server.create_database(name, timezone=zone), tmp_path)
        try:
            await table(place, clock)
            await add(place, clock, None, 60, 1790, 1805)
            backend = await place.console(profile(clock))
            assert await stuck(backend) == {"2"}
            assert (await job(backend, "2")).idle_s == pytest.approx(1805, abs=5)
            assert (await act(backend, "recover")).counts.applied == 1
            assert (await job(backend, "2")).idle_s == pytest.approx(0, abs=5)
        finally:
            await place.close()
            postgres_server.drop_database(name)


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/Chicago", "+00:00"])
async def test_artitec_writes_utc_into_timestamps_whatever_the_servers_zone(
    zoned_mariadb: MariaDBServer, tmp_path: Path, zone: str
) -> None:
    zoned_mariadb.execute(f"SET GLOBAL time_zone = '{zone}'")
    name = fresh_name()
    place = Place(zoned_mariadb.create_database(name), tmp_path)
    try:
        await create_tables(place.url, "artitec")
        for number, age in enumerate((60, 1790, 1805, 7200)):
            # As the application does it: utcnow() through a session that has the server's own zone.
            await place.run(
                "INSERT INTO collection_jobs (job_id, entity_type, job_type, status, started_at) VALUES"
                f" ('J-{number}', 'builder', 'update', 'running', {place.ago(age)})",
                zone=zone,
            )
        backend = await place.console_of("artitec")
        assert await stuck(backend) == {"J-2", "J-3"}
        found = await job(backend, "J-2")
        assert found.running_s == pytest.approx(1805, abs=5)
        assert found.idle_s == pytest.approx(0, abs=5), "the server's own columns are instants"
        result = await act(backend, "recover")
        assert result.counts.applied == 2
        ended = f"SELECT TIMESTAMPDIFF(SECOND, completed_at, UTC_TIMESTAMP()) FROM {name}.collection_jobs"
        ages = await place.rows(f"{ended} WHERE status = 'failed'")
        assert zone == "+00:00" or len(ages) == 2
        finished = (await job(backend, "J-2")).finished
        assert finished is not None
        assert abs(await backend.clock() - finished) < timedelta(seconds=5)
        undone = await apply(backend, await backend.plan_undo(result.operation, Options()))
        assert undone.counts.applied == 2
        assert await stuck(backend) == {"J-2", "J-3"}
    finally:
        await place.close()
        zoned_mariadb.drop_database(name)


# In America/Chicago the clocks go back at 07:00 UTC on 2026-11-01, and forward at 08:00 UTC on 2026-03-08.
NIGHTS = {
    "back, first time": datetime(2026, 11, 1, 6, 40, tzinfo=UTC),
    "back, second time": datetime(2026, 11, 1, 7, 10, tzinfo=UTC),
    "back, afterwards": datetime(2026, 11, 1, 8, 10, tzinfo=UTC),
    "forward": datetime(2026, 3, 8, 8, 10, tzinfo=UTC),
}


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("column", ["zoned timestamp", "zoned timestamp(6)", "utc datetime(6)"])
async def test_the_night_of_the_clock_change_on_mariadb(
    zoned_mariadb: MariaDBServer, tmp_path: Path, night: str, column: str
) -> None:
    now, (clock, kind) = NIGHTS[night], column.split()
    name = fresh_name()
    url = zoned_mariadb.create_database(name)
    zoned_mariadb.execute("SET GLOBAL time_zone = 'America/Chicago'")
    # Run for every session of an account without privileges over the server.
    zoned_mariadb.execute(f"SET GLOBAL init_connect = 'SET timestamp = {now.timestamp()}'")
    zoned_mariadb.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'plain'")
    zoned_mariadb.execute(f"GRANT ALL ON `{name}`.* TO '{name}'@'%'")
    place = Place(f"mysql://{name}:plain@{url.rpartition('@')[2]}", tmp_path)
    try:
        await place.run(f"CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), beat {kind} NULL)")
        for number, age in enumerate((5, 1795, 1805, 3595, 3605, 7200)):
            beat = now - timedelta(seconds=age)
            await place.run(
                f"INSERT INTO tasks VALUES ({number}, 'busy', '{beat:%Y-%m-%d %H:%M:%S}')", zone="+00:00"
            )
        backend = await place.console(profile(clock))
        assert await backend.clock() == now
        assert await stuck(backend) == {"2", "3", "4", "5"}
        ages = [(await job(backend, str(number))).idle_s for number in range(6)]
        assert ages == pytest.approx([5, 1795, 1805, 3595, 3605, 7200], abs=0.01)
        before = await seconds(place)
        result = await act(backend, "recover")
        assert result.counts.applied == 4
        assert (await job(backend, "3")).idle_s == pytest.approx(0, abs=0.01)
        undone = await apply(backend, await backend.plan_undo(result.operation, Options()))
        assert undone.counts.applied == 4
        assert await seconds(place) == before
    finally:
        await place.close()
        zoned_mariadb.execute("SET GLOBAL init_connect = ''")
        zoned_mariadb.drop_database(name)


async def seconds(place: Place) -> list[tuple[object, ...]]:
    """The rows, their times by what is stored and not by what a zone makes of it."""
    return await place.rows("SELECT id, status, beat, UNIX_TIMESTAMP(beat) FROM tasks ORDER BY id")


CHANGES = {
    "back": datetime(2024, 11, 3, 7, 0, tzinfo=UTC),
    "forward": datetime(2024, 3, 10, 8, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("clock", ["zoned", "utc"])
async def test_rows_around_a_clock_change_in_the_past(place: Place, change: str, clock: str) -> None:
    """PostgreSQL's and SQLite's own clocks can't be moved: here the threshold lies at the change instead."""
    at = CHANGES[change]
    offset = "+00:00" if clock == "zoned" and place.engine != "mysql" else ""
    await table(place, clock)
    for number, minutes in enumerate((-90, -30, -1, 1, 30, 90)):
        beat = f"{at + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}{offset}"
        await place.run(f"INSERT INTO tasks VALUES ({number}, 'busy', '{beat}')", zone="UTC")
    for zone in ("America/Chicago", "Asia/Seoul") if place.engine != "sqlite" else (None,):
        backend = await place.console(profile(clock), time_zone=zone)
        now = await backend.clock()
        since = (now - at).total_seconds()
        assert await stuck(backend, {"stuck": since}) == {"0", "1", "2"}
        for number, minutes in ((0, -90), (2, -1), (3, 1), (5, 90)):
            found = await backend.job(JobId(str(number)))
            assert found.idle_s == pytest.approx(since - 60 * minutes, abs=5)
            assert found.updated is not None
            assert abs(found.updated - at - timedelta(minutes=minutes)) < timedelta(milliseconds=10)
