"""bg_jobs: one task inside the JSON document of its interval is retried, and put back."""

from collections.abc import AsyncIterator

import pytest

from tests.systems.bg_jobs import ROWS, Here
from tests.systems.databases import create_tables, in_database
from tests.systems.seat import undo
from unstick.backends.demo import seed
from unstick.backends.demo.seed_bg_jobs import job_id, task_id
from unstick.recovery.engine import Result, apply
from unstick.recovery.model import JobId, Target, VariantId
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend

ENDED, TASK = job_id("failed_tasks"), task_id("failed_tasks", 0, 1)


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Here]:
    await create_tables(database_url, "bg_jobs")
    await in_database(database_url, lambda connection: seed.insert(connection, "bg_jobs", ROWS))
    made = Here(database_url)
    yield made
    await made.close()


async def retry(backend: Backend, job: str, *tasks: str) -> Plan:
    return await backend.plan("retry", [Target(JobId(job), VariantId(task)) for task in tasks], Options())


async def test_one_task_runs_again_and_the_others_keep_their_results(here: Here) -> None:
    backend = await here.console()
    before = await here.job(ENDED), await here.progress(ENDED)
    made = await retry(backend, ENDED, TASK)
    result: Result = await apply(backend, made)
    assert result.counts.applied == 1
    after = await here.progress(ENDED)
    assert after["task_results"].pop(TASK)["status"] == "created"
    others = {name: task for name, task in before[1]["task_results"].items() if name != TASK}
    assert after["task_results"] == others
    assert (after["status"], after["completed_tasks"], after["failed_tasks"]) == ("running", 2, 0)
    assert [row["state"] for row in await here.recoveries(ENDED)] == ["available"]
    assert (await undo(backend, result)).counts.applied == 1
    assert (await here.job(ENDED))["interval_progress"] == before[0]["interval_progress"]
    assert await here.recoveries(ENDED) == []


async def test_a_task_that_waits_or_is_in_broken_text_or_unknown_is_refused(here: Here) -> None:
    backend = await here.console()
    stuck = job_id("stuck")
    asked = {
        (stuck, task_id("stuck", 0, 4)): "it is created",
        (stuck, "nobody"): "no such variant",
        (job_id("malformed"), TASK): "nothing writes to it",
        (job_id("paused"), task_id("paused", 0, 0)): "resume it first",
    }
    for (job, task), said in asked.items():
        [left] = (await retry(backend, job, task)).left_out
        assert said in left.reason
