"""Rows that an action adds elsewhere, guards, and notifications: in the same transaction or not at all."""

import asyncpg

from tests.harness.waiting import eventually_async
from tests.profiles.place import Place, act, plan, undo
from unstick.recovery.engine import apply
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options

PROFILE = """
    name = "desk"
    clock = "utc"
    [[jobs]]
    table = "cases"
    key = ["id"]
    status = "status"
    states = { running = ["busy"], pending = ["new"] }
    times = { updated = "beat" }
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "5m"
    [jobs.actions.recover]
    verb = "hand it to somebody else"
    only_stuck = true
    set = { status = "new" }
    [[jobs.actions.recover.insert]]
    name = "ticket"
    table = "tickets"
    key = ["id"]
    guard = "j.kind <> 'quiet'"
    [jobs.actions.recover.insert.values]
    case_id = { column = "id" }
    what = "again"
    note = { sql = "upper(j.kind)" }
    made = { now = true }
    [[jobs.actions.recover.insert]]
    name = "mail"
    table = "mails"
    key = ["id"]
    optional = true
    values = { case_id = { column = "id" } }
    [[jobs.actions.recover.notify]]
    channel = "cases"
    payload = "'case ' || CAST(j.id AS text) || ' is ' || j.status"
    [[jobs.actions.recover.guards]]
    sql = "NOT EXISTS (SELECT 1 FROM tickets AS t WHERE t.case_id = j.id AND t.what = 'again')"
    refuse = "{job} has a ticket already"
"""


async def desk(place: Place) -> None:
    """Cases 1 and 2 are stuck, 3 is too but quiet, and 4 has a ticket."""
    time = place.pick("timestamp", "datetime(6)", "text")
    number = place.pick("serial PRIMARY KEY", "integer AUTO_INCREMENT PRIMARY KEY", "integer PRIMARY KEY")
    await place.run(
        f"CREATE TABLE cases (id integer, status varchar(9), kind varchar(9), beat {time})",
        f"CREATE TABLE tickets (id {number}, case_id integer, what varchar(9), note varchar(9), made {time})",
    )
    for case, kind in ((1, "loud"), (2, "loud"), (3, "quiet"), (4, "loud")):
        await place.run(f"INSERT INTO cases VALUES ({case}, 'busy', '{kind}', {place.ago(900)})")
    await place.run("INSERT INTO tickets (case_id, what) VALUES (4, 'again')")


async def tickets(place: Place) -> list[tuple[object, ...]]:
    return await place.rows("SELECT case_id, what, note FROM tickets ORDER BY case_id")


async def test_a_row_is_added_for_each_changed_row_where_the_guard_holds(place: Place) -> None:
    await desk(place)
    backend = await place.console(PROFILE)
    result = await act(backend, "recover")
    assert result.counts.applied == 3
    assert await tickets(place) == [(1, "again", "LOUD"), (2, "again", "LOUD"), (4, "again", None)]
    notes = {row.job: row.related for row in result.rows}
    assert notes == {"1": ("ticket_inserted",), "2": ("ticket_inserted",), "3": ("ticket_kept",)}
    age = place.pick(
        "extract(epoch FROM (now() AT TIME ZONE 'UTC') - made)",
        "timestampdiff(SECOND, made, utc_timestamp())",
        "(julianday('now') - julianday(made)) * 86400",
    )
    assert -1 <= await place.value(f"SELECT max({age}) FROM tickets") < 60


async def test_what_is_added_is_in_the_plan(place: Place) -> None:
    await desk(place)
    made = await plan(await place.console(PROFILE), "recover", "1")
    assert "new row in tickets" in made.rows[0].related
    assert "new row in mails" not in made.rows[0].related
    assert any(text.startswith("INSERT INTO tickets") for text in made.sql)
    assert any("pg_notify" in text for text in made.sql) is (place.engine == "postgresql")
    assert await tickets(place) == [(4, "again", None)]


async def test_a_guard_leaves_a_row_out_in_words_and_is_asked_again_under_the_lock(place: Place) -> None:
    await desk(place)
    backend = await place.console(PROFILE)
    made = await plan(backend, "recover")
    assert [(left.job, left.reason) for left in made.left_out] == [("4", "4 has a ticket already")]
    await place.run("INSERT INTO tickets (case_id, what) VALUES (2, 'again')")
    result = await apply(backend, made)
    assert {row.job: row.detail for row in result.rows if row.outcome is Outcome.DRIFTED} == {
        "2": "2 has a ticket already"
    }
    assert result.counts.applied == 2


async def test_undo_takes_the_added_row_out_again_unless_somebody_changed_it(place: Place) -> None:
    await desk(place)
    backend = await place.console(PROFILE)
    result = await act(backend, "recover", "1", "2")
    await place.run("UPDATE tickets SET what = 'taken' WHERE case_id = 2")
    back = await backend.plan_undo(result.operation, Options())
    assert [(left.job, left.reason) for left in back.left_out] == [
        ("2", "moved on since: what again → taken")
    ]
    assert (await apply(backend, back)).counts.applied == 1
    assert await tickets(place) == [(2, "taken", "LOUD"), (4, "again", None)]
    assert await place.rows("SELECT id FROM cases WHERE status = 'new'") == [(2,)]


async def test_an_undone_undo_adds_the_row_again(place: Place) -> None:
    await desk(place)
    backend = await place.console(PROFILE)
    result = await act(backend, "recover", "1")
    before = await place.rows("SELECT * FROM tickets ORDER BY id")
    back = await undo(backend, result)
    await undo(backend, back)
    assert await place.rows("SELECT * FROM tickets ORDER BY id") == before


async def test_a_row_that_cannot_be_added_leaves_its_job_as_it_was_and_harms_no_other(place: Place) -> None:
    await desk(place)
    await place.run("CREATE UNIQUE INDEX one_each ON tickets (case_id, note)")
    await place.run("INSERT INTO tickets (case_id, what, note) VALUES (2, 'old', 'LOUD')")
    result = await act(await place.console(PROFILE), "recover", "1", "2")
    outcomes = {row.job: row.outcome for row in result.rows}
    assert outcomes == {"1": Outcome.APPLIED, "2": Outcome.FAILED}
    assert await place.value("SELECT status FROM cases WHERE id = 2") == "busy"


async def test_a_notification_comes_with_the_commit_and_only_for_changed_rows(
    postgres_place: Place,
) -> None:
    place = postgres_place
    await desk(place)
    backend = await place.console(PROFILE)
    heard: list[str] = []
    listener = await asyncpg.connect(place.url)
    try:
        await listener.add_listener("cases", lambda *given: heard.append(given[3]))
        made = await plan(backend, "recover")
        await place.run("UPDATE cases SET beat = now() AT TIME ZONE 'UTC' WHERE id = 2")
        await apply(backend, made)

        async def both() -> bool:
            await listener.fetchval("SELECT 1")
            return len(heard) >= 2

        await eventually_async(both, what="two notifications came")
        assert sorted(heard) == ["case 1 is new", "case 3 is new"]
    finally:
        await listener.close()
