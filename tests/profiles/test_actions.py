"""What actions write: assignments, related rows, children, the system's own SQL; and the way back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.profiles.place import Place, act, plan, undo
from unstick import backends
from unstick.recovery.engine import Result, apply
from unstick.recovery.errors import PlanError
from unstick.recovery.outcome import Outcome

HEAD = """
    name = "acts"
    clock = "utc"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = { pending = ["new"], running = ["busy"], failed = ["bad"] }
"""
TASKS = "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), {})"


async def recorded(place: Place, table: str) -> list[tuple[Any, ...]]:
    return await place.rows(f"SELECT * FROM {table} ORDER BY 1")


def details(result: Result) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {str(row.job): (row.outcome.value, row.related) for row in result.rows}


SET = (
    HEAD
    + """
    times = { updated = "beat" }
    [[jobs.rules]]
    name = "stuck"
    age_of = ["updated"]
    older_than = "90s"
    [jobs.actions.retry]
    verb = "all kinds of assignments"
    [jobs.actions.retry.set]
    status = "new"
    tries = { increment = 2 }
    said = { append = "Again, 50% {x} :y." , separator = " | " }
    note = { text = "silent for {timeout_minutes} min ({timeout_seconds} s)" }
    beat = { now = true }
    ended = { null = true }
    previous = { column = "status" }
    flag = { value = true }
    due = { now = true, clock = "epoch_ms" }
    total = { sql = "amount * 2" }
"""
)


async def test_every_kind_of_assignment_and_its_preview(place: Place) -> None:
    time, flag = place.pick("timestamp", "datetime(6)", "text"), place.pick("boolean", "boolean", "boolean")
    columns = f"tries integer, said text, note text, beat {time}, ended {time}, previous text"
    await place.run(
        TASKS.format(f"{columns}, flag {flag}, due bigint, amount integer, total integer"),
        f"INSERT INTO tasks (id, status, tries, said, beat, ended, amount) VALUES"
        f" (1, 'bad', NULL, NULL, {place.ago(500)}, {place.ago(400)}, 4), (2, 'bad', 5, 'x', NULL, NULL, 7),"
        f" (3, 'bad', 0, 'x | Again, 50% {{x}} :y.', NULL, NULL, NULL)",
    )
    backend = await place.console(SET, max_retries=None)
    before = await recorded(place, "tasks")
    made = await plan(backend, "retry", "1", "2", "3")
    after = made.rows[0].after
    assert (after["tries"], after["said"], after["ended"], after["previous"]) == (
        2,
        "Again, 50% {x} :y.",
        None,
        "bad",
    )
    assert (after["note"], after["beat"]) == ("silent for 1.5 min (90 s)", "{now}")
    result = await apply(backend, made)
    assert result.counts.applied == 3
    rows = await place.rows("SELECT tries, said, previous, note, flag, ended, total FROM tasks ORDER BY id")
    text = "Again, 50% {x} :y."
    note = "silent for 1.5 min (90 s)"
    assert [tuple(row) for row in rows] == [
        (2, text, "bad", note, 1, None, 8),
        (7, f"x | {text}", "bad", note, 1, None, 14),
        (2, f"x | {text}", "bad", note, 1, None, None),
    ]
    for planned, row in zip(made.rows, rows, strict=True):
        assert (planned.after["tries"], planned.after["said"]) == (row[0], row[1])
    milliseconds = await place.value("SELECT due FROM tasks WHERE id = 1")
    assert milliseconds / 1000 == pytest.approx((await backend.clock()).timestamp(), abs=5)
    again = await act(backend, "retry", "1")
    assert again.counts.applied == 1
    assert await place.value("SELECT said FROM tasks WHERE id = 1") == text, "not twice in a row"
    assert (await undo(backend, again)).counts.applied == 1
    assert (await undo(backend, result)).counts.applied == 3
    assert await recorded(place, "tasks") == before


MERGE = (
    HEAD
    + """
    [jobs.actions.retry]
    verb = "merge"
    [[jobs.actions.retry.related]]
    name = "owner"
    table = "owners"
    key = ["id"]
    match = { id = "owner" }
    guard = "r.locked_by = j.id OR r.locked_by IS NULL"
    [jobs.actions.retry.related.set]
    seen = { increment = 1 }
    at = { now = true, clock = "epoch_s" }
    [jobs.actions.retry.related.set.meta.json_merge]
    job = "{job}"
    error = "none"
    deep = { job = "job {job}", list = ["{job}", 1] }
    'odd key $.x' = 1.5
    nothing = { null = true }
    done = true
    [jobs.actions.retry.report]
    updated = { count = "owner_updated" }
    kept = { count = "owner_kept" }
    missing = { count = "owner_missing" }
    ids = { ids = "applied" }
    said = { text = "{applied} of {found}: {ids}", none = "nothing" }
    fixed = { value = true }
