"""Who works on a job and how often it was tried: tokens, warnings, attempts and their limit."""

from tests.profiles.place import Place, act, job, plan
from unstick.recovery.engine import apply

WORKER = """
    name = "acts"
    clock = "utc"
    fenced = false
    fence_warning = "the old worker may come back"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = { pending = ["new"], running = ["busy"], failed = ["bad"] }
    token = ["worker"]
    columns = { retries = "tries" }
    [[jobs.rules]]
    name = "stuck"
    when = "j.status = 'busy'"
    [jobs.actions.recover]
    verb = "free it"
    only_stuck = true
    hint = "start a worker"
    set = { status = "new", tries = { increment = 1 } }
    [jobs.actions.retry]
    verb = "again"
    set = { status = "new" }
"""


async def workers(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), worker varchar(20), tries integer)",
        "INSERT INTO tasks VALUES (1, 'busy', 'w1', 0), (2, 'busy', 'w2', NULL), (3, 'busy', 'w3', 3)",
    )


async def test_a_job_that_another_worker_took_meanwhile_is_left_alone(place: Place) -> None:
    await workers(place)
    backend = await place.console(WORKER)
    made = await plan(backend, "recover", "1", "2")
    assert made.warnings[:2] == ("the old worker may come back", "start a worker")
    assert (await plan(backend, "retry", "1")).warnings[:1] != made.warnings[:1]
    await place.run("UPDATE tasks SET worker = 'w9' WHERE id = 1")
    result = await apply(backend, made)
    assert [(row.outcome.value, row.detail) for row in result.rows] == [
        ("drifted", "taken over: worker w1 → w9"),
        ("applied", "busy → new"),
    ]


async def test_retries_are_counted_by_the_column_where_there_is_one(place: Place) -> None:
    await workers(place)
    backend = await place.console(WORKER)
    assert (await act(backend, "recover", "2")).counts.applied == 1
    assert (await job(backend, "2")).retries == 1
    made = await plan(backend, "recover", "3")
    assert made.left_out[0].reason.startswith("needs a person: 3 of 3 retries are used")
    assert (await act(backend, "recover", "3", over_limit=True)).counts.applied == 1
    assert await place.value("SELECT tries FROM tasks WHERE id = 3") == 4


async def test_and_by_the_history_where_there_is_none(place: Place) -> None:
    await workers(place)
    backend = await place.console(WORKER.replace('    columns = { retries = "tries" }\n', ""))
    for number in range(3):
        assert (await job(backend, "1")).retries == number
        assert (await act(backend, "retry", "1")).counts.applied == 1
    assert (await plan(backend, "retry", "1")).left_out[0].reason.startswith("needs a person")
    assert len(await backend.attempts()) == 3
