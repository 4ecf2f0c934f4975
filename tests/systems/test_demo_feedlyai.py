"""feedlyai: what its triggers tell and decide, what its foreign keys refuse, its rows and its worker."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, in_database
from unstick.backends.demo import database, seed
from unstick.backends.demo.connection import Connection, connect
from unstick.backends.demo.seed_feedlyai import STEPS, job_id, variant_id
from unstick.backends.demo.work_feedlyai import CONCURRENCY, FeedlyAIWork

ROWS = seed.rows("feedlyai")
ORDER = {"img_gen": 0} | {step: number for number, step in enumerate(STEPS, start=1)}
# Children first, as the original's script has it.
DELETE_ORDER = (
    "txt_ad_copy_generations",
    "instagram_feeds",
    "evaluations",
    "vlm_traces",
    "llm_traces",
    "overlay_layouts",
    "planner_proposals",
    "jobs_variants",
    "yolo_runs",
    "detections",
    "gen_variants",
    "gen_runs",
    "job_inputs",
    "image_assets",
    "jobs",
)
NOW = "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
TOUCH = f"UPDATE jobs_variants SET retry_count = coalesce(retry_count, 0) + 1, updated_at = {NOW}"


@pytest.fixture(params=["postgresql", "sqlite"])
def triggered_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of the two engines that have the trigger."""
    url: str = request.getfixturevalue({"postgresql": "postgres_url", "sqlite": "sqlite_url"}[request.param])
    return url


@pytest.fixture
def worker_base(tmp_path: Path) -> Iterator[Connection]:
    path = database.create(tmp_path / "demo", systems=["feedlyai"])["feedlyai"]
    with closing(connect(path)) as connection:
        yield connection


@pytest.fixture
def console(tmp_path: Path, worker_base: Connection) -> Iterator[Connection]:
    """Another connection to the worker's database: what is done in it is news to the worker."""
    with closing(connect(database.path_of(tmp_path / "demo", "feedlyai"))) as connection:
        yield connection


def job(life: str, number: int = 0) -> seed.SeedRow:
    return next(row for row in ROWS if row.table == "jobs" and row.values["job_id"] == job_id(life, number))


def variants(life: str, number: int = 0) -> list[seed.SeedRow]:
    own = [row for row in ROWS if row.table == "jobs_variants"]
    return [row for row in own if row.values["job_id"] == job_id(life, number)]


def behind(life: str) -> list[str]:
    """The statuses of the variants that are behind their job."""
    reached = ORDER.get(job(life).values["current_step"], -1)
    steps = [(row.values["status"], ORDER.get(row.values["current_step"], 99)) for row in variants(life)]
    return [status for status, step in steps if step < reached]


def test_every_scenario_is_there() -> None:
    assert behind("lagging") == behind("lagging_long") == behind("lagging_null") == ["done"]
    assert behind("failed_variant") == behind("failed_job") == behind("at_limit") == ["failed"]
    assert job("failed_job").values["status"] == "failed"
    first, second = variants("stalled")
    assert behind("stalled") == []
    assert ORDER[second.values["current_step"]] > ORDER[first.values["current_step"]]
    # Names in the order of the alphabet tell the opposite.
    assert second.values["current_step"] < first.values["current_step"]
    assert (first.ages["updated_at"] or 0) > 300
    for life in ("unfinished", "unfinished_null"):
        assert job(life).values["status"] == "running"
        assert {row.values["current_step"] for row in variants(life)} == {job(life).values["current_step"]}
        assert {row.values["status"] for row in variants(life)} == {"done"}
    assert variants("empty") == []
    for life in ("not_behind", "unknown_job_step", "unknown_variant_step", "running", "done"):
        assert behind(life) == []
    assert behind("silent_running") == ["running"]
    assert job("lagging_null").values["retry_count"] is None
    assert variants("lagging_null")[0].values["retry_count"] is None
    assert {row.values["status"] for row in ROWS if row.table == "jobs"} == {
        "queued",
        "running",
        "done",
        "failed",
    }


