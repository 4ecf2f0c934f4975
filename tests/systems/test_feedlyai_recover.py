"""feedlyai: what a recovery writes, counts and reports, and what the application's trigger makes of it."""

from collections.abc import AsyncIterator

import pytest

from tests.systems.consoles import commands
from tests.systems.feedlyai import (
    MINUTE,
    Here,
    act,
    empty,
    job_row,
    name_of,
    of,
    plan,
    seeded,
    stuck_jobs,
    variant_row,
    verdicts,
)
from tests.systems.seat import undo
from unstick.backends import report
from unstick.backends.demo.seed_feedlyai import STEPS, job_id, variant_id
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId

RECOVERED = {
    "lagging": ("done", "planner", 1),
    "lagging_long": ("done", "yolo_detect", 1),
    "lagging_null": ("done", "vlm_analyze", 1),
    "failed_variant": ("done", "overlay", 1),
    "failed_job": ("done", "planner", 2),
    "stalled": ("done", "yolo_detect", 1),
    "silent_running": ("queued", "yolo_detect", 1),
}
"""What the first variant of each life becomes."""
TOUCHED = {variant_id(life) for life in RECOVERED}
UNFINISHED = ("unfinished", "unfinished_null")


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


async def test_recover_does_what_each_scenario_says_and_touches_nothing_else(here: Here) -> None:
    backend = await here.console()
    before = await here.everything()
    made = await plan(backend, "recover")
    assert await here.everything() == before
    assert {row.variant for row in made.rows if row.variant} == TOUCHED
    assert {row.job for row in made.rows if not row.variant} == {job_id(life) for life in UNFINISHED}
    result = await apply(backend, made)
    assert result.counts.applied == len(made.rows) == 9
    for life, expected in RECOVERED.items():
        assert await here.at(variant_id(life)) == expected
    for life in UNFINISHED:
        assert await here.job_at(job_id(life)) == ("done", "iou_eval", 1)
    after = await here.everything()
    for table in set(before) - {"jobs", "jobs_variants"}:
        assert after[table] == before[table]
    for old, new in zip(before["jobs_variants"], after["jobs_variants"], strict=True):
        if str(old["job_variants_id"]) not in TOUCHED:
            assert new == old
        else:
            assert new["updated_at"] > max(old["updated_at"], new["created_at"])
            assert {name for name in old if old[name] != new[name]} <= {"status", "retry_count", "updated_at"}
    assert await stuck_jobs(backend) == {job_id("at_limit")}


async def test_what_was_planned_is_what_was_written(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "recover")
    await apply(backend, made)
    for row in made.rows:
        found = await (here.variant(str(row.variant)) if row.variant else here.job(str(row.job)))
        planned = {name: value for name, value in row.after.items() if value != "{now}"}
        assert {name: found[name] for name in planned} == planned
        assert row.after["retry_count"] == int(row.before["retry_count"] or 0) + 1
    assert any("no step is stopped" in warning for warning in made.warnings)
    reasons = {(row.rule, row.reason) for row in made.rows}
    assert reasons == {
        ("failed", "failed"),
        ("lagging", "lagging"),
        ("stalled", "stuck"),
        ("abandoned", "stuck"),
        ("unfinished", "stuck"),
    }


async def test_the_plan_says_what_happens_to_how_many(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "recover")
    said = {verb: number for number, verb in (part.split(" × ") for part in made.verb.split("; "))}
    assert len(said) == 3
    assert sum(map(int, said.values())) == 9
    assert said["set done and count a retry"] == "2"
    [put_back] = [number for verb, number in said.items() if verb.startswith("put back")]
    assert put_back == "1"
    one = await plan(backend, "recover", of("stalled"))
    assert one.verb.startswith("set done, count a retry and tell the application to begin the next step")


async def test_the_report_has_the_names_of_the_applications_own(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "recover")
    found = report(made, await apply(backend, made))
    # One is at its limit and left for a person.
    assert found == {
        "stuck_count": 10,
        "recovered_count": 9,
        "failed_count": 0,
        "message": "9 stuck variant(s) and unfinished job(s) recovered (1 left out)",
    }
    await act(backend, "recover", of("at_limit"), over_limit=True)
    again = await plan(backend, "recover")
    assert report(again, await apply(backend, again))["message"] == "nothing is stuck"


