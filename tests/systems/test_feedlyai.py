"""feedlyai by its profile: which jobs and variants are stuck, by which scenario, and why."""

from collections.abc import AsyncIterator
from itertools import product

import pytest

from tests.systems.databases import dialect_of
from tests.systems.feedlyai import (
    HOUR,
    MINUTE,
    ORDER,
    Here,
    empty,
    job_row,
    name_of,
    seeded,
    stuck_jobs,
    variant_row,
    verdicts,
)
from unstick.backends.demo.seed_feedlyai import STEPS, job_id, variant_id
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.query import Query

RULES = {
    "lagging": "lagging",
    "lagging_long": "lagging",
    "lagging_null": "lagging",
    "failed_variant": "failed",
    "failed_job": "failed",
    "at_limit": "failed",
    "stalled": "stalled",
    "silent_running": "abandoned",
}
"""The lives whose first variant is stuck, and by which rule."""
UNFINISHED = {job_id("unfinished"), job_id("unfinished_null")}


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


async def test_each_scenario_is_found_and_nothing_else(here: Here) -> None:
    backend = await here.console()
    assert await stuck_jobs(backend) == {job_id(life) for life in RULES} | UNFINISHED
    for life, rule in RULES.items():
        assert await verdicts(backend, job_id(life)) == {variant_id(life): rule}
    for job in UNFINISHED:
        assert await verdicts(backend, job) == {}
        verdict = (await backend.job(JobId(job))).verdict
        assert verdict is not None
        assert (verdict.rule, verdict.why) == ("unfinished", "all variants done")
        assert dict(verdict.evidence)["variants"] in ("2 of 2 done", "3 of 3 done")


async def test_a_jobs_verdict_tells_what_its_variants_have(here: Here) -> None:
    backend = await here.console()
    job = await backend.job(JobId(job_id("lagging")))
    assert job.verdict is not None
    assert job.verdict.why == "variants: 1 lagging"
    assert (job.step, job.step_index, job.step_count) == ("ocr_eval", 7, 9)
    assert (job.variants_done, job.variants_total) == (3, 3)
    shown = await backend.variants(job.id)
    assert [(variant.name, variant.step, variant.retries) for variant in shown] == [
        ("1", "planner", 0),
        ("2", "ocr_eval", 0),
        ("3", "ocr_eval", 0),
    ]


async def test_a_variants_verdict_tells_both_steps_and_both_times(here: Here) -> None:
    backend = await here.console()
    found = {}
    for life in RULES:
        shown = {str(each.id): each.verdict for each in await backend.variants(JobId(job_id(life)))}
        found[life] = shown[variant_id(life)]
    lagging, failed, stalled = found["lagging"], found["failed_variant"], found["stalled"]
    assert lagging is not None
    assert lagging.why.startswith("lagging: planner behind ocr_eval, idle ")
    evidence = dict(lagging.evidence)
    assert evidence["step"] == "planner (4 of 9)"
    assert evidence["its job's step"] == "ocr_eval (7 of 9)"
    assert evidence["threshold"] == "10s"
    assert {"updated_at", "database clock"} <= set(evidence)
    assert failed is not None
    assert failed.why == "failed: overlay behind readability_eval"
    assert stalled is not None
    assert stalled.why.startswith("stalled: yolo_detect behind ocr_eval, idle 8m")
    assert dict(stalled.evidence)["a sibling's step"] == "ocr_eval (7 of 9)"


# The names compared as texts, as the original has it, are wrong for 35 of these 64 pairs.
async def test_a_sibling_is_further_on_by_the_order_of_the_steps_and_never_by_their_names(bare: Here) -> None:
    pairs = [(own, other) for own, other in product(ORDER, ORDER) if own not in (other, "iou_eval")]
    assert len(pairs) == 64
    # At a step that is not in the order, so that nobody is behind the job itself.
    await bare.add(*(job_row(name_of(*pair), "running", "user_img_input") for pair in pairs))
    await bare.add(*(variant_row(name_of(*pair), 0, "done", pair[0], 6 * MINUTE) for pair in pairs))
    await bare.add(*(variant_row(name_of(*pair), 1, "done", pair[1], 4 * MINUTE) for pair in pairs))
    backend = await bare.console()
    found = await stuck_jobs(backend)
    assert found == {name_of(own, other) for own, other in pairs if ORDER[own] < ORDER[other]}
    assert len(found) == 36
    by_name = {name_of(own, other) for own, other in pairs if own < other}
    assert len(found ^ by_name) == 35
    job = name_of("ocr_eval", "iou_eval")
    assert await verdicts(backend, job) == {name_of(job, 0): "stalled"}


