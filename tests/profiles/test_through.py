"""Rows that belong to a job by way of others or wait for its own, and when rows of one chunk are judged."""

from typing import Any

import pytest

from tests.profiles.place import Place, act, plan, undo
from unstick.backends.profile.load import parse_profile
from unstick.recovery.engine import apply
from unstick.recovery.errors import ConfigError
from unstick.recovery.model import JobId, Target, VariantId
from unstick.recovery.plan import Options

HEAD = """
    name = "through"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = { pending = ["new"], running = ["busy"], failed = ["bad"] }
"""
CHILDREN = (
    HEAD
    + """
    [[jobs.children]]
    name = "parts"
    table = "parts"
    key = ["id"]
    via = "runs"
    match = { run = "id" }
    [[jobs.children]]
    name = "shots"
    table = "shots"
    key = ["id"]
    via = "runs"
    match = { run = "id" }
    [[jobs.children]]
    name = "runs"
    table = "runs"
    key = ["id"]
    match = { task = "id" }
    optional = true
    [jobs.actions.delete]
    verb = "delete it"
    delete = true
    attempt = false
    detach = ["shots"]
    cascade = ["parts", "runs"]
"""
)
TABLES = ("tasks", "runs", "parts", "shots")


async def family(place: Place) -> None:
    engine = place.pick("", " ENGINE = InnoDB", "")
    link = "FOREIGN KEY (run) REFERENCES runs (id)"
    await place.run(
        f"CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20)){engine}",
        "CREATE TABLE runs (id integer PRIMARY KEY, task integer,"
        f" FOREIGN KEY (task) REFERENCES tasks (id)){engine}",
        f"CREATE TABLE parts (id integer PRIMARY KEY, run integer NOT NULL, {link}){engine}",
        f"CREATE TABLE shots (id integer PRIMARY KEY, run integer, {link}){engine}",
        "INSERT INTO tasks VALUES (1, 'bad'), (2, 'bad'), (3, 'bad')",
        "INSERT INTO runs VALUES (10, 1), (11, 1), (20, 2), (90, NULL)",
        "INSERT INTO parts VALUES (1, 10), (2, 10), (3, 11), (4, 20), (5, 90)",
        "INSERT INTO shots VALUES (1, 11), (2, 20), (3, 90), (4, NULL)",
    )