async def test_attempts_are_in_the_history_with_their_reasons_also_of_jobs(here: Here) -> None:
    backend = await here.console()
    await act(backend, "recover")
    found = {str(attempt.variant or attempt.job): attempt for attempt in await backend.attempts()}
    assert len(found) == 9
    assert found[variant_id("lagging")].reason == "lagging"
    failed = found[variant_id("failed_variant")]
    assert (failed.reason, failed.from_status, failed.to_status) == ("failed", "failed", "done")
    assert (failed.job, failed.result) == (job_id("failed_variant"), "applied")
    unfinished = found[job_id("unfinished")]
    assert (unfinished.reason, unfinished.from_status, unfinished.to_status) == ("stuck", "running", "done")


async def test_a_variant_at_the_limit_waits_for_a_person(here: Here) -> None:
    backend = await here.console()
    [variant] = [each for each in await backend.variants(JobId(job_id("at_limit"))) if each.verdict]
    assert variant.needs_person
    made = await plan(backend, "recover")
    [left] = made.left_out
    assert (left.job, left.variant) == (job_id("at_limit"), variant_id("at_limit"))
    assert left.reason.startswith("needs a person: 3 of 3 retries are used")
    alone = await plan(backend, "recover", of("at_limit"))
    assert (len(alone.rows), len(alone.left_out)) == (0, 1)
    assert (await act(backend, "recover", of("at_limit"), over_limit=True)).counts.applied == 1
    assert await here.at(variant_id("at_limit")) == ("done", "planner", 4)


async def test_the_variable_of_the_document_sets_the_limit(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_RETRY_COUNT", "1")
    made = await plan(await here.console(), "recover")
    assert {left.variant for left in made.left_out} == {variant_id("at_limit"), variant_id("failed_job")}
    monkeypatch.setenv("MAX_RETRY_COUNT", "9")
    assert (await plan(await here.console(), "recover")).left_out == ()


async def test_one_job_or_one_variant_can_be_recovered_alone(here: Here) -> None:
    backend = await here.console()
    result = await act(backend, "recover", job_id("lagging"), of("stalled"))
    assert [str(row.variant) for row in result.rows] == [variant_id("lagging"), variant_id("stalled")]
    [left] = (await plan(backend, "recover", of("lagging", 1))).left_out
    assert "not stuck" in left.reason
    assert await here.at(variant_id("failed_variant")) == ("failed", "overlay", 0)


async def test_undo_puts_jobs_and_variants_back(here: Here) -> None:
    backend = await here.console()
    before = await here.everything()
    result = await act(backend, "recover")
    undone = await undo(backend, result)
    assert undone.counts.applied == 9
    # The jobs that the application's trigger moved, too.
    assert await here.everything() == before
    taken_back = await undo(backend, undone)
    assert taken_back.counts.applied == 9
    for life, expected in RECOVERED.items():
        assert await here.at(variant_id(life)) == expected


async def test_undo_leaves_a_job_alone_that_went_on_meanwhile(here: Here) -> None:
    backend = await here.console()
    result = await act(backend, "recover", job_id("lagging"), job_id("failed_job"))
    where = f"job_id = {here.key('name')}"
    await here.run(f"UPDATE jobs SET current_step = 'vlm_judge' WHERE {where}", name=job_id("lagging"))
    assert (await undo(backend, result)).counts.applied == 2
    assert await here.at(variant_id("lagging")) == ("done", "planner", 0)
    # To its trigger the variant put back is one more that is done.
    step = "planner" if here.has_trigger else "vlm_judge"
    assert await here.job_at(job_id("lagging")) == ("running", step, 0)
    assert await here.job_at(job_id("failed_job")) == ("failed", "vlm_judge", 0)


async def test_a_variant_that_moved_on_since_the_plan_is_left_to_its_worker(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "recover", job_id("lagging"), job_id("failed_variant"), job_id("unfinished"))
    where = f"job_variants_id = {here.key('name')}"
    begin = f"UPDATE jobs_variants SET status = 'running', current_step = 'overlay' WHERE {where}"
    await here.run(begin, name=variant_id("lagging"))
    touch = f"UPDATE jobs_variants SET current_step = 'vlm_analyze' WHERE {where}"
    await here.run(touch, name=variant_id("failed_variant"))
    hold = f"UPDATE jobs_variants SET status = 'running' WHERE {where}"
    await here.run(hold, name=variant_id("unfinished", 0, 2))
    result = await apply(backend, made)
    details = {str(row.variant or row.job): (row.outcome.value, row.detail) for row in result.rows}
    assert details == {
        variant_id("lagging"): ("drifted", "moved on: done → running"),
        variant_id("failed_variant"): (
            "drifted",
            "taken over: current_step overlay → vlm_analyze",
        ),
        job_id("unfinished"): ("drifted", "no longer stuck by the database's clock"),
    }
    assert (await here.at(variant_id("lagging")))[2] == 0


async def test_a_job_goes_back_to_the_step_of_the_variant_that_is_touched_and_comes_along_with_it(
    here: Here,
) -> None:
    backend = await here.console()
    await act(backend, "recover", job_id("lagging"), job_id("failed_job"))
    # The trigger's doing, not ours, and it emits the event of the job by which the application goes on.
    back = here.has_trigger
    assert await here.job_at(job_id("lagging")) == ("running", "planner" if back else "ocr_eval", 0)
    job = ("running", "planner", 0) if back else ("failed", "vlm_judge", 0)
    assert await here.job_at(job_id("failed_job")) == job
    assert await verdicts(backend, job_id("lagging")) == {}
    name, where = variant_id("lagging"), f"job_variants_id = {here.key('name')}"
    for step in STEPS[STEPS.index("planner") + 1 :]:
        for status in ("running", "done"):
            text = f"UPDATE jobs_variants SET status = '{status}', current_step = '{step}' WHERE {where}"
            await here.run(text, name=name)
        if back:
            # Its siblings are at ocr_eval: all at one step make the job done there.
            status = "done" if step == "ocr_eval" else "running"
            assert (await here.job_at(job_id("lagging")))[:2] == (status, step)


async def test_a_job_that_went_back_hides_no_variant_that_is_behind(bare: Here) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "running", "readability_eval"),
        variant_row(job, 0, "done", "yolo_detect", MINUTE),
        variant_row(job, 1, "failed", "planner", MINUTE),
        variant_row(job, 2, "done", "vlm_judge", MINUTE),
        variant_row(job, 3, "done", "readability_eval", MINUTE),
    )
    backend = await bare.console()
    # All of one plan, although the first one that is written moves the job back before the others.
    result = await act(backend, "recover")
    assert result.counts.applied == 3
    for number in range(3):
        assert (await bare.variant(name_of(job, number)))["retry_count"] == 1
    # Nobody heard of it: who is behind a sibling is found again by the third scenario.
    assert await verdicts(backend, job) == {}
    for number in range(3):
        await bare.age(name_of(job, number), 6 * MINUTE)
    assert set(await verdicts(backend, job)) >= {name_of(job, number) for number in range(2)}


