"""Every kind of clock on every type of column: right just below and just above the threshold, and written
back in the same clock."""

from datetime import timedelta

import pytest

from tests.profiles.place import Place, act, job, plan, stuck
from unstick.recovery.errors import SchemaMismatch

TYPES = {
    "postgresql": {
        "zoned": ("timestamptz", "timestamptz(0)", "text"),
        "utc": ("timestamp", "timestamp(0)", "varchar(40)"),
        "local": ("timestamp",),
        "epoch_s": ("bigint", "integer", "double precision", "numeric(20,3)"),
        "epoch_ms": ("bigint", "numeric"),
        "iso": ("text", "varchar(40)"),
    },
    "mysql": {
        "zoned": ("timestamp", "timestamp(6)"),
        "utc": ("datetime(6)", "datetime", "timestamp(6)", "varchar(40)"),
        "local": ("datetime(6)", "timestamp(6)"),
        "epoch_s": ("bigint", "int unsigned", "double", "decimal(20,3)"),
        "epoch_ms": ("bigint",),
        "iso": ("varchar(40)", "text"),
    },
    "sqlite": {
        "zoned": ("text", "datetime"),
        "utc": ("text", "datetime", "timestamp"),
        "local": ("text",),
        "epoch_s": ("integer", "real"),
        "epoch_ms": ("integer",),
        "iso": ("text",),
    },
}

PROFILE = """
    name = "clocks"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = {{ pending = ["waiting"], running = ["busy"] }}
    times.updated = {{ column = "beat", clock = "{clock}" }}
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "5m"
    [jobs.actions.recover]
    verb = "set waiting, alive now"
    only_stuck = true
    set = {{ status = "waiting", beat = {{ now = true }} }}
"""


def kinds(place: Place, clock: str) -> tuple[str, ...]:
    return TYPES[place.engine][clock]


async def table(place: Place, kind: str) -> None:
    nulls = " NULL" if place.engine == "mysql" else ""
    await place.run(
        "DROP TABLE IF EXISTS tasks",
        f"CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), beat {kind}{nulls})",
    )


async def add(place: Place, number: int, beat: str, status: str = "busy") -> None:
    await place.run(f"INSERT INTO tasks VALUES ({number}, '{status}', {beat})")


@pytest.mark.parametrize("clock", list(TYPES["sqlite"]))
async def test_just_below_and_just_above_the_threshold(place: Place, clock: str) -> None:
    for kind in kinds(place, clock):
        await table(place, kind)
        for number, age in enumerate((0, 290, 305, 86_400, -3600)):
            await add(place, number, place.ago(age, clock))
        await add(place, 9, place.ago(3600, clock), "waiting")
        backend = await place.console(PROFILE.format(clock=clock))
        assert await stuck(backend) == {"2", "3"}, kind
        found = await job(backend, "2")
        assert found.idle_s == pytest.approx(305, abs=3), kind
        assert found.verdict is not None
        assert (found.verdict.clock, found.verdict.threshold_s) == ("beat", 300)
        assert found.updated is not None
        assert abs(await backend.clock() - found.updated - timedelta(seconds=305)) < timedelta(seconds=3)


@pytest.mark.parametrize("clock", list(TYPES["sqlite"]))
async def test_now_is_written_in_the_columns_own_clock(place: Place, clock: str) -> None:
    for number, kind in enumerate(kinds(place, clock)):
        await table(place, kind)
        await add(place, number, place.ago(3600, clock))
        before = str(await place.value("SELECT beat FROM tasks"))
        backend = await place.console(PROFILE.format(clock=clock))
        assert (await act(backend, "recover")).counts.applied == 1, kind
        after = str(await place.value("SELECT beat FROM tasks"))
        assert (await job(backend, str(number))).idle_s == pytest.approx(0, abs=3), kind
        if kind in ("text", "datetime") and place.engine == "sqlite":
            assert len(after) == len(before), "written in the same shape"


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        ("iso", "%Y-%m-%dT%H:%M:%SZ"),
        ("iso", "%Y-%m-%dT%H:%M:%S"),
        ("iso", "%Y-%m-%d %H:%M:%S+00:00"),
        ("iso", "%Y-%m-%dT%H:%M:%S.%f"),
        ("utc", "%Y-%m-%d %H:%M:%S"),
    ],
)
async def test_texts_of_every_shape(place: Place, clock: str, text: str) -> None:
    await table(place, place.pick("text", "varchar(40)", "text"))
    backend = await place.console(PROFILE.format(clock=clock))
    now = await backend.clock()
    for number, age in enumerate((200, 400)):
        await add(place, number, f"'{now - timedelta(seconds=age):{text}}'")
    assert await stuck(backend) == {"1"}


async def test_texts_with_another_offset(place: Place) -> None:
    await table(place, place.pick("text", "varchar(40)", "text"))
    backend = await place.console(PROFILE.format(clock="iso"))
    seoul = await backend.clock() + timedelta(hours=9)
    for number, age in enumerate((200, 400)):
        await add(place, number, f"'{seoul - timedelta(seconds=age):%Y-%m-%dT%H:%M:%S}+09:00'")
    assert await stuck(backend) == {"1"}
    assert (await job(backend, "1")).idle_s == pytest.approx(400, abs=3)


@pytest.mark.parametrize("text", ["", "never", "2026-13-45", "2027-02-29 10:00:00", "0", "soon\\"])
async def test_text_that_is_no_time_is_no_life_sign_and_breaks_no_list(place: Place, text: str) -> None:
    await table(place, place.pick("text", "varchar(40)", "text"))
    await add(place, 1, f"'{text.replace(chr(92), chr(92) * 2) if place.engine == 'mysql' else text}'")
    await add(place, 2, place.ago(10, "iso"))
    backend = await place.console(PROFILE.format(clock="iso"))
    if place.engine == "sqlite" and text in ("2027-02-29 10:00:00", "0"):
        pytest.skip("SQLite reads these as a time")
    assert await stuck(backend) == {"1"}
    verdict = (await job(backend, "1")).verdict
    assert verdict is not None
    assert verdict.why == "no life sign recorded"


async def test_sentinels_and_infinity_break_no_list(place: Place) -> None:
    odd = place.pick("'infinity'", "'9999-12-31 23:59:59'", "'9999-12-31 23:59:59'")
    await table(place, place.pick("timestamptz", "datetime(6)", "text"))
    await add(place, 1, odd)
    await add(place, 2, place.ago(600, "zoned" if place.engine == "postgresql" else "utc"))
    backend = await place.console(PROFILE.format(clock="zoned"))
    assert await stuck(backend) == {"2"}
    assert (await plan(backend, "recover", "1")).rows == ()
    await table(place, "bigint")
    await add(place, 1, "9223372036854775807")
    await add(place, 2, "-1")
    backend = await place.console(PROFILE.format(clock="epoch_ms"))
    assert await stuck(backend) == {"2"}
    assert len((await plan(backend, "recover")).rows) == 1


async def test_a_clock_that_the_column_can_not_have_is_refused_when_opening(place: Place) -> None:
    await table(place, "bigint")
    with pytest.raises(SchemaMismatch) as refused:
        await place.console(PROFILE.format(clock="zoned"))
    assert str(refused.value) == (
        "here: column beat of table tasks holds numbers, but its clock is zoned; use epoch_s or epoch_ms "
        "in profile clocks"
    )
    if place.engine != "sqlite":
        await table(place, "timestamp")
        with pytest.raises(SchemaMismatch, match="holds times, but its clock is epoch_s; use zoned, utc or"):
            await place.console(PROFILE.format(clock="epoch_s"))