"""
)


async def owners(place: Place, meta: str) -> None:
    rows = [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60)]
    await place.run(
        TASKS.format("owner integer"),
        *(f"INSERT INTO tasks VALUES ({task}, 'bad', {owner})" for task, owner in rows),
        "CREATE TABLE owners (id integer PRIMARY KEY, locked_by integer, seen integer, at bigint,"
        f" meta {meta})",
        """INSERT INTO owners VALUES (10, 1, NULL, NULL, '{"kept": {"a": [1, null]}, "deep": {"old": 1}}'),
           (20, NULL, 1, NULL, NULL), (30, 99, 1, NULL, '{"a": 1}'), (50, 5, 1, NULL, 'null'),
           (60, 6, 1, NULL, '[1, 2]')""",
    )


@pytest.mark.parametrize("kind", ["json", "text", "jsonb"])
async def test_related_rows_with_a_guard_and_merged_json(place: Place, kind: str) -> None:
    await owners(place, place.pick(kind, "json" if kind == "jsonb" else kind, kind))
    backend = await place.console(MERGE)
    tasks, before = await recorded(place, "tasks"), await recorded(place, "owners")
    made = await plan(backend, "retry", "1", "2", "3", "4", "5", "6")
    assert await recorded(place, "owners") == before
    result = await apply(backend, made)
    assert details(result) == {
        "1": ("applied", ("owner_updated",)),
        "2": ("applied", ("owner_updated",)),
        "3": ("applied", ("owner_kept",)),
        "4": ("applied", ("owner_missing",)),
        "5": ("applied", ("owner_updated",)),
        "6": ("failed", ()),
    }
    added = {"error": "none", "odd key $.x": 1.5, "done": True, "nothing": None}
    found = {row[0]: row for row in await recorded(place, "owners")}
    for number, task in ((10, 1), (20, 2), (50, 5)):
        old = {"kept": {"a": [1, None]}} if number == 10 else {}
        new = {**old, **added, "job": task, "deep": {"job": f"job {task}", "list": [task, 1]}}
        meta = found[number][4]
        assert (json.loads(meta) if isinstance(meta, str) else meta) == new
        assert found[number][3] > 1_700_000_000
    assert (found[10][2], found[20][2]) == (1, 2)
    assert (found[30], found[60]) == tuple(row for row in before if row[0] in (30, 60))
    report = backends.report(made, result)
    assert report == {
        "updated": 3,
        "kept": 1,
        "missing": 1,
        "ids": ["1", "2", "3", "4", "5"],
        "said": "5 of 6: 1, 2, 3, 4, 5 (1 failed)",
        "fixed": True,
    }
    empty = replace(await plan(backend, "retry", "99"), left_out=())
    assert backends.report(empty, await apply(backend, empty))["said"] == "nothing"
    assert (await undo(backend, result)).counts.applied == 5
    assert (await recorded(place, "tasks"), await recorded(place, "owners")) == (tasks, before)


NULL = (
    HEAD
    + """
    [jobs.actions.retry]
    verb = "forget"
    [jobs.actions.retry.set]
    status = "new"
    meta = { json_merge = { gone = "{nothing}" } }
"""
)


async def test_json_that_is_no_object_is_never_overwritten(place: Place) -> None:
    rows = ["{broken", "", '"text"', "[]", "7", "{}"]
    await place.run(
        TASKS.format("meta text"),
        *(f"INSERT INTO tasks VALUES ({n}, 'bad', '{text}')" for n, text in enumerate(rows)),
    )
    backend = await place.console(NULL)
    result = await act(backend, "retry", *map(str, range(6)))
    assert [row.outcome for row in result.rows] == [Outcome.FAILED] * 5 + [Outcome.APPLIED]
    kept = await place.rows("SELECT meta, status FROM tasks WHERE id < 5 ORDER BY id")
    assert [tuple(row) for row in kept] == [(text, "bad") for text in rows[:5]]


FAMILY = (
    HEAD
    + """
    [[jobs.children]]
    name = "steps"
    table = "steps"
    key = ["id"]
    match = { task = "id" }
    [[jobs.children]]
    name = "files"
    table = "files"
    key = ["id"]
    match = { task = "id" }
    [[jobs.children]]
    name = "notes"
    table = "notes"
    key = ["id"]
    match = { task = "id" }
    only = "c.kind = 'task'"
    [[jobs.children]]
    name = "absent"
    table = "absent"
    optional = true
    key = ["id"]
    match = { task = "id" }
    [jobs.actions.delete]
    verb = "delete it"
    delete = true
    attempt = false
    not_statuses = ["busy"]
    cascade = ["files", "steps", "absent"]
    detach = ["notes"]
    [jobs.actions.retry]
    verb = "start over"
    set = { status = "new" }
    cascade = ["files"]
    detach = ["notes"]
