"""Keys of every kind, one job table or several: ids lead back to the same row, whatever they are made of."""

from uuid import UUID

import pytest

from tests.profiles.place import Place, act, job, plan, stuck, undo
from unstick.recovery.errors import NotFound
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId
from unstick.recovery.query import Query, Term

ACTIONS = """
    [jobs.times]
    updated = "beat"
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "5m"
    [jobs.actions.recover]
    verb = "set waiting"
    only_stuck = true
    set = { status = "waiting" }
    [jobs.actions.delete]
    verb = "delete it"
    delete = true
    attempt = false
"""
STATES = 'states = { pending = ["waiting"], running = ["busy"] }'
ODD = ("a,b", "100%", "50%2C", "a:b:c", "'; --", "per%%cent", "%2C,%25", "ä 한", "*", "A_B", "")


def profile(key: str, table: str = "tasks") -> str:
    return f"""
    name = "keys"
    clock = "utc"
    [[jobs]]
    table = "{table}"
    key = {key}
    status = "status"
    {STATES}
    {ACTIONS}"""


async def table(place: Place, name: str, key: str, *keys: str) -> None:
    """A table with a stuck job for each of the keys, which are SQL."""
    beat = place.pick("timestamp", "datetime(6)", "text")
    await place.run(f"CREATE TABLE {name} ({key}, status varchar(20), beat {beat})")
    for value in keys:
        await place.run(f"INSERT INTO {name} VALUES ({value}, 'busy', {place.ago(3600)})")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def test_composite_keys_of_odd_texts_lead_back_to_their_rows(place: Place) -> None:
    keys = [f"{quoted(left)}, {quoted(right)}" for left in ODD for right in ODD[:3]]
    binary = place.pick("", " COLLATE utf8mb4_bin", "")
    beat = place.pick("timestamp", "datetime(6)", "text")
    await place.run(
        f"CREATE TABLE tasks (one varchar(40){binary}, two varchar(40){binary}, status varchar(20),"
        f" beat {beat}, PRIMARY KEY (one, two))"
    )
    values = ", ".join(f"({key}, 'busy', {place.ago(3600)})" for key in keys)
    await place.run(f"INSERT INTO tasks VALUES {values}")
    backend = await place.console(profile('["one", "two"]'))
    ids = await stuck(backend)
    assert len(ids) == len(keys)
    for name in ids:
        found = await job(backend, name)
        assert found.id == name
        shown = (await backend.page(Query((Term("id", "=", name),)))).rows
        assert name in {found.id for found in shown}
        # A star in a filter is any text, so that such a key finds others too.
        assert len(shown) == 1 or "*" in name
    result = await act(backend, "recover")
    assert result.counts.applied == len(keys)
    assert (await undo(backend, result)).counts.applied == len(keys)
    one = sorted(ids)[7]
    assert (await act(backend, "delete", one)).counts.applied == 1
    assert await place.value("SELECT count(*) FROM tasks") == len(keys) - 1
    with pytest.raises(NotFound):
        await job(backend, one)


async def test_text_keys_with_commas_percents_and_colons(place: Place) -> None:
    binary = place.pick("", " COLLATE utf8mb4_bin", "")
    await table(place, "tasks", f"name varchar(40){binary} PRIMARY KEY", *map(quoted, ODD))
    backend = await place.console(profile('["name"]'))
    assert await stuck(backend) == set(ODD)
    result = await act(backend, "recover", *ODD)
    assert {str(row.job) for row in result.rows} == set(ODD)
    assert result.counts.clean
    assert await place.value("SELECT count(*) FROM tasks WHERE status = 'waiting'") == len(ODD)


async def test_bigint_keys_to_their_ends(place: Place) -> None:
    ends = (str(2**63 - 1), "-5", str(2**53 + 1), "0")
    await table(place, "tasks", "id bigint PRIMARY KEY", *ends)
    backend = await place.console(profile('["id"]'))
    assert await stuck(backend) == set(ends)
    assert (await act(backend, "recover", *ends)).counts.applied == 4
    for wrong in (str(2**63), "9" * 25, "x", "1.5", "²", ""):
        with pytest.raises(NotFound):
            await job(backend, wrong)
        assert (await plan(backend, "recover", wrong)).left_out[0].reason == "there is no such job"


