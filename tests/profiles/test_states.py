"""Where a job's state comes from, and what else a profile shows: children in JSON, logs, queues, schemas."""

import pytest

from tests.profiles.place import Place, act, job, plan, stuck, undo, variants
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId, State
from unstick.recovery.query import Query

HEAD = """
    name = "shown"
    clock = "utc"
    [[jobs]]
    table = "tasks"
    key = ["id"]
"""
RECOVER = """
    [[jobs.rules]]
    name = "stuck"
    statuses = [{live}]
    when = "j.id > 0"
    [jobs.actions.recover]
    verb = "let it go"
    only_stuck = true
    statuses = [{live}]
    set = {{ {change} }}
"""


async def states(place: Place, profile: str) -> dict[str, tuple[str, str | None]]:
    backend = await place.console(profile)
    found = {str(job.id): (job.state.value, job.status) for job in (await backend.page(Query())).rows}
    counts = await backend.counts()
    for state in State:
        expected = {name for name, (each, _) in found.items() if each == state.value}
        chosen = await backend.page(Query(parse_filter(f"state:{state.value}")))
        assert {str(job.id) for job in chosen.rows} == expected
        assert counts.by_state[state] == len(expected)
    for name, shown in found.items():
        alone = await job(backend, name)
        assert (alone.state.value, alone.status) == shown
    return found


async def test_a_column_and_a_map(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer, status varchar(20))",
        "INSERT INTO tasks VALUES (1, 'run'), (2, 'ok'), (3, 'ko'), (4, 'new'), (5, 'odd'), (6, NULL)",
        "INSERT INTO tasks VALUES (7, 'x')",
    )
    text = HEAD + (
        'status = "status"\n    states = { pending = ["new"], running = ["run"], done = ["ok"],'
        ' failed = ["ko"], cancelled = ["x"] }\n'
    )
    assert await states(place, text) == {
        "1": ("running", "run"),
        "2": ("done", "ok"),
        "3": ("failed", "ko"),
        "4": ("pending", "new"),
        "5": ("other", "odd"),
        "6": ("other", None),
        "7": ("cancelled", "x"),
    }


async def test_a_status_that_sql_computes(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer, locked_by varchar(20), failed integer)",
        "INSERT INTO tasks VALUES (1, 'w1', 0), (2, NULL, 1), (3, NULL, 0)",
    )
    text = (
        HEAD
        + """
    status_sql = '''
        CASE WHEN j.failed = 1 THEN 'failed' WHEN j.locked_by IS NULL THEN 'ready' ELSE 'locked' END'''
    states = { pending = ["ready"], running = ["locked"], failed = ["failed"] }
    token = ["locked_by"]
    """
        + RECOVER.format(live='"locked"', change="locked_by = { null = true }")
    )
    assert await states(place, text) == {
        "1": ("running", "locked"),
        "2": ("failed", "failed"),
        "3": ("pending", "ready"),
    }
    backend = await place.console(text)
    assert await stuck(backend) == {"1"}
    made = await plan(backend, "recover", "1", "2")
    assert [left.reason for left in made.left_out] == [
        "recover is not possible: the status is failed, it needs locked"
    ]
    result = await act(backend, "recover")
    assert result.counts.applied == 1
    assert (await job(backend, "1")).status == "ready"
    assert (await undo(backend, result)).counts.applied == 1
    assert (await job(backend, "1")).status == "locked"


async def test_a_state_from_a_case_over_joins(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer, queue varchar(20))",
        "CREATE TABLE claimed (task integer, worker varchar(20))",
        "CREATE TABLE broken (task integer, kind varchar(20))",
        "INSERT INTO tasks VALUES (1, 'a'), (2, 'a'), (3, 'b')",
        "INSERT INTO claimed VALUES (1, 'w 100% :x')",
        "INSERT INTO broken VALUES (2, 'a:b')",
    )
    text = (
        HEAD
        + """
    joins = '''LEFT JOIN claimed AS c ON c.task = j.id AND c.worker LIKE '%:x'
               LEFT JOIN broken AS b ON b.task = j.id AND b.kind IN (' :y', 'a:b')'''
    state_sql = '''CASE WHEN b.task IS NOT NULL THEN 'failed' WHEN c.task IS NOT NULL THEN 'running'
                   WHEN j.queue = 'b' THEN 'paused' ELSE 'pending' END'''
    """
        + RECOVER.format(live='"running"', change='queue = "again"')
    )
    assert await states(place, text) == {
        "1": ("running", "running"),
        "2": ("failed", "failed"),
        "3": ("other", "paused"),
    }
    backend = await place.console(text)
    made = await plan(backend, "recover")
    await place.run("DELETE FROM claimed")
    from unstick.recovery.engine import apply

    [row] = (await apply(backend, made)).rows
    assert (row.outcome.value, row.detail) == ("drifted", "moved on: running → pending")
    await place.run("INSERT INTO claimed VALUES (1, 'w:x')")
    assert (await act(backend, "recover")).counts.applied == 1
    assert await place.value("SELECT queue FROM tasks WHERE id = 1") == "again"