async def test_both_channels_tell_of_changes_with_their_keys(postgres_url: str) -> None:
    await create_tables(postgres_url, "feedlyai")
    await in_database(postgres_url, lambda connection: seed.insert(connection, "feedlyai", ROWS))
    heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    def hear(_: object, __: int, channel: str, payload: object) -> None:
        heard.put_nowait((channel, json.loads(str(payload))))

    listener, writer = await asyncpg.connect(postgres_url), await asyncpg.connect(postgres_url)
    try:
        for channel in ("job_state_changed", "job_variant_state_changed"):
            await listener.add_listener(channel, hear)
        job_name, variant = job_id("empty"), variant_id("silent_running")
        # Neither of these two is told of: nothing that matters has changed.
        await writer.execute("UPDATE jobs SET updated_at = now() WHERE job_id = $1", job_name)
        await writer.execute("UPDATE jobs_variants SET selected = TRUE WHERE job_variants_id = $1", variant)
        await writer.execute("UPDATE jobs SET status = 'done' WHERE job_id = $1", job_name)
        channel, told = await asyncio.wait_for(heard.get(), 30)
        assert channel == "job_state_changed"
        assert set(told) == {"job_id", "current_step", "status", "tenant_id", "updated_at"}
        assert (told["job_id"], told["status"]) == (job_name, "done")
        # A new time alone is told of, where it is a variant's.
        await writer.execute(
            "UPDATE jobs_variants SET updated_at = now() WHERE job_variants_id = $1", variant
        )
        channel, told = await asyncio.wait_for(heard.get(), 30)
        assert channel == "job_variant_state_changed"
        assert set(told) == {
            "job_variants_id",
            "job_id",
            "current_step",
            "status",
            "img_asset_id",
            "tenant_id",
            "updated_at",
        }
        assert told["tenant_id"] == job("silent_running").values["tenant_id"]
        assert heard.empty()
    finally:
        await listener.close()
        await writer.close()


CASES = [
    # Other variants, the one that changes, what the job becomes (it was running at overlay).
    ([], "img_gen done", "running overlay"),
    (["iou_eval done"], "iou_eval done", "done iou_eval"),
    (["ocr_eval done"], "iou_eval done", "running iou_eval"),
    (["iou_eval failed"], "iou_eval done", "running iou_eval"),
    (["planner done", "planner done"], "planner done", "done planner"),
    (["planner done"], "overlay failed", "failed overlay"),
    (["planner failed"], "overlay done", "failed overlay"),
    (["planner running"], "vlm_judge done", "running vlm_judge"),
    (["planner running"], "vlm_judge failed", "running overlay"),
    # The trap: a variant that is helped along takes its job back with it.
    (["ocr_eval done"], "yolo_detect done", "running yolo_detect"),
]


@pytest.mark.parametrize(("others", "changed", "meant"), CASES)
async def test_the_trigger_sets_the_job_by_its_variants(
    triggered_url: str, others: list[str], changed: str, meant: str
) -> None:
    await create_tables(triggered_url, "feedlyai")
    name = job_id("made up")
    insert = "INSERT INTO jobs_variants (job_id, creation_order, current_step, status) VALUES ('{}', {}, {})"

    def work(connection: sa.Connection) -> str:
        run = connection.exec_driver_sql
        run(f"INSERT INTO jobs (job_id, status, current_step) VALUES ('{name}', 'running', 'overlay')")
        for number, other in enumerate([*others, "vlm_analyze running"]):
            step, status = other.split()
            run(insert.format(name, number, f"'{step}', '{status}'"))
        step, status = changed.split()
        run(
            f"UPDATE jobs_variants SET current_step = '{step}', status = '{status}'"
            f" WHERE creation_order = {len(others)}"
        )
        return " ".join(run("SELECT status, current_step FROM jobs").one())

    assert await in_database(triggered_url, work) == meant


async def test_children_keep_a_job_from_being_deleted_until_they_are_gone(database_url: str) -> None:
    await create_tables(database_url, "feedlyai")
    await in_database(database_url, lambda connection: seed.insert(connection, "feedlyai", ROWS))
    for table in ("jobs", "jobs_variants"):

        def too_early(connection: sa.Connection, name: str = table) -> None:
            connection.exec_driver_sql(f"DELETE FROM {name} WHERE job_id = '{job_id('done')}'")

        with pytest.raises(sa.exc.IntegrityError):
            await in_database(database_url, too_early)

    def in_order(connection: sa.Connection) -> int:
        for table in DELETE_ORDER:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        left: int = connection.exec_driver_sql("SELECT count(*) FROM jobs").scalar_one()
        return left

    assert await in_database(database_url, in_order) == 0