async def test_a_variant_is_behind_its_job_by_the_order_of_the_steps(bare: Here) -> None:
    steps = [*ORDER, "user_img_input", "ad_copy_gen_kor", None]
    pairs = list(product(steps, steps))
    await bare.add(*(job_row(name_of(*pair), "running", pair[1]) for pair in pairs))
    await bare.add(*(variant_row(name_of(*pair), 0, "failed", pair[0]) for pair in pairs))
    behind = {
        name_of(own, jobs)
        for own, jobs in pairs
        if own in ORDER and jobs in ORDER and ORDER[str(own)] < ORDER[str(jobs)]
    }
    assert len(behind) == 36
    assert await stuck_jobs(await bare.console()) == behind


@pytest.mark.parametrize("status", ["queued", "running", "done", "failed"])
async def test_being_behind_counts_while_the_job_runs_or_has_failed(bare: Here, status: str) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, status, "ocr_eval"),
        variant_row(job, 0, "done", "planner", MINUTE),
        variant_row(job, 1, "failed", "overlay", MINUTE),
        variant_row(job, 2, "queued", "overlay", MINUTE),
        variant_row(job, 3, "running", "overlay", MINUTE),
        variant_row(job, 4, "done", "ocr_eval", MINUTE),
        variant_row(job, 5, "failed", "ocr_eval", MINUTE),
    )
    found = await verdicts(await bare.console(), job)
    expected = {name_of(job, 0): "lagging", name_of(job, 1): "failed"}
    assert found == (expected if status in ("running", "failed") else {})


async def test_a_variant_that_several_scenarios_fit_counts_once_for_the_first(bare: Here) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "running", "vlm_judge"),
        variant_row(job, 0, "done", "planner", 9 * MINUTE),
        variant_row(job, 1, "failed", "planner", 9 * MINUTE),
        variant_row(job, 2, "done", "vlm_judge", 9 * MINUTE),
        variant_row(job, 3, "running", "iou_eval", 9 * MINUTE),
    )
    backend = await bare.console()
    assert await verdicts(backend, job) == {
        name_of(job, 0): "lagging",
        name_of(job, 1): "failed",
        name_of(job, 2): "stalled",
    }
    shown = await backend.job(JobId(job))
    assert shown.verdict is not None
    assert shown.verdict.why == "variants: 1 failed, 1 lagging, 1 stalled"
    planned = await backend.plan("recover", Query(stuck_only=True), Options())
    assert sorted(str(row.variant) for row in planned.rows) == sorted(name_of(job, n) for n in range(3))


async def test_a_stalled_variant_is_one_that_said_nothing_for_five_minutes_or_as_long_as_one_likes(
    bare: Here,
) -> None:
    job, other = name_of("job"), name_of("other")
    for name, age in ((job, 4.5 * MINUTE), (other, 5.5 * MINUTE)):
        await bare.add(
            job_row(name, "running", "planner"),
            variant_row(name, 0, "done", "planner", age),
            variant_row(name, 1, "running", "overlay"),
        )
    backend = await bare.console()
    assert await stuck_jobs(backend) == {other}
    assert await stuck_jobs(backend, stalled=3 * MINUTE) == {job, other}
    assert await stuck_jobs(backend, stalled=None) == set()
    assert await stuck_jobs(await bare.console(thresholds={"stalled": 6 * MINUTE})) == set()


async def test_a_job_that_is_done_to_the_end_has_no_stalled_variants(bare: Here) -> None:
    over, later, between = name_of("over"), name_of("later"), name_of("between")
    for job, step in ((over, "iou_eval"), (later, "instagram_feed_gen"), (between, "planner")):
        await bare.add(
            job_row(job, "done", step),
            variant_row(job, 0, "done", "planner", 9 * MINUTE),
            variant_row(job, 1, "done", "iou_eval", 9 * MINUTE),
        )
    # Every step that all variants have done makes the job done for a moment.
    assert await stuck_jobs(await bare.console()) == {between}


async def test_a_variant_without_any_time_is_not_hidden(bare: Here) -> None:
    job = name_of("job")
    await bare.add(job_row(job, "running", "overlay"), variant_row(job, 0, "running", "overlay"))
    backend = await bare.console()
    assert await stuck_jobs(backend) == set()
    await bare.run("UPDATE jobs_variants SET updated_at = NULL")
    assert await stuck_jobs(backend) == set(), "it was made a minute ago"
    await bare.run("UPDATE jobs_variants SET created_at = NULL")
    assert await verdicts(backend, job) == {name_of(job, 0): "abandoned"}