async def test_a_state_of_its_own_beside_the_native_status(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer, status integer, held integer)",
        "INSERT INTO tasks VALUES (1, 3, 0), (2, 3, 1)",
    )
    text = (
        HEAD
        + """
    status = "status"
    state_sql = "CASE WHEN j.held = 1 THEN 'pending' ELSE 'running' END"
    """
    )
    assert await states(place, text) == {"1": ("running", "3"), "2": ("pending", "3")}


async def test_an_enum_that_lacks_a_status_of_the_profile(place: Place) -> None:
    kind = place.pick("mood", "enum('new', 'run')", "text")
    if place.engine == "postgresql":
        await place.run("CREATE TYPE mood AS ENUM ('new', 'run')")
    await place.run(
        f"CREATE TABLE tasks (id integer PRIMARY KEY, status {kind})",
        f"CREATE TABLE parts (id integer, task integer, status {kind})",
        "INSERT INTO tasks VALUES (1, 'run'), (2, 'new')",
        "INSERT INTO parts VALUES (7, 1, 'run')",
    )
    text = (
        HEAD
        + """
    status = "status"
    states = { pending = ["new"], running = ["run", "legacy"], done = ["ok"] }
    [jobs.variants]
    table = "parts"
    key = ["id"]
    match = { task = "id" }
    status = "status"
    states = { done = ["ok"] }
    """
        + RECOVER.format(live='"run", "legacy"', change='status = "new"')
    )
    assert (await states(place, text))["1"] == ("running", "run")
    backend = await place.console(text)
    assert (await backend.page(Query(parse_filter("status:run,ok")))).rows[0].id == "1"
    result = await act(backend, "recover")
    assert result.counts.applied == 1
    assert (await undo(backend, result)).counts.applied == 1


JSON = (
    HEAD
    + """
    status = "status"
    states = { running = ["busy"] }
    [jobs.variants_json]
    column = "detail"
    path = ["steps", "list"]
    status = "state"
    error = "why"
    times = { started = "from" }
    states = { done = ["ok"], running = ["busy", "now"] }
"""
)


async def test_variants_inside_json(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer, status varchar(20), detail text)",
        """INSERT INTO tasks VALUES
        (1, 'busy', '{"steps": {"list": [{"id": "a", "state": "ok", "from": "2026-07-01T10:00:00Z"},
                     {"state": "now", "why": "slow"}, 5]}}'),
        (2, 'busy', '{"steps": {"list": {"x": {"state": "ok"}}}}'),
        (3, 'busy', '{"steps": null}'), (4, 'busy', NULL),
        (5, 'busy', '{"steps": {"list'), (6, 'busy', '')""",
        f"INSERT INTO tasks VALUES (7, 'busy', '{'[' * 50_000}')",
    )
    backend = await place.console(JSON)
    assert len((await backend.page(Query())).rows) == 7
    first = await variants(backend, "1")
    assert {name: (v.state.value, v.status, v.error) for name, v in first.items()} == {
        "a": ("done", "ok", None),
        "1": ("running", "now", "slow"),
        "2": ("other", None, None),
    }
    assert first["a"].started is not None
    assert first["a"].started.isoformat() == "2026-07-01T10:00:00+00:00"
    assert set(await variants(backend, "2")) == {"x"}
    assert await variants(backend, "3") == await variants(backend, "4") == {}
    for broken in ("5", "6", "7"):
        [(name, found)] = (await variants(backend, broken)).items()
        assert (name, found.status) == ("malformed", "malformed")
        assert str(found.error).startswith("not JSON: ")