async def recorded(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    return {table: await place.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


async def test_what_belongs_to_a_job_through_another_row_goes_and_comes_back_with_it(place: Place) -> None:
    await family(place)
    backend = await place.console(CHILDREN)
    before = await recorded(place)
    made = await plan(backend, "delete", "1", "3")
    assert [row.related for row in made.rows] == [
        ("1 shots unlinked", "3 parts deleted", "2 runs deleted"),
        (),
    ]
    assert await recorded(place) == before
    result = await apply(backend, made)
    assert result.counts.applied == 2
    assert await recorded(place) == {
        "tasks": [(2, "bad")],
        "runs": [(20, 2), (90, None)],
        "parts": [(4, 20), (5, 90)],
        "shots": [(1, None), (2, 20), (3, 90), (4, None)],
    }
    assert (await undo(backend, result)).counts.applied == 2
    assert await recorded(place) == before


async def test_the_sql_that_a_plan_shows_for_them_finds_the_same_rows(place: Place) -> None:
    await family(place)
    backend = await place.console(CHILDREN)
    made = await plan(backend, "delete", "1", "3")
    await place.run(*(text.removesuffix(";") for text in made.sql if text.startswith(("DELETE", "UPDATE"))))
    assert (await recorded(place))["parts"] == [(4, 20), (5, 90)]
    assert (await recorded(place))["shots"] == [(1, None), (2, 20), (3, 90), (4, None)]
    assert (await recorded(place))["tasks"] == [(2, "bad")]


async def test_without_the_rows_in_between_nothing_belongs_to_the_job(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20))",
        "CREATE TABLE parts (id integer PRIMARY KEY, run integer)",
        "CREATE TABLE shots (id integer PRIMARY KEY, run integer)",
        "INSERT INTO tasks VALUES (1, 'bad')",
        "INSERT INTO parts VALUES (1, 1)",
    )
    backend = await place.console(CHILDREN)
    assert (await act(backend, "delete", "1")).counts.applied == 1
    assert await place.rows("SELECT id FROM parts") == [(1,)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('via = "runs"\n    match = { run = "id" }\n    [[jobs.children]]\n    name = "shots"',
         'via = "rans"\n    match = { run = "id" }\n    [[jobs.children]]\n    name = "shots"',
         "there is no other child 'rans'; did you mean runs"),
        ('match = { task = "id" }', 'match = { task = "id" }\n    via = "parts"', "runs can.t stand"),
        ("optional = true", "only = \"c.kind = 'x'\"", "runs can't stand in between"),
    ],
)  # fmt: skip
def test_what_stands_in_between_must_belong_to_the_job_itself(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_profile(CHILDREN.replace(old, new), "through.toml")


AFTER = (
    HEAD
    + """
    [jobs.actions.retry]
    verb = "start over"
    statuses = ["bad"]
    set = { status = "new" }
    [[jobs.actions.retry.related]]
    name = "steps"
    table = "steps"
    key = ["id"]
    match = { task = "id" }
    after = true
    set = { state = "again" }
"""
)


async def test_a_row_may_wait_until_the_jobs_own_is_written_so_that_no_trigger_is_in_the_way(
    place: Place,
) -> None:
    body = "UPDATE tasks SET status = 'busy' WHERE id = NEW.task"
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20))",
        "CREATE TABLE steps (id integer PRIMARY KEY, task integer, state varchar(20))",
        "INSERT INTO tasks VALUES (1, 'bad')",
        "INSERT INTO steps VALUES (1, 1, 'bad'), (2, 1, 'bad')",
        *(
            [f"CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN {body}; RETURN NEW; END $$ LANGUAGE plpgsql"]
            if place.engine == "postgresql"
            else []
        ),
        "CREATE TRIGGER t AFTER UPDATE ON steps FOR EACH ROW "
        + place.pick("EXECUTE FUNCTION f()", body, f"BEGIN {body}; END"),
    )
    backend = await place.console(AFTER, max_retries=None)
    too_early = await act(await place.console(AFTER.replace("after = true", "")), "retry", "1")
    assert too_early.counts.failed == 1
    made = await plan(backend, "retry", "1")
    assert made.rows[0].related == ("steps 1: state: bad -> again", "steps 2: state: bad -> again")
    result = await act(backend, "retry", "1")
    assert result.rows[0].related == ("steps_updated", "steps_updated")
    assert await place.rows("SELECT status FROM tasks") == [("busy",)]
    assert await place.rows("SELECT state FROM steps") == [("again",), ("again",)]
    assert (await undo(backend, result)).counts.applied == 1
    assert await place.rows("SELECT status FROM tasks") == [("bad",)]
    assert await place.rows("SELECT state FROM steps") == [("bad",), ("bad",)]


JUDGED = (
    HEAD
    + """
    [[jobs.rules]]
    name = "alone"
    when = "j.flag = 1"
    [[jobs.rules]]
    name = "beside"
    when = "EXISTS (SELECT 1 FROM tasks AS o WHERE o.flag = 1)"
    [jobs.actions.recover]
    verb = "start over"
    only_stuck = true
    set = { status = "new" }
    [jobs.actions.recover.by_rule.alone.set]
    flag = 0
    [jobs.actions.recover.by_rule.beside.set]
    flag = 2
"""
)


async def test_rows_are_judged_before_any_of_them_is_written(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), flag integer)",
        "INSERT INTO tasks VALUES (1, 'bad', 1), (2, 'bad', NULL)",
    )
    backend = await place.console(JUDGED, max_retries=None)
    result = await act(backend, "recover", "1", "2")
    assert [row.outcome.value for row in result.rows] == ["applied", "applied"]
    assert await place.rows("SELECT flag FROM tasks ORDER BY id") == [(0,), (2,)]