def value(connection: Connection, query: str, *parameters: object) -> Any:
    return connection.execute(query, parameters).fetchone()[0]


def status_of(connection: Connection, name: str) -> str:
    row = connection.execute("SELECT status, current_step FROM jobs WHERE job_id = ?", (name,)).fetchone()
    return " ".join(row)


def ticks(work: FeedlyAIWork, until: Callable[[], object]) -> list[str]:
    said: list[str] = []
    for _ in range(1000):
        if until():
            return said
        said += work.tick()
    raise AssertionError(f"not within a thousand rounds; it said {said[-5:]}")


def only(connection: Connection, life: str) -> None:
    """Nothing else is queued, so that the worker has nothing else to do."""
    connection.execute(
        "UPDATE jobs SET status = 'failed' WHERE status = 'queued' AND job_id <> ?", (job_id(life),)
    )


def test_the_worker_takes_the_oldest_queued_jobs_through_all_steps(worker_base: Connection) -> None:
    query = "SELECT job_id FROM jobs WHERE status = 'queued' ORDER BY created_at LIMIT ?"
    oldest = [row[0] for row in worker_base.execute(query, (CONCURRENCY,))]
    work = FeedlyAIWork(worker_base)
    assert work.tick() == [f"started {name}" for name in oldest]
    ends = ("done iou_eval", "running iou_eval")
    ticks(work, lambda: not work._held and all(status_of(worker_base, name) in ends for name in oldest))
    for name in oldest:
        states = worker_base.execute(
            "SELECT status, current_step FROM jobs_variants WHERE job_id = ?", (name,)
        ).fetchall()
        is_done = {tuple(state) for state in states} == {("done", "iou_eval")}
        assert status_of(worker_base, name) == ("done iou_eval" if is_done else "running iou_eval")


@pytest.mark.parametrize(
    "life", ["lagging", "lagging_long", "lagging_null", "stalled", "failed_variant", "at_limit"]
)
def test_a_variant_that_was_left_behind_stays_so_until_somebody_touches_it_and_then_finishes(
    worker_base: Connection, console: Connection, life: str
) -> None:
    only(worker_base, life)
    worker_base.execute("UPDATE jobs_variants SET status = 'done' WHERE status = 'running'")
    work = FeedlyAIWork(worker_base)
    work.tick()
    name, variant = job_id(life), variant_id(life)
    assert work._held == {}
    console.execute(f"{TOUCH}, status = 'done' WHERE job_id = ?", (name,))
    ticks(work, lambda: status_of(worker_base, name) == "done iou_eval")
    assert (
        value(worker_base, "SELECT current_step FROM jobs_variants WHERE job_variants_id = ?", variant)
        == "iou_eval"
    )


def test_a_killed_worker_leaves_its_variants_and_the_next_one_waits_for_an_event(
    worker_base: Connection, console: Connection
) -> None:
    killed = FeedlyAIWork(worker_base)
    killed.tick()
    lost = list(killed._held.values())
    worker_base.execute("UPDATE jobs SET status = 'failed' WHERE status = 'queued'")
    after = FeedlyAIWork(worker_base)
    assert [after.tick() for _ in range(10)] == [[]] * 10
    for held in lost:
        console.execute(f"{TOUCH}, status = 'queued' WHERE job_variants_id = ?", (held.variant,))
    ticks(after, lambda: all(status_of(worker_base, held.job) == "done iou_eval" for held in lost))


def test_the_worker_gives_up_a_variant_that_somebody_else_moved(worker_base: Connection) -> None:
    work = FeedlyAIWork(worker_base)
    work.tick()
    variant = next(iter(work._held))
    worker_base.execute("UPDATE jobs_variants SET status = 'failed' WHERE job_variants_id = ?", (variant,))
    assert f"gave up {variant}: somebody else changed it" in work.tick()


def test_adopting_takes_the_living_and_a_fed_job_gets_three_variants(worker_base: Connection) -> None:
    work = FeedlyAIWork(worker_base, feed=9)
    work.adopt()
    assert {held.job for held in work._held.values()} == {job_id("running", number) for number in range(2)}
    assert work.tick()[0] == "added a job"
    newest = (
        "SELECT count(*) FROM jobs_variants WHERE job_id = (SELECT job_id FROM jobs ORDER BY pk DESC LIMIT 1)"
    )
    assert value(worker_base, newest) == 3