LOG = (
    HEAD
    + """
    status = "status"
    [[jobs.children]]
    name = "lines"
    table = "shared_log"
    key = ["id"]
    match = { owner = "id" }
    only = "c.kind = 'task'"
    clock = "epoch_ms"
    [jobs.log]
    child = "lines"
    at = "at"
    message = "said"
    level = "level"
"""
)


async def test_an_event_log_in_a_table_that_others_share(place: Place) -> None:
    rows = [
        (1, 1, "task", "one", 50),
        (2, 1, "task", "two", 40),
        (3, 1, "other", "no", 30),
        (4, 2, "task", "no", 20),
    ]
    values = [
        f"({i}, {o}, '{k}', '{said}', 'INFO', {place.ago(age, 'epoch_ms')})" for i, o, k, said, age in rows
    ]
    await place.run(
        "CREATE TABLE tasks (id integer, status varchar(20))",
        "CREATE TABLE shared_log (id integer, owner integer, kind varchar(9), said text, level varchar(9),"
        " at bigint)",
        "INSERT INTO tasks VALUES (1, 'busy'), (2, 'busy')",
        f"INSERT INTO shared_log VALUES {', '.join(values)}, (5, 1, 'task', NULL, NULL, NULL)",
    )
    backend = await place.console(LOG)
    events = await backend.events(JobId("1"))
    assert [event.message for event in events if event.at] == ["one", "two"]
    assert [event.at is None for event in events] == [True, False, False]
    assert events[-1].level == "INFO"
    timed = [event.at for event in events if event.at]
    assert (await backend.clock() - timed[0]).total_seconds() == pytest.approx(50, abs=3)


SCHEMA = """
    name = "placed"
    queue = { order = ["j.urgent DESC", "j.id ASC"] }
    [parameters]
    schema = { postgresql = "app", "*" = "" }
    prefix = "q_"
    [recognise]
    "{schema}{prefix}tasks" = ["id", "urgent"]
    [[jobs]]
    table = "{prefix}tasks"
    schema = "{schema}"
    key = ["id"]
    status = "status"
    states = { pending = ["new"], running = ["busy"] }
    columns.priority = "urgent"
    times = { started = "began" }
    [[jobs.rules]]
    name = "lost"
    when = "NOT EXISTS (SELECT 1 FROM {schema}{prefix}workers w WHERE w.task = j.id)"
    statuses = ["busy"]
"""


async def test_schema_and_prefix_are_parameters_and_a_queue_is_told(place: Place) -> None:
    time = place.pick("timestamptz", "timestamp(6) NULL", "text")
    for schema in ("app.", "other.") if place.engine == "postgresql" else ("",):
        for prefix in ("q_", "zz_"):
            tasks = f"{schema}{prefix}tasks"
            if schema and prefix == "q_":
                await place.run(f"CREATE SCHEMA {schema[:-1]}")
            await place.run(
                f"CREATE TABLE {tasks} (id integer, urgent integer, status varchar(20), began {time})",
                f"CREATE TABLE {schema}{prefix}workers (task integer)",
                f"INSERT INTO {tasks} VALUES (1, 0, 'new', NULL), (2, 5, 'new', NULL), (3, 5, 'new', NULL)",
                f"INSERT INTO {tasks} VALUES (4, 9, 'busy', {place.ago(50, 'zoned')})",
            )
    await place.run(f"INSERT INTO {place.pick('other.', '', '')}zz_tasks VALUES (5, 1, 'new', NULL)")
    backend = await place.console(SCHEMA)
    assert (await backend.counts()).total == 4
    assert await stuck(backend) == {"4"}
    queue = await backend.queue()
    assert queue is not None
    assert (queue.holder, queue.holder_stuck, queue.waiting, queue.next) == ("4", True, 3, "2")
    assert queue.holder_since is not None
    chosen = {"prefix": "zz_", "schema": place.pick("other", "", "")}
    other = await place.console(SCHEMA, parameters=chosen)
    assert (await other.counts()).total == 5
    with pytest.raises(
        SchemaMismatch, match=r"there is no table (app\.)?none_tasks, which the profile placed needs"
    ):
        await place.console(SCHEMA, parameters={"prefix": "none_"})
