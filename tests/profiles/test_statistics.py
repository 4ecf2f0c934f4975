"""Retry statistics against numbers that plain Python counts from the same rows."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tests.profiles.place import Place, act
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.stats import Figures, Retried, Spread

DAY = 86400
WEEK = timedelta(days=7)
JOBS = """
    name = "counted"
    clock = "epoch_s"
    max_retries = 99
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = { pending = ["waiting"], running = ["busy"], done = ["done"], failed = ["broken"] }
    times = { created = "born", updated = "beat" }
    [jobs.columns]
    kind = "kind"
    step = "step"
    COUNTED
    [jobs.actions.retry]
    verb = "set waiting"
    set = { status = "waiting" }
"""
VARIANTS = """
    [jobs.variants]
    name = "parts"
    table = "parts"
    key = ["id"]
    match = { task = "id" }
    status = "status"
    states = { pending = ["waiting"], running = ["busy"], done = ["done"], failed = ["broken"] }
    columns = { step = "step", retries = "tries", name = "place" }
    times = { created = "born", updated = "beat" }
"""


@dataclass(frozen=True)
class Row:
    id: int
    task: int
    status: str
    step: str
    kind: str
    tries: int | None
    born: int
    beat: int

    @property
    def count(self) -> int:
        return self.tries or 0


def made(random: Random, number: int, now: int, tasks: int) -> list[Row]:
    return [
        Row(
            id=index + 1,
            task=random.randrange(tasks) + 1,
            status=random.choice(["waiting", "busy", "done", "broken"]),
            step=random.choice(["first", "second", "third"]),
            kind=random.choice(["a", "b", "c"]),
            tries=random.choice([None, 0, 0, 0, 1, 1, 2, 3, 5]),
            # Never near the window's edge, or an alert's: the numbers don't hang on how fast the test runs.
            born=now - random.randrange(10) * DAY - DAY // 3,
            beat=now - random.choice([600, 1200, 1800, 9000, 20000]) - index,
        )
        for index in range(number)
    ]


async def fill(place: Place, tasks: Sequence[Row], parts: Sequence[Row] = ()) -> None:
    columns = (
        "status varchar(20), step varchar(20), kind varchar(20), tries integer, born bigint, beat bigint"
    )
    await place.run(
        f"CREATE TABLE tasks (id integer PRIMARY KEY, {columns})",
        f"CREATE TABLE parts (id integer PRIMARY KEY, task integer, place integer, {columns})",
    )
    for table, rows in (("tasks", tasks), ("parts", parts)):
        for row in rows:
            tries = "NULL" if row.tries is None else row.tries
            values = f"'{row.status}', '{row.step}', '{row.kind}', {tries}, {row.born}, {row.beat}"
            own = f"{row.id}" if table == "tasks" else f"{row.id}, {row.task}, 7"
            await place.run(f"INSERT INTO {table} VALUES ({own}, {values})")


def spread(rows: Sequence[Row]) -> Spread:
    tries = [row.count for row in rows]
    return Spread(
        total=len(rows),
        none=tries.count(0),
        some=len(rows) - tries.count(0),
        high=len([count for count in tries if count >= 3]),
        average=sum(tries) / len(rows),
        maximum=max(tries),
    )


def spreads(rows: Sequence[Row], by: Callable[[Row], str]) -> dict[str, Spread]:
    return {value: spread([row for row in rows if by(row) == value]) for value in {by(row) for row in rows}}


def most(rows: Sequence[Row], limit: int) -> list[int]:
    chosen = [row for row in rows if row.count]
    return [row.id for row in sorted(chosen, key=lambda row: (-row.count, -row.beat))][:limit]


def late(rows: Sequence[Row], now: int) -> list[int]:
    return most(
        [r for r in rows if r.count >= 3 and r.status in ("busy", "broken") and r.beat > now - 3600], 100
    )


def day_of(row: Row) -> str:
    return datetime.fromtimestamp(row.born, UTC).date().isoformat()


def check(found: Figures, rows: Sequence[Row], now: int, limit: int, own: Callable[[Retried], str]) -> None:
    recent = [row for row in rows if row.born > now - 7 * DAY]
    assert found.spread == spread(recent)
    assert found.histogram == Counter(row.count for row in recent)
    assert found.by_status == Counter(row.status for row in recent)
    assert found.by_step == spreads(recent, lambda row: row.step)
    assert found.by_day == spreads(recent, day_of)
    assert [int(own(one)) for one in found.top] == most(rows, limit)
    assert [int(own(one)) for one in found.alerts] == late(rows, now)
    assert found.alerts, "there is something to be alerted about"
    known = {row.id: row for row in rows}
    for one in found.top:
        row = known[int(own(one))]
        assert (one.retries, one.status, one.step) == (row.count, row.status, row.step)
        assert one.created == datetime.fromtimestamp(row.born, UTC)
        assert one.updated == datetime.fromtimestamp(row.beat, UTC)


@pytest.mark.parametrize("seed", [1, 2])
async def test_jobs_and_variants_are_counted_by_their_columns(place: Place, seed: int) -> None:
    random, now = Random(seed), int(datetime.now(UTC).timestamp())
    tasks, parts = made(random, 120, now, 1), made(random, 160, now, 120)
    await fill(place, tasks, parts)
    backend = await place.console(JOBS.replace("COUNTED", 'retries = "tries"') + VARIANTS)
    found = await backend.statistics(WEEK)
    check(found.jobs, tasks, now, 10, lambda one: one.job)
    assert found.jobs.by_kind == spreads([r for r in tasks if r.born > now - 7 * DAY], lambda row: row.kind)
    assert found.variants is not None
    check(found.variants, parts, now, 20, lambda one: str(one.variant))
    of, jobs = {row.id: row.task for row in parts}, {row.id: row for row in tasks}
    for one in found.variants.top:
        job = jobs[of[int(str(one.variant))]]
        assert (one.job, one.job_status, one.job_step) == (str(job.id), job.status, job.step)
        assert one.name == "7"


async def test_without_a_column_the_retry_history_counts(place: Place) -> None:
    random, now = Random(3), int(datetime.now(UTC).timestamp())
    rows = made(random, 40, now, 1)
    await fill(place, rows)
    backend = await place.console(JOBS.replace("COUNTED", ""))
    tried: Counter[int] = Counter()
    for number in (5, 5, 5, 9, 9, 9, 9, 20, 31, 2):
        await act(backend, "retry", str(number))
        await place.run(f"UPDATE tasks SET status = 'busy' WHERE id = {number}")
        tried[number] += 1
    await place.run(f"UPDATE tasks SET beat = {now - 60} WHERE id = 9")
    after = [
        Row(
            row.id, 0, "busy" if row.id in tried else row.status, row.step, row.kind, tried[row.id], row.born,
            now - 60 if row.id == 9 else row.beat,
        )
        for row in rows
    ]  # fmt: skip
    found = await backend.statistics(WEEK)
    check(found.jobs, after, now, 10, lambda one: one.job)
    assert found.variants is None
    assert found.reasons == {"manual_retry": {"applied": 10}}
    assert found.actions == {"retry": {"applied": 10}}


async def test_what_moved_on_counts_as_a_result_and_not_as_a_retry(place: Place) -> None:
    now = int(datetime.now(UTC).timestamp())
    await fill(place, [Row(1, 0, "broken", "first", "a", 0, now - 60, now - 60)])
    backend = await place.console(JOBS.replace("COUNTED", ""))
    plan = await backend.plan("retry", [JobId("1")], Options())
    await place.run("UPDATE tasks SET status = 'done', beat = beat + 1")
    operation = await backend.begin(plan)
    await backend.apply_chunk(plan, plan.rows, operation)
    found = await backend.statistics(WEEK)
    assert found.actions == {"retry": {"drifted": 1}}
    assert (found.jobs.spread.some, found.jobs.top) == (0, ())


async def test_nothing_at_all_is_no_error(place: Place) -> None:
    await fill(place, [])
    found = await (await place.console(JOBS.replace("COUNTED", 'retries = "tries"') + VARIANTS)).statistics(
        WEEK
    )
    assert found.jobs == Figures()
    assert found.variants == Figures()
    assert (found.actions, found.reasons) == ({}, {})