"""
)


async def family(place: Place) -> None:
    engine = place.pick("", " ENGINE = InnoDB", "")
    await place.run(
        TASKS.format("more integer") + engine,
        "CREATE TABLE steps (id integer PRIMARY KEY, task integer NOT NULL,"
        f" FOREIGN KEY (task) REFERENCES tasks (id)){engine}",
        "CREATE TABLE files (id integer PRIMARY KEY, task integer NOT NULL, step integer NOT NULL,"
        f" FOREIGN KEY (task) REFERENCES tasks (id), FOREIGN KEY (step) REFERENCES steps (id)){engine}",
        f"CREATE TABLE notes (id integer PRIMARY KEY, task integer, kind varchar(9)){engine}",
        "INSERT INTO tasks VALUES (1, 'bad', 0), (2, 'bad', 0), (3, 'busy', 0)",
        "INSERT INTO steps VALUES (11, 1), (12, 1), (21, 2), (31, 3)",
        "INSERT INTO files VALUES (111, 1, 11), (112, 1, 12), (211, 2, 21)",
        "INSERT INTO notes VALUES (5, 1, 'task'), (6, 1, 'other'), (7, 2, 'task')",
    )


async def snapshot(place: Place) -> list[list[tuple[Any, ...]]]:
    return [await recorded(place, table) for table in ("tasks", "steps", "files", "notes")]


async def test_children_go_in_the_declared_order_others_are_unlinked_and_all_come_back(place: Place) -> None:
    await family(place)
    backend = await place.console(FAMILY)
    before = await snapshot(place)
    made = await plan(backend, "delete", "1", "3")
    assert [left.job for left in made.left_out] == ["3"]
    assert made.rows[0].related == ("1 notes unlinked", "2 files deleted", "2 steps deleted")
    result = await apply(backend, made)
    assert result.counts.applied == 1
    tasks, steps, files, notes = await snapshot(place)
    assert [row[0] for row in (*tasks, *steps, *files)] == [2, 3, 21, 31, 211]
    assert [row[1] for row in notes] == [None, 1, 2]
    assert (await undo(backend, result)).counts.applied == 1
    assert await snapshot(place) == before


async def test_an_action_that_only_changes_the_job_may_take_children_too(place: Place) -> None:
    await family(place)
    backend = await place.console(FAMILY)
    before = await snapshot(place)
    result = await act(backend, "retry", "1")
    assert result.counts.applied == 1
    _, steps, files, notes = await snapshot(place)
    assert ([row[0] for row in steps], [row[0] for row in files]) == ([11, 12, 21, 31], [211])
    assert [row[1] for row in notes] == [None, 1, 2]
    assert (await undo(backend, result)).counts.applied == 1
    assert await snapshot(place) == before


RAW = """
    name = "raw"
    [[jobs]]
    table = "tasks"
    key = ["queue", "id"]
    status = "status"
    [jobs.actions.retry]
    verb = "ask the system itself"
    statuses = ["bad"]
    [jobs.actions.retry.sql]
    postgresql = "SELECT again(:id, :queue)"
    mysql = "CALL again(:id, :queue)"
    sqlite = "UPDATE tasks SET status = 'new', more = 100 % 7 WHERE id = :id AND queue = :queue"
    [jobs.actions.rest]
    verb = "put it to sleep"
    sql = "UPDATE tasks SET status = 'asleep' WHERE id = :id AND status <> 'new'"
    [jobs.actions.else]
    verb = "only elsewhere"
    sql = { NAME = "SELECT 1" }
"""


async def test_the_systems_own_sql_is_run_once_per_row_with_the_key(place: Place) -> None:
    body = "UPDATE tasks SET status = 'new', more = 2 WHERE id = wanted AND queue = part"
    await place.run(
        "CREATE TABLE tasks (queue varchar(20), id bigint, status varchar(20), more integer)",
        "INSERT INTO tasks VALUES ('a:b', 1, 'bad', 0), ('a:b', 2, 'bad', 0)",
        "INSERT INTO tasks VALUES ('c', 1, 'bad', 0), ('c', 2, 'ok', 0)",
        *(
            []
            if place.engine == "sqlite"
            else [
                place.pick(
                    "CREATE FUNCTION again(wanted bigint, part varchar) RETURNS void LANGUAGE sql"
                    f" BEGIN ATOMIC {body}; END",
                    f"CREATE PROCEDURE again(wanted bigint, part varchar(20)) {body}",
                    "",
                )
            ]
        ),
    )
    other = place.pick("sqlite", "postgresql", "mysql")
    backend = await place.console(RAW.replace("NAME", other))
    made = await plan(backend, "retry", "a:b,1", "c,1", "c,2")
    assert [left.reason for left in made.left_out] == [
        "retry is not possible: the status is ok, it needs bad"
    ]
    assert (
        place.pick("SELECT again(:id, :queue)", "CALL again(:id, :queue)", "UPDATE tasks SET") in made.sql[-1]
    )
    result = await apply(backend, made)
    assert [row.detail for row in result.rows] == ["bad → new"] * 2
    assert await place.value("SELECT count(*) FROM tasks WHERE status = 'new' AND more = 2") == 2
    assert (await undo(backend, result)).counts.applied == 2
    assert await place.value("SELECT count(*) FROM tasks WHERE status = 'bad'") == 3
    assert (await act(backend, "rest", "c,1")).counts.applied == 1
    with pytest.raises(
        PlanError, match=f"profile raw has no SQL of else for {place.engine}; add sql.{place.engine}"
    ):
        await plan(backend, "else", "c,1")
