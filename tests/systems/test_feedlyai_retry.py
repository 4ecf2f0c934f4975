"""feedlyai: retrying a failed variant or a failed job, and deleting a job with all that it has."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.systems.databases import dialect_of
from tests.systems.feedlyai import (
    ORDER,
    Here,
    act,
    empty,
    job_row,
    name_of,
    of,
    plan,
    seeded,
    variant_row,
)
from tests.systems.seat import undo
from unstick.backends.demo import seed
from unstick.backends.demo.seed_feedlyai import STEPS, job_id, variant_id
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.query import Query

# Children first, as the application's own script has it.
DELETE_ORDER = [
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
]


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Here]:
    made = await seeded(database_url)
    yield made
    await made.close()


@pytest.fixture
async def bare(database_url: str) -> AsyncIterator[Here]:
    made = await empty(database_url)
    yield made
    await made.close()


async def test_a_failed_variant_that_is_retried_begins_its_own_step_again(here: Here) -> None:
    backend = await here.console()
    before = await here.everything()
    made = await plan(backend, "retry", of("failed_job"), of("not_behind"))
    assert [(row.before["status"], row.after["status"], row.after["current_step"]) for row in made.rows] == [
        ("failed", "queued", "planner"),
        ("failed", "done", "planner"),
    ]
    result = await apply(backend, made)
    assert result.counts.applied == 2
    assert await here.at(variant_id("failed_job")) == ("queued", "planner", 2)
    # overlay begins after planner only: the application has no other way to call it.
    assert await here.at(variant_id("not_behind")) == ("done", "planner", 1)
    assert {attempt.reason for attempt in await backend.attempts()} == {"manual_retry"}
    assert (await undo(backend, result)).counts.applied == 2
    assert await here.everything() == before


async def test_only_a_failed_variant_can_be_retried(here: Here) -> None:
    made = await plan(await here.console(), "retry", of("lagging"), of("silent_running"))
    assert made.rows == ()
    assert [left.reason for left in made.left_out] == [
        "Variant status is done. Only a failed variant can be retried: its step begins again.",
        "Variant status is running. Only a failed variant can be retried: its step begins again.",
    ]


async def test_a_variant_at_the_limit_is_retried_by_hand_only_with_a_word_for_it(here: Here) -> None:
    backend = await here.console()
    [left] = (await plan(backend, "retry", of("failed"))).left_out
    assert "needs a person" in left.reason
    assert (await act(backend, "retry", of("failed"), over_limit=True)).counts.applied == 1
    assert await here.at(variant_id("failed")) == ("done", "planner", 4)


@pytest.mark.parametrize("step", ["vlm_analyze", "overlay", "iou_eval"])
async def test_a_failed_job_is_retried_with_all_its_variants(bare: Here, step: str) -> None:
    job, other = name_of("job"), name_of("other")
    for name in (job, other):
        variants = [variant_row(name, number, "failed", step, retry_count=None) for number in range(2)]
        await bare.add(job_row(name, "failed", step, retry_count=None), *variants)
    backend = await bare.console()
    before = await bare.everything()
    result = await act(backend, "retry", job)
    assert result.counts.applied == 1
    assert result.rows[0].related == ("variants_updated", "variants_updated")
    for number in range(2):
        found = await bare.at(name_of(job, number))
        assert found == (("done", "planner", 1) if step == "overlay" else ("queued", step, 1))
        assert await bare.at(name_of(other, number)) == ("failed", step, None)
    # All variants done at one step make the job done there, until the next one begins.
    moved = step == "overlay" and bare.has_trigger
    assert await bare.job_at(job) == (("done", "planner", 1) if moved else ("running", step, 1))
    assert await bare.job_at(other) == ("failed", step, None)
    assert (await undo(backend, result)).counts.applied == 1
    assert await bare.everything() == before


@pytest.mark.parametrize(
    ("step", "variants"),
    [
        ("planner", []),
        ("planner", [("failed", "planner"), ("done", "planner")]),
        ("planner", [("failed", "planner"), ("running", "planner")]),
        ("planner", [("failed", "planner"), ("queued", "planner")]),
        ("planner", [("failed", "planner"), ("failed", "overlay")]),
        ("planner", [("failed", "planner"), ("failed", None)]),
        ("img_gen", [("failed", "img_gen")]),
        (None, [("failed", "planner")]),
    ],
)
async def test_a_job_is_retried_only_when_all_its_variants_failed_at_its_own_step(
    sqlite_url: str, step: str | None, variants: list[tuple[str, str]]
) -> None:
    bare = await empty(sqlite_url)
    job = name_of("job")
    rows = [variant_row(job, number, *each) for number, each in enumerate(variants)]
    await bare.add(job_row(job, "failed", step), *rows)
    [left] = (await plan(await bare.console(), "retry", job)).left_out
    assert left.reason == (
        f"Cannot retry job {job}: not all of its variants failed at the job's own step. "
        "Recover the job, or retry its failed variants one by one."
    )
    await bare.close()


async def test_a_job_that_has_not_failed_is_not_retried_and_neither_is_one_at_the_limit(here: Here) -> None:
    backend = await here.console()
    names = [job_id(life) for life in ("running", "done", "queued", "failed")]
    made = await plan(backend, "retry", *names)
    refused = "Cannot retry job with status: {}. Only 'failed' jobs can be retried."
    assert [left.reason for left in made.left_out][:3] == [
        refused.format(status) for status in ("running", "done", "queued")
    ]
    assert "needs a person" in made.left_out[3].reason
    assert (await act(backend, "retry", job_id("failed"), over_limit=True)).counts.applied == 1
    assert (await here.at(variant_id("failed", 0, 1)))[2] == 4


async def test_a_job_whose_variant_came_back_meanwhile_is_not_retried(bare: Here) -> None:
    job = name_of("job")
    await bare.add(job_row(job, "failed", "planner"), variant_row(job, 0, "failed", "planner"))
    backend = await bare.console()
    made = await plan(backend, "retry", job)
    await bare.run("UPDATE jobs_variants SET status = 'running'")
    [row] = (await apply(backend, made)).rows
    assert (row.outcome.value, row.detail[:16]) == ("drifted", "Cannot retry job")
    assert await bare.job_at(job) == ("failed", "planner", 0)


async def test_deleted_jobs_take_all_that_they_have_along_and_come_back_whole(here: Here) -> None:
    backend = await here.console()
    before = await here.everything()
    names = [job_id("done", number) for number in range(10)] + [job_id("failed"), job_id("null_step")]
    made = await plan(backend, "delete", *names)
    assert await here.everything() == before
    assert len(made.rows) == len(names)
    assert "3 jobs_variants deleted" in made.rows[0].related
    assert "3 planner_proposals deleted" in made.rows[0].related
    statements = [text.split()[2].strip('`"') for text in made.sql if text.startswith("DELETE")]
    assert statements == DELETE_ORDER
    result = await apply(backend, made)
    assert result.counts.applied == len(names)
    after = await here.everything()
    for table, key in (("jobs", "job_id"), ("image_assets", "job_id"), ("jobs_variants", "job_id")):
        assert not {str(row[key]) for row in after[table]} & set(names)
    assert sum(map(len, after.values())) < sum(map(len, before.values())) - 200
    orphans = "SELECT count(*) AS n FROM {} AS c LEFT JOIN {} AS p ON p.{} = c.{} WHERE p.{} IS NULL"
    for child, parent, key in (
        ("overlay_layouts", "jobs_variants", "job_variants_id"),
        ("gen_variants", "gen_runs", "run_id"),
    ):
        assert await here.rows(orphans.format(child, parent, key, key, key)) == [{"n": 0}]
    assert (await undo(backend, result)).counts.applied == len(names)
    assert _sorted(await here.everything()) == _sorted(before)


def _sorted(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {
        table: sorted(str(sorted(row.items(), key=str)) for row in rows) for table, rows in tables.items()
    }


async def test_a_running_job_is_not_deleted_and_the_others_are(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "delete", job_id("running"), job_id("failed"), job_id("queued"))
    [left] = made.left_out
    running = job_id("running")
    assert left.job == running
    assert left.reason == (
        f"Cannot delete running job {running}. Recover it first, or wait for it to finish."
    )
    await here.run("UPDATE jobs SET status = 'running' WHERE status = 'queued'")
    result = await apply(backend, made)
    assert [(row.job, row.outcome.value) for row in result.rows] == [
        (job_id("failed"), "applied"),
        (job_id("queued"), "drifted"),
    ]


async def test_only_the_tables_that_are_there_are_cleared(here: Here) -> None:
    for table in DELETE_ORDER:
        if table not in ("jobs_variants", "image_assets", "jobs"):
            await here.run(f"DROP TABLE {table}")
    backend = await here.console()
    made = await plan(backend, "delete", job_id("done"))
    assert made.rows[0].related == ("3 jobs_variants deleted", "4 image_assets deleted")
    result = await apply(backend, made)
    assert result.counts.applied == 1
    assert (await undo(backend, result)).counts.applied == 1
    assert len(await backend.variants(JobId(job_id("done")))) == 3
    assert await backend.events(JobId(job_id("done"))) == ()


async def test_what_the_models_were_asked_is_the_log_of_a_job(here: Here) -> None:
    events = await (await here.console()).events(JobId(job_id("done")))
    assert {(event.message, event.stage) for event in events} == {("analyze", "llava")}


async def test_the_steps_are_those_of_the_document() -> None:
    assert list(ORDER) == ["img_gen", *STEPS]


async def test_hostile_rows_are_read_planned_deleted_and_put_back(here: Here) -> None:
    hostile = seed.hostile_rows("feedlyai", dialect_of(here.url))
    await here.add(*hostile)
    names = [str(row.values["job_id"]) for row in hostile if row.table == "jobs"]
    assert names
    backend = await here.console()
    shown = {str(job.id) for job in (await backend.page(Query(limit=500))).rows}
    for name in shown:
        await backend.job(JobId(name))
        await backend.variants(JobId(name))
        await backend.events(JobId(name))
    result = await act(backend, "recover")
    assert result.counts.failed == 0
    assert (await undo(backend, result)).counts.applied == result.counts.applied
    gone = await act(backend, "delete", *shown)
    assert gone.counts.failed == 0
    assert (await undo(backend, gone)).counts.applied == gone.counts.applied
    assert {str(job.id) for job in (await backend.page(Query(limit=500))).rows} == shown