@pytest.mark.parametrize(
    ("status", "step", "variants", "is_stuck"),
    [
        ("running", "iou_eval", [("done", "iou_eval")], True),
        ("running", "iou_eval", [("done", "iou_eval"), ("done", "iou_eval")], True),
        ("running", "iou_eval", [], False),
        ("running", "iou_eval", [("done", "iou_eval"), ("running", "iou_eval")], False),
        ("running", "iou_eval", [("done", "iou_eval"), ("queued", "iou_eval")], False),
        ("running", "iou_eval", [("done", "iou_eval"), ("failed", "iou_eval")], False),
        ("running", "iou_eval", [("done", "iou_eval"), ("done", "upscale")], False),
        ("running", "iou_eval", [("done", "iou_eval"), ("done", None)], False),
        ("running", "iou_eval", [("done", "iou_eval"), (None, "iou_eval")], False),
        ("running", "ocr_eval", [("done", "iou_eval")], False),
        ("running", None, [("done", "iou_eval")], False),
        ("failed", "iou_eval", [("done", "iou_eval")], False),
        ("done", "iou_eval", [("done", "iou_eval")], False),
    ],
)
async def test_a_job_is_unfinished_when_it_runs_at_the_last_step_and_all_its_variants_are_done_there(
    sqlite_url: str, status: str, step: str | None, variants: list[tuple[str, str]], is_stuck: bool
) -> None:
    bare = await empty(sqlite_url)
    job = name_of("job")
    rows = [variant_row(job, number, *each) for number, each in enumerate(variants)]
    await bare.add(job_row(job, status, step), *rows)
    backend = await bare.console()
    assert await stuck_jobs(backend) == ({job} if is_stuck else set())
    await bare.close()


async def test_a_variant_whose_worker_died_is_abandoned_after_half_an_hour(bare: Here) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "running", "overlay"),
        variant_row(job, 0, "running", "overlay", 29 * MINUTE),
        variant_row(job, 1, "running", "overlay", 31 * MINUTE),
    )
    backend = await bare.console()
    assert await verdicts(backend, job) == {name_of(job, 1): "abandoned"}
    assert await stuck_jobs(await bare.console(thresholds={"abandoned": None})) == set()


async def test_a_queued_variant_of_a_job_that_has_begun_was_told_while_nobody_listened(bare: Here) -> None:
    begun, waiting = name_of("begun"), name_of("waiting")
    for job, status in ((begun, "running"), (waiting, "queued")):
        await bare.add(
            job_row(job, status, "vlm_analyze"),
            variant_row(job, 0, "queued", "vlm_analyze", 29 * MINUTE),
            variant_row(job, 1, "queued", "vlm_analyze", 31 * MINUTE),
        )
    backend = await bare.console()
    assert await verdicts(backend, begun) == {name_of(begun, 1): "unheard"}
    assert await verdicts(backend, waiting) == {}


@pytest.mark.parametrize("step", [*STEPS, "img_gen", "upscale"])
async def test_a_pipeline_is_halted_when_all_its_variants_wait_alike_since_not_too_long_ago(
    bare: Here, step: str
) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "done", step),
        variant_row(job, 0, "done", step, 40 * MINUTE),
        variant_row(job, 1, "done", step, 20 * MINUTE),
        variant_row(job, 2, "done", step, 25 * HOUR),
    )
    backend = await bare.console()
    over = step in ("iou_eval", "upscale")
    assert await verdicts(backend, job) == ({} if over else {name_of(job, 0): "halted"})
    assert await stuck_jobs(backend, halted=None) == set()


async def test_the_database_is_recognised_by_its_variants(here: Here) -> None:
    backend = await here.console(profile=None)
    assert backend.capabilities.profile == "feedlyai"
    assert backend.capabilities.problems == ()


async def test_jobs_without_variants_are_some_other_system(bare: Here) -> None:
    await bare.run("ALTER TABLE jobs_variants RENAME TO old_variants")
    with pytest.raises(SchemaMismatch, match="no known job system"):
        await bare.console(profile=None)


async def test_what_came_later_may_be_missing(bare: Here) -> None:
    if dialect_of(bare.url) != "mysql":
        for name in ("jobs", "jobs_status", "jobs_variants", "jobs_variants_status", "jobs_variants_job_id"):
            await bare.run(f"DROP INDEX idx_{name}_retry_count")
    for table, column in (("jobs", "retry_count"), ("jobs_variants", "retry_count"), ("jobs", "version")):
        await bare.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("evaluations", "instagram_feeds", "txt_ad_copy_generations"):
        await bare.run(f"DROP TABLE {table}")
    assert (await bare.console(profile=None)).capabilities.profile == "feedlyai"