async def test_numbers_that_the_key_column_is_too_small_for_are_just_not_there(place: Place) -> None:
    await table(place, "tasks", "id integer PRIMARY KEY", "1")
    backend = await place.console(profile('["id"]'))
    with pytest.raises(NotFound):
        await job(backend, "3000000000")
    assert (await backend.page(Query(parse_filter("id:3000000000")))).rows == ()


async def test_uuid_keys(place: Place) -> None:
    name = UUID(int=0xABCDEF << 64)
    await table(place, "tasks", place.pick("id uuid", "id uuid", "id text") + " PRIMARY KEY", f"'{name}'")
    backend = await place.console(profile('["id"]'))
    assert await stuck(backend) == {str(name)}
    assert (await plan(backend, "recover", "no-uuid")).left_out[0].reason == "there is no such job"
    assert (await act(backend, "recover", str(name))).counts.applied == 1


SEVERAL = f"""
    name = "several"
    clock = "utc"
    [[jobs]]
    name = "mail"
    table = "mails"
    key = ["id"]
    status = "status"
    {STATES}
    {ACTIONS}
    [[jobs]]
    name = "print"
    table = "prints"
    key = ["id"]
    status = "status"
    {STATES}
    {ACTIONS}
    [jobs.actions.retry]
    verb = "print again"
    set = {{ status = "waiting" }}
"""


async def two_tables(place: Place) -> None:
    await table(place, "mails", "id integer PRIMARY KEY")
    await table(place, "prints", "id varchar(20) PRIMARY KEY")
    for number in range(23):
        status = "busy" if number % 5 == 0 else "waiting"
        for name, size in (("mails", 7), ("prints", 11)):
            values = f"'{number}', '{status}', {place.ago(3600 + 60 * number + size)}"
            await place.run(f"INSERT INTO {name} VALUES ({values})")
    await place.run("INSERT INTO prints VALUES ('mail:3', 'busy', NULL)")


@pytest.mark.parametrize("sort", ["stuck", "id", "updated", "idle", "state", "created", "priority"])
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_over_several_tables_neither_skip_nor_repeat(
    place: Place, sort: str, descending: bool
) -> None:
    await two_tables(place)
    backend = await place.console(SEVERAL)
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await backend.page(Query(sort=sort, descending=descending, limit=6), after)
        seen += [str(job.id) for job in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 47
    if sort == "stuck":
        verdicts = [(await job(backend, name)).verdict is not None for name in seen]
        assert verdicts == sorted(verdicts, reverse=not descending)


async def test_ids_name_their_table_and_actions_belong_to_it(place: Place) -> None:
    await two_tables(place)
    backend = await place.console(SEVERAL)
    assert {info.name for info in backend.capabilities.actions} == {"recover", "delete", "retry"}
    assert (await job(backend, "mail:3")).table == "mail"
    assert (await job(backend, "print:3")).table == "print"
    assert (await job(backend, "print:mail:3")).id == "print:mail:3"
    refused = await plan(backend, "retry", "mail:3", "print:3")
    assert [row.job for row in refused.rows] == ["print:3"]
    assert refused.left_out[0].reason == "mail has no action retry"
    result = await act(backend, "recover", "mail:0", "print:0", "print:mail:3")
    assert result.counts.applied == 3
    assert await place.value("SELECT status FROM prints WHERE id = 'mail:3'") == "waiting"
    assert await place.value("SELECT status FROM mails WHERE id = 5") == "busy"
    assert (await undo(backend, result)).counts.applied == 3


async def test_an_id_without_its_table_is_refused_where_several_have_it(place: Place) -> None:
    await two_tables(place)
    await place.run("DELETE FROM mails WHERE id = 10")
    backend = await place.console(SEVERAL)
    made = await plan(backend, "recover", "5", "10")
    assert [row.job for row in made.rows] == ["print:10"]
    assert [left.reason for left in made.left_out] == [
        "several tables have a job with this id: write mail:5 or print:5"
    ]


async def test_a_filter_by_table_and_id_over_several_tables(place: Place) -> None:
    await two_tables(place)
    backend = await place.console(SEVERAL)
    found = await backend.page(Query(parse_filter("table:print id:1*")))
    assert {str(job.id) for job in found.rows} == {"print:1", *(f"print:{n}" for n in range(10, 20))}
    assert [j.id for j in (await backend.page(Query(parse_filter("id:mail:4")))).rows] == [JobId("mail:4")]