async def test_a_row_that_another_rule_finds_meanwhile_is_changed_where_both_mean_the_same(
    place: Place,
) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), flag integer)",
        "INSERT INTO tasks VALUES (1, 'bad', 1), (2, 'bad', 1)",
    )
    same = JUDGED[: JUDGED.index("    [jobs.actions.recover.by_rule.beside")]
    rules = same.replace(
        "[jobs.actions", '[[jobs.rules]]\n    name = "third"\n    when = "j.flag = 2"\n    [jobs.actions', 1
    )
    backend = await place.console(rules.replace("by_rule.alone", "by_rule.third"), max_retries=None)
    made = await plan(backend, "recover", "1")
    await place.run("UPDATE tasks SET flag = NULL WHERE id = 1")
    assert (made.rows[0].rule, (await apply(backend, made)).counts.applied) == ("alone", 1)
    other = await plan(backend, "recover", "2")
    await place.run("UPDATE tasks SET flag = 2 WHERE id = 2")
    [row] = (await apply(backend, other)).rows
    assert row.detail == "stuck for another reason now: alone → third"


FOLLOWS = (
    HEAD
    + """
    [jobs.variants]
    table = "pieces"
    key = ["id"]
    match = { task = "id" }
    status = "status"
    [jobs.variants.actions.retry]
    verb = "again"
    statuses = ["bad"]
    set = { status = "new" }
    [[jobs.variants.actions.retry.follows]]
    name = "task"
    table = "tasks"
    key = ["id"]
    match = { id = "task" }
    columns = ["status", "moves"]
"""
)


async def pieces(place: Place) -> None:
    body = "UPDATE tasks SET status = NEW.status, moves = moves + 1 WHERE id = NEW.task"
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), moves integer)",
        "CREATE TABLE pieces (id integer PRIMARY KEY, task integer, status varchar(20))",
        "INSERT INTO tasks VALUES (1, 'busy', 0), (2, 'busy', 0)",
        "INSERT INTO pieces VALUES (1, 1, 'bad'), (2, 1, 'bad'), (3, 2, 'bad'), (4, NULL, 'bad')",
        *(
            [f"CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN {body}; RETURN NEW; END $$ LANGUAGE plpgsql"]
            if place.engine == "postgresql"
            else []
        ),
        "CREATE TRIGGER t AFTER UPDATE ON pieces FOR EACH ROW "
        + place.pick("EXECUTE FUNCTION f()", body, f"BEGIN {body}; END"),
    )


def of(*names: str) -> list[Target]:
    return [Target(JobId(job), VariantId(variant)) for job, _, variant in (n.partition("/") for n in names)]


async def test_an_undo_puts_back_what_a_trigger_changed_along_and_leaves_what_went_on(place: Place) -> None:
    await pieces(place)
    backend = await place.console(FOLLOWS, max_retries=None)
    made = await backend.plan("retry", of("1/1", "1/2", "2/3"), Options())
    result = await apply(backend, made)
    assert result.counts.applied == 3
    assert await place.rows("SELECT * FROM tasks ORDER BY id") == [(1, "new", 2), (2, "new", 1)]
    await place.run("UPDATE tasks SET moves = 7 WHERE id = 2")
    turned = await backend.plan_undo(result.operation, Options())
    assert [row.related for row in turned.rows] == [("1 × update task",), ("1 × update task",), ()]
    back = await apply(backend, turned)
    assert back.counts.applied == 3
    assert await place.rows("SELECT * FROM tasks ORDER BY id") == [(1, "busy", 0), (2, "bad", 8)]
    assert (await undo(backend, back)).counts.applied == 3
    assert await place.rows("SELECT DISTINCT status FROM pieces WHERE id < 4") == [("new",)]