async def test_what_nobody_heard_is_told_again(bare: Here) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "running", "overlay"),
        variant_row(job, 0, "queued", "vlm_analyze", 31 * MINUTE),
        variant_row(job, 1, "queued", "overlay", 31 * MINUTE, retry_count=None),
        variant_row(job, 2, "running", "overlay", 31 * MINUTE),
    )
    backend = await bare.console()
    made = await plan(backend, "recover")
    assert any("must be up and listening" in warning for warning in made.warnings)
    assert (await apply(backend, made)).counts.applied == 3
    assert await bare.at(name_of(job, 0)) == ("queued", "vlm_analyze", 1)
    # overlay begins after planner only: the application has no other way to call it.
    assert await bare.at(name_of(job, 1)) == ("done", "planner", 1)
    assert await bare.at(name_of(job, 2)) == ("done", "planner", 1)


async def test_one_recovery_after_the_other_is_no_second_one(bare: Here) -> None:
    job = name_of("job")
    await bare.add(
        job_row(job, "running", "ocr_eval"),
        variant_row(job, 0, "done", "planner", MINUTE, retry_count=None),
        variant_row(job, 1, "failed", "overlay", MINUTE),
        variant_row(job, 2, "done", "ocr_eval", MINUTE),
    )
    first, second = await bare.console(), await bare.console()
    early = await plan(second, "recover")
    assert (await act(first, "recover")).counts.applied == 2
    assert (await apply(second, early)).counts.drifted == 2
    assert (await plan(second, "recover")).rows == ()
    assert (await bare.at(name_of(job, 0)))[2] == (await bare.at(name_of(job, 1)))[2] == 1


async def test_the_command_line_names_a_variant_by_its_job(
    here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = commands(here.url, capsys, monkeypatch)
    dry = (await run("recover", of("stalled"), "--dry-run", "--json")).json
    [change] = dry["changes"]
    assert (change["job"], change["variant"]) == (job_id("stalled"), variant_id("stalled"))
    assert (dry["found"], dry["report"]["stuck_count"]) == (1, 1)
    done = await run("recover", "--yes", "--json")
    assert (done.code, done.json["report"]["recovered_count"]) == (0, 9)
    nothing = await run("recover", "--yes")
    assert nothing.code in (0, 1)
    assert (await here.at(variant_id("stalled")))[2] == 1
