"""algoitny by its profile: two job tables in one list, progress as a life sign, problems that name a job."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.systems.algoitny import ROWS, TABLES, Here, act, name_of, number_of, plan, step, stuck
from tests.systems.databases import create_tables, dialect_of
from tests.systems.seat import undo
from unstick.backends import report
from unstick.backends.demo import seed
from unstick.backends.demo.seed_algoitny import CONTENT_TYPES, EXTRACTION
from unstick.recovery.engine import apply
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

ERROR = "Job orphaned: No updates received for more than {} minutes. Worker may have crashed or restarted."
RECOVERED = {"extraction_status": "FAILED", "error_message": "Job orphaned and automatically recovered"}
HANG = "UPDATE problem_extraction_jobs SET status = 'PROCESSING' WHERE id = :id"

ALIVE = {name_of("extraction", "alive", number) for number in (0, 1)}
SILENT = {name_of("extraction", "silent", number) for number in range(3)}
LOST = {name_of("extraction", "no_problem", number) for number in (0, 1)}
OLD, NEWER, BARE = (name_of("extraction", life) for life in ("superseded", "newer", "bare"))
GENERATIONS = {*(name_of("generation", "silent", n) for n in (0, 1)), name_of("generation", "bare")}
DEAD = {*SILENT, *LOST, OLD, BARE, *GENERATIONS}
FAILED = name_of("extraction", "failed")


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Here]:
    await create_tables(database_url, "algoitny")
    made = Here(database_url)
    await made.add(*ROWS)
    yield made
    await made.close()


@pytest.fixture
async def backend(here: Here) -> Backend:
    return await here.console()


async def test_stuck_is_what_neither_an_update_nor_a_progress_step_speaks_for(
    here: Here, backend: Backend
) -> None:
    # By updated_at alone, as the original has it, the living ones would be stuck too.
    assert await stuck(backend) == DEAD
    assert (await backend.counts(None)).stuck == len(DEAD)
    job = await backend.job(JobId(min(SILENT)))
    row = await here.job(min(SILENT))
    assert job.verdict is not None
    assert row is not None
    assert [name for name, _ in job.verdict.evidence][1:3] == ["updated_at", "progress.created_at"]
    assert job.kind == f"{row['platform']}/{row['problem_id']}"
    plain = await here.console(parameters={"life_sign": "updated_at"})
    assert await stuck(plain) == DEAD | ALIVE


async def test_a_step_is_a_sign_of_life_of_its_own_job_only(here: Here, backend: Backend) -> None:
    extraction, generation = min(SILENT), min(GENERATIONS)
    await here.add(step(extraction, 5, of="generation"), step(generation, 5, of="extraction"))
    assert {extraction, generation} <= await stuck(backend)
    await here.add(step(extraction, 5), step(generation, 5))
    assert await stuck(backend) == DEAD - {extraction, generation}


async def test_either_sign_of_life_is_enough_and_the_threshold_is_for_both(
    here: Here, backend: Backend
) -> None:
    again = min(SILENT)
    await act(backend, "recover", again)
    await act(backend, "retry", again)
    await here.run(HANG, id=number_of(again))
    # Its steps are those of the old run, but it was tried again just now.
    assert await stuck(backend) == DEAD - {again}
    # Four minutes old, and its newest step is of ten seconds ago; those of ALIVE are older than a minute.
    newest = await plan(backend, "recover", thresholds={"*": 60.0})
    assert {row.job for row in newest.rows} == (DEAD | ALIVE) - {again}
    assert (await backend.page(Query(stuck_only=True, thresholds={"stuck": None}))).rows == ()


async def test_recover_fails_the_jobs_with_the_documents_text_and_reports_what_it_did(
    here: Here, backend: Backend
) -> None:
    before = await here.snapshot()
    made = await plan(backend, "recover")
    assert any("not revoked" in warning for warning in made.warnings)
    assert not backend.capabilities.fenced
    assert {str(row.job) for row in made.rows} == DEAD
    assert {row.after["error_message"] for row in made.rows} == {ERROR.format(30)}
    assert await here.snapshot() == before
    result = await apply(backend, made)
    for name in DEAD:
        job = await here.job(name)
        assert job is not None
        assert (job["status"], job["error_message"]) == ("FAILED", ERROR.format(30))
        assert await here.recent(name)
    found = report(made, result)
    assert found.pop("message") == f"[Orphaned Job Recovery] Successfully processed {len(DEAD)} job(s): " + (
        ", ".join(str(row.job) for row in made.rows)
    )
    assert found == {
        "found_count": 10,
        "recovered_count": 10,
        "extraction_jobs": 7,
        "generation_jobs": 3,
        "problems_updated": 4,
        "problems_kept": 1,
        "problems_missing": 2,
    }
    again = await plan(backend, "recover")
    nothing = report(again, await apply(backend, again))
    assert nothing["message"] == "[Orphaned Job Recovery] No orphaned jobs found"
    assert nothing["recovered_count"] == nothing["problems_updated"] == 0


async def test_recover_with_another_timeout_says_so(here: Here, backend: Backend) -> None:
    await act(backend, "recover", BARE, thresholds={"*": 300.0})
    job = await here.job(BARE)
    assert job is not None
    assert job["error_message"] == ERROR.format(5)


async def test_recover_merges_into_the_problem_and_keeps_all_other_keys(here: Here, backend: Backend) -> None:
    name = min(SILENT)
    extra = {"execution_count": 7, "tags": ["dp", None], "이름": {"a": 1.5}}
    before = await here.metadata(name)
    await here.set_metadata(name, {**before, **extra})
    await act(backend, "recover")
    number = number_of(name)
    # A number, as the application writes and compares it.
    assert await here.metadata(name) == {**before, **extra, **RECOVERED, "extraction_job_id": number}
    bare = await here.metadata(BARE)
    assert bare == {"execution_count": 3, **RECOVERED, "extraction_job_id": number_of(BARE)}


async def test_the_plan_tells_of_each_problem_what_will_become_of_it(here: Here, backend: Backend) -> None:
    made = await plan(backend, "recover", BARE, OLD, *LOST)
    told = {row.job: row.related for row in made.rows}
    [bare] = told[JobId(BARE)]
    assert "metadata.extraction_status: (absent) -> FAILED" in bare
    assert f"metadata.extraction_job_id: (absent) -> {number_of(BARE)}" in bare
    assert [text.partition(": ")[2] for text in told[JobId(OLD)]] == ["stays as it is, it is not this row's"]
    assert {told[JobId(name)] for name in LOST} == {("problems: there is no such row in problems",)}
    await apply(backend, made)
    assert (await here.metadata(BARE))["extraction_status"] == "FAILED"


@pytest.mark.parametrize("action", ["recover", "retry"])
async def test_a_newer_jobs_result_is_not_overwritten(here: Here, backend: Backend, action: str) -> None:
    before = await here.metadata(NEWER)
    result = await act(backend, action, OLD)
    [row] = result.rows
    assert (row.outcome.value, row.related) == ("applied", ("problems_kept",))
    assert await here.metadata(NEWER) == before
    assert before["extraction_status"] == "COMPLETED"


async def test_the_problem_of_a_generation_job_is_left_alone(here: Here, backend: Backend) -> None:
    before = (await here.snapshot())["problems"]
    await act(backend, "recover", *GENERATIONS)
    await act(backend, "retry", *GENERATIONS)
    assert (await here.snapshot())["problems"] == before


async def test_a_job_without_a_problem_fails_and_is_not_deleted(here: Here, backend: Backend) -> None:
    result = await act(backend, "recover", *LOST)
    assert [row.related for row in result.rows] == [("problems_missing",)] * 2
    for name in LOST:
        job = await here.job(name)
        assert job is not None
        assert job["status"] == "FAILED"


ODD = [
    ({"extraction_job_id": None}, True),
    ({"extraction_job_id": "own"}, True),
    (None, True),
    ({"extraction_job_id": 9999}, False),
    ({"extraction_job_id": "9999"}, False),
    (["no", "object"], False),
    ("text", False),
]


@pytest.mark.parametrize(("metadata", "is_ours"), ODD)
async def test_odd_metadata_never_keeps_the_job_from_failing(
    here: Here, backend: Backend, metadata: Any, is_ours: bool
) -> None:
    number = number_of(BARE)
    if metadata == {"extraction_job_id": "own"}:
        metadata = {"extraction_job_id": str(number)}
    await here.set_metadata(BARE, metadata)
    result = await act(backend, "recover", BARE)
    [row] = result.rows
    assert (row.outcome.value, row.related) == (
        "applied",
        ("problems_updated" if is_ours else "problems_kept",),
    )
    wanted = {**RECOVERED, "extraction_job_id": number} if is_ours else metadata
    assert await here.metadata(BARE) == wanted


async def test_a_job_that_shows_life_or_ends_after_the_plan_is_left_alone(
    here: Here, backend: Backend
) -> None:
    stepped, finished, again = sorted(SILENT)
    made = await plan(backend, "recover", stepped, finished, again)
    await here.add(step(stepped, 0))
    # As the application does it: without updated_at.
    by_id = "UPDATE problem_extraction_jobs SET {} WHERE id = :id"
    await here.run(by_id.format("status = 'COMPLETED'"), id=number_of(finished))
    await here.run(by_id.format("celery_task_id = 'another'"), id=number_of(again))
    before = await here.snapshot()
    result = await apply(backend, made)
    outcomes = {str(row.job): (row.outcome.value, row.detail) for row in result.rows}
    assert {outcome for outcome, _ in outcomes.values()} == {"drifted"}
    assert "no longer stuck" in outcomes[stepped][1]
    assert "PROCESSING → COMPLETED" in outcomes[finished][1]
    assert "taken over" in outcomes[again][1]
    assert await here.snapshot() == before


async def test_retry_resets_the_row_and_its_problem_and_says_who_must_enqueue(
    here: Here, backend: Backend
) -> None:
    before = await here.metadata(FAILED)
    running = name_of("extraction", "fresh")
    made = await plan(backend, "retry", FAILED, running)
    assert any("must enqueue the Celery task" in warning for warning in made.warnings)
    result = await apply(backend, made)
    assert result.counts.applied == 2
    for name in (FAILED, running):
        job = await here.job(name)
        assert job is not None
        assert (job["status"], job["error_message"]) == ("PENDING", None)
        assert await here.recent(name)
    assert await here.metadata(FAILED) == {
        **before,
        "extraction_status": "PENDING",
        "extraction_job_id": number_of(FAILED),
        "progress": "Retry initiated...",
        "error_message": None,
    }


async def test_what_can_be_neither_tried_again_nor_deleted_is_refused_with_its_status(
    backend: Backend,
) -> None:
    done, waiting, running = (name_of("extraction", life) for life in ("completed", "pending", "fresh"))
    refused = await plan(backend, "retry", done, waiting)
    assert refused.rows == ()
    assert {str(left.job): left.reason for left in refused.left_out} == {
        name: f"Job status is {status}. Only FAILED or PROCESSING jobs can be retried."
        for name, status in ((done, "COMPLETED"), (waiting, "PENDING"))
    }
    made = await plan(backend, "delete", running, min(DEAD), done)
    assert [row.job for row in made.rows] == [done]
    assert {left.job for left in made.left_out} == {running, min(DEAD)}
    assert all("it is PROCESSING" in left.reason for left in made.left_out)


async def test_delete_takes_the_progress_of_that_job_and_of_no_other_along(
    here: Here, backend: Backend
) -> None:
    # Steps of a job of the other table with the same number stay.
    await here.add(step(FAILED, 9), step(FAILED, 9, of="generation"))
    before = await here.snapshot()
    result = await act(backend, "delete", FAILED)
    assert result.counts.applied == 1
    assert await here.job(FAILED) is None
    number = number_of(FAILED)
    mine = (CONTENT_TYPES[EXTRACTION], number)
    kept = [
        row for row in before["job_progress_history"] if (row["content_type_id"], row["object_id"]) != mine
    ]
    after = await here.snapshot()
    assert after["job_progress_history"] == kept
    assert len(kept) < len(before["job_progress_history"])
    assert after["problems"] == before["problems"]
    assert (await undo(backend, result)).counts.applied == 1
    assert await here.snapshot() == before


async def test_undo_puts_back_jobs_and_problems(here: Here, backend: Backend) -> None:
    before = await here.snapshot()
    recovered = await act(backend, "recover")
    retried = await act(backend, "retry", *DEAD)
    assert (recovered.counts.applied, retried.counts.applied) == (10, 10)
    assert (await undo(backend, retried)).counts.applied == 10
    assert (await undo(backend, recovered)).counts.applied == 10
    assert await here.snapshot() == before


async def test_undo_leaves_a_job_alone_whose_problem_moved_on(here: Here, backend: Backend) -> None:
    result = await act(backend, "recover", *SILENT)
    moved = min(SILENT)
    await here.set_metadata(moved, {"extraction_status": "COMPLETED", "extraction_job_id": 9999})
    made = await backend.plan_undo(result.operation, Options())
    assert {row.job for row in made.rows} == SILENT - {moved}
    assert [left.job for left in made.left_out] == [moved]
    await apply(backend, made)
    job = await here.job(moved)
    assert job is not None
    assert job["status"] == "FAILED"


async def test_a_job_that_was_tried_three_times_needs_a_person(here: Here, backend: Backend) -> None:
    name = next(iter(LOST))
    hang = HANG.replace(" WHERE", ", updated_at = created_at WHERE")
    for _ in range(3):
        assert (await act(backend, "recover", name)).counts.applied == 1
        await here.run(hang, id=number_of(name))
    assert (await backend.job(JobId(name))).needs_person
    swept = await plan(backend, "recover")
    assert {str(row.job) for row in swept.rows} == DEAD - {name}
    assert [left.reason.partition(":")[0] for left in swept.left_out] == ["needs a person"]
    assert (await act(backend, "recover", name, over_limit=True)).counts.applied == 1


async def test_the_progress_steps_are_the_jobs_event_log(here: Here, backend: Backend) -> None:
    await here.add(step(FAILED, 1, of="generation"))
    events = await backend.events(JobId(FAILED))
    assert events[-1].level == "failed"
    assert events[0].stage == "Fetching webpage"
    assert not any(event.message == "..." for event in events)


async def test_the_progress_table_came_later_and_may_be_absent(here: Here) -> None:
    await here.run("DROP TABLE job_progress_history")
    backend = await here.console()
    [problem] = [text for text in backend.capabilities.problems if "job_progress_history" in text]
    assert "jobs that work may look stuck" in problem
    assert await stuck(backend) == DEAD | ALIVE
    assert await backend.events(JobId(FAILED)) == ()
    assert (await act(backend, "delete", FAILED)).counts.applied == 1


async def test_the_database_is_recognised_by_its_tables(here: Here) -> None:
    assert (await here.console(profile=None)).capabilities.profile == "algoitny"
    await here.run("DROP TABLE script_generation_jobs")
    with pytest.raises(SchemaMismatch):
        await here.console(profile=None)


async def test_hostile_rows_are_read_planned_and_put_back(here: Here, backend: Backend) -> None:
    hostile = seed.hostile_rows("algoitny", dialect_of(here.url))
    await here.add(*hostile)
    names = {
        f"{table}:{row.values['id']}" for table, of in TABLES.items() for row in hostile if row.table == of
    }
    shown = (await backend.page(Query(limit=500))).rows
    assert names <= {str(job.id) for job in shown}
    for name in names:
        await backend.job(JobId(name))
        await backend.events(JobId(name))
    result = await act(backend, "recover")
    assert result.counts.failed == 0
    assert (await undo(backend, result)).counts.applied == result.counts.applied
    gone = await act(backend, "delete", *names)
    assert gone.counts.failed == 0
    assert gone.counts.applied > 0
    assert (await undo(backend, gone)).counts.applied == gone.counts.applied
    assert {str(job.id) for job in (await backend.page(Query(limit=500))).rows} == {
        str(job.id) for job in shown
    }
