"""Lists of two job tables ordered by an age: whatever the clocks, the order is that of what is shown."""

import json

import pytest

from tests.profiles.place import Place
from tests.profiles.test_clocks import TYPES
from unstick.recovery.model import Job
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

PROFILE = """
    name = "orders"
    clock = "{clock}"
    [[jobs]]
    name = "tasks"
    table = "tasks"
    key = ["id"]
    status = "status"
    states = {{ running = ["busy"], done = ["done"] }}
    times = {{ started = "born", updated = "beat", finished = "ended" }}
    [[jobs.children]]
    name = "notes"
    table = "notes"
    key = ["id"]
    match = {{ task = "id" }}
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated", "notes.at"]
    older_than = "never"
    [[jobs]]
    name = "chores"
    table = "chores"
    key = ["id"]
    status = "status"
    states = {{ running = ["busy"] }}
    times = {{ updated = "beat" }}
"""

# started, updated, finished and the newest note of each task: seconds ago. The idle time is the youngest of
# the first two and the note; the running time that of a busy task, else from start to finish.
TASKS = {
    "tasks:1": ("busy", 900, 800, None, 20),
    "tasks:2": ("busy", 700, 30, None, None),
    "tasks:3": ("done", 4000, 400, 390, 600),
    "tasks:4": ("done", 3000, None, 100, None),
    "tasks:5": ("done", None, None, None, None),
    "tasks:6": ("busy", 10, None, None, 5000),
    "tasks:7": ("done", 800, 150, 150, None),
}
CHORES = {"chores:1": 25, "chores:2": 300, "chores:3": 5000, "chores:4": None}
BY_IDLE = [
    *("tasks:6", "tasks:1", "chores:1", "tasks:2", "tasks:7", "chores:2", "tasks:3", "tasks:4", "chores:3"),
    *("chores:4", "tasks:5"),
]
BY_RUNNING = [
    *("tasks:6", "tasks:7", "tasks:2", "tasks:1", "tasks:4", "tasks:3"),
    *("chores:1", "chores:2", "chores:3", "chores:4", "tasks:5"),
]
UNKNOWN = {"idle": 2, "running": 5}


async def fill(place: Place, clock: str, kind: str) -> None:
    def ago(seconds: float | None) -> str:
        return "NULL" if seconds is None else place.ago(seconds, clock)

    nulls = f"{kind}{' NULL' if place.engine == 'mysql' else ''}"
    await place.run(
        *(f"DROP TABLE IF EXISTS {table}" for table in ("tasks", "notes", "chores")),
        f"CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), born {nulls}, beat {nulls},"
        f" ended {nulls})",
        f"CREATE TABLE notes (id integer PRIMARY KEY, task integer, at {nulls})",
        f"CREATE TABLE chores (id integer PRIMARY KEY, status varchar(20), beat {nulls})",
    )
    for name, (status, born, beat, ended, noted) in TASKS.items():
        task = int(name.partition(":")[2])
        await place.run(
            f"INSERT INTO tasks VALUES ({task}, '{status}', {ago(born)}, {ago(beat)}, {ago(ended)})"
        )
        await place.run(f"INSERT INTO notes VALUES ({task}, {task}, {ago(noted)})")
        await place.run(f"INSERT INTO notes VALUES ({task + 100}, {task}, {ago(noted and noted + 7000)})")
    for name, seen in CHORES.items():
        await place.run(f"INSERT INTO chores VALUES ({name.partition(':')[2]}, 'busy', {ago(seen)})")


async def listed(backend: Backend, sort: str, descending: bool, limit: int) -> list[Job]:
    query, after = Query(sort=sort, descending=descending, limit=limit), None
    found: list[Job] = []
    while True:
        page = await backend.page(query, after)
        found += page.rows
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("clock", list(TYPES["sqlite"]))
@pytest.mark.parametrize(("sort", "expected"), [("idle", BY_IDLE), ("running", BY_RUNNING)])
async def test_two_tables_are_one_list_in_the_order_of_the_age_that_is_shown(
    place: Place, clock: str, sort: str, expected: list[str]
) -> None:
    for kind in TYPES[place.engine][clock]:
        await fill(place, clock, kind)
        backend = await place.console(PROFILE.format(clock=clock))
        known = len(expected) - UNKNOWN[sort]
        for limit in (1, 3, 200):
            rising = [str(job.id) for job in await listed(backend, sort, False, limit)]
            assert rising[:known] == expected[:known], f"{kind}, {limit} a page"
            assert sorted(rising[known:]) == sorted(expected[known:]), "what has no age comes last, and once"
            falling = [str(job.id) for job in await listed(backend, sort, True, limit)]
            assert falling[:known] == expected[:known][::-1], f"{kind}, {limit} a page"
            assert sorted(falling[known:]) == sorted(expected[known:])


async def test_a_running_job_does_not_overtake_others_from_page_to_page(place: Place) -> None:
    await fill(place, "epoch_ms", "bigint" if place.engine != "sqlite" else "integer")
    backend = await place.console(PROFILE.format(clock="epoch_ms"))
    query = Query(sort="running", limit=2)
    first = await backend.page(query)
    assert [str(job.id) for job in first.rows] == BY_RUNNING[:2]
    assert first.next is not None
    # Everything moves into the past, the first page too: as if 700 seconds went by before the second one.
    await place.run("UPDATE tasks SET born = born - 700000, ended = ended - 700000, beat = beat - 700000")
    cursor = {table: [*place[:2], place[2] - 700] for table, place in json.loads(first.next).items()}
    second = await backend.page(query, json.dumps(cursor))
    assert [str(job.id) for job in second.rows] == BY_RUNNING[2:4]
