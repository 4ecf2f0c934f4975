"""Worker processes killed in the middle of jobs, on each system's own server, and what becomes of the jobs.

Nothing waits for a fixed time: thresholds are a second or two, and what is waited for is the verdict.
"""

import json
import os
import signal
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.harness.waiting import eventually_async
from tests.systems.databases import in_database
from tests.systems.end_to_end import scene
from unstick.recovery.engine import apply
from unstick.recovery.model import State

pytestmark = pytest.mark.processes


async def test_artitec_on_mariadb_the_killed_job_blocks_the_queue_until_it_is_recovered_and_then_both_go_on(
    mariadb_url: str,
) -> None:
    async with scene(mariadb_url, "artitec", thresholds={"stuck": 2.0}) as s:
        (left,) = await s.kill_in_the_middle()
        waiting = len(await s.jobs(State.PENDING))
        # A worker that comes back does not touch it, and starts nothing beside it.
        await s.work_again()
        await s.until_stuck([left])
        queue = await s.backend.queue()
        assert queue is not None
        assert (queue.holder, queue.holder_stuck, queue.waiting) == (left.id, True, waiting)

        plan = await s.plan("recover")
        assert [row.job for row in plan.rows] == [left.id]
        assert plan.rows[0].rule == "stuck"
        assert "2s" in plan.rows[0].why
        await s.carry_out(plan)
        moved_on = await s.until(
            lambda jobs: any(job.id == queue.next and job.started for job in jobs), "next"
        )
        assert next(job for job in moved_on if job.id == left.id).state is State.FAILED

        await s.carry_out(await s.plan("retry", [left.id]))
        await s.until_done([left.id])
        attempts = [(each.action, each.to_status) for each in await s.backend.attempts(left.id)]
        assert attempts == [("retry", "pending"), ("recover", "failed")]


async def test_algoitny_on_mariadb_both_kinds_of_killed_jobs_are_failed_retried_and_completed(
    mariadb_url: str,
) -> None:
    async with scene(mariadb_url, "algoitny", thresholds={"stuck": 1.0}, interval=0.15) as s:
        left = await s.kill_in_the_middle()
        assert {job.table for job in left} == {"extraction", "generation"}
        await s.until_stuck(left)
        plan = await s.plan("recover")
        assert {row.job for row in plan.rows} == {job.id for job in left}
        await s.carry_out(plan)
        ids = [job.id for job in left]
        assert {(await s.backend.job(each)).status for each in ids} == {"FAILED"}

        # The application enqueues it again, which the worker's looking for PENDING rows stands for.
        await s.carry_out(await s.plan("retry", ids))
        await s.work_again()
        await s.until_done(ids)

        extractions = [int(each.partition(":")[2]) for each in ids if each.startswith("extraction:")]

        def metadata(connection: sa.Connection) -> list[dict[str, object]]:
            query = sa.text(
                "SELECT p.metadata FROM problems AS p JOIN problem_extraction_jobs AS j"
                " ON j.platform = p.platform AND j.problem_id = p.problem_id WHERE j.id IN :ids"
            ).bindparams(sa.bindparam("ids", extractions, expanding=True))
            return [json.loads(text) for text in connection.execute(query).scalars()]

        found = await in_database(mariadb_url, metadata)
        assert len(found) == len(extractions) > 0
        assert {one["extraction_status"] for one in found} == {"COMPLETED"}


async def test_extraction_on_postgresql_the_whole_batch_of_a_killed_worker_is_put_back_and_completed(
    postgres_url: str,
) -> None:
    async with scene(postgres_url, "extraction", thresholds={"stuck": 1.0}) as s:
        left = await s.kill_in_the_middle(working=lambda job: (job.progress or 0) > 0)
        assert len(left) == 5
        await s.until_stuck(left)
        plan = await s.plan("recover")
        assert {row.job for row in plan.rows} == {job.id for job in left}
        await s.carry_out(plan)
        pending = [await s.backend.job(job.id) for job in left]
        assert {job.status for job in pending} == {"pending"}
        await s.work_again()
        await s.until_done([job.id for job in left])

        async def all_done() -> bool:
            return not await s.jobs(State.RUNNING, State.PENDING)

        await eventually_async(all_done, what="everything else is done, too")
        assert await s.backend.verdicts() == ()


async def test_a_living_worker_wins_against_a_plan_that_was_made_while_it_was_slow(postgres_url: str) -> None:
    async with scene(postgres_url, "extraction", thresholds={"stuck": 1.0}) as s:
        running = await s.until(lambda jobs: any((job.progress or 0) > 0 for job in jobs), "a job runs")
        ids = [job.id for job in running if job.state is State.RUNNING]
        pid = s.workers.pid("extraction")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await s.until_stuck([job for job in running if job.id in ids])
        plan = await s.plan("recover", ids)
        os.kill(pid, signal.SIGCONT)
        await s.until_done(ids)
        result = await apply(s.backend, plan)
        assert result.counts.drifted == len(plan.rows) > 0


async def test_feedlyai_on_postgresql_every_variant_of_a_killed_pipeline_reaches_the_last_step(
    postgres_url: str,
) -> None:
    quick = dict.fromkeys(("lagging", "stalled", "abandoned", "unheard", "halted"), 1.0)
    async with scene(postgres_url, "feedlyai", thresholds=quick, interval=0.02) as s:
        # Far enough that the variants of a job are at different steps.
        left = await s.kill_in_the_middle(working=lambda job: job.step == "overlay")
        # The model's own server still ends one of the steps; nobody hears of it.
        lost = (await s.backend.variants(left[0].id))[0]

        def end(connection: sa.Connection) -> None:
            query = "UPDATE jobs_variants SET status = 'done', updated_at = now() WHERE job_variants_id = :id"
            connection.execute(sa.text(query), {"id": lost.id})

        await in_database(postgres_url, end)
        await s.until_stuck(left)
        # Who comes back listens, and does nothing of its own accord.
        await s.work_again()
        await s.until_ready()
        # By name: on a slow machine a second of silence may make jobs of the new worker look stuck as well.
        plan = await s.plan("recover", [job.id for job in left])
        assert plan.rows
        assert all(row.variant for row in plan.rows)
        await s.carry_out(plan)
        await s.until_done([job.id for job in left], recovering=True)
        for job in left:
            variants = await s.backend.variants(job.id)
            assert len(variants) == 3
            assert {(variant.status, variant.step) for variant in variants} == {("done", "iou_eval")}
        helped = (await s.backend.variants(left[0].id))[0]
        assert helped.retries >= 1


async def test_bg_jobs_on_postgresql_the_tasks_before_the_crash_and_after_it_are_each_carried_out_once(
    postgres_url: str,
) -> None:
    def effects(connection: sa.Connection) -> Counter[str]:
        return Counter(connection.execute(sa.text("SELECT task_id FROM demo_side_effects")).scalars())

    async with scene(postgres_url, "bg_jobs", thresholds={"*": 2.0}, interval=0.1, feed=2) as s:
        left = await s.kill_in_the_middle(working=lambda job: 0 < (job.progress or 0) < 1)
        before = {job.id: await s.backend.variants(job.id) for job in left}
        done_before = await in_database(postgres_url, effects)
        assert done_before
        assert set(done_before.values()) == {1}
        await s.until_stuck(left)
        plan = await s.plan("recover")
        assert {row.job for row in plan.rows} == {job.id for job in left}
        await s.carry_out(plan)
        # Once is enough: a second recovery of the same interval finds the first in the queue.
        assert (await s.plan("recover")).rows == ()

        await s.work_again()
        await s.until_done([job.id for job in left])
        carried_out = await in_database(postgres_url, effects)
        assert set(carried_out.values()) == {1}
        for job in left:
            tasks = await s.backend.variants(job.id)
            assert {task.state for task in tasks} == {State.DONE}
            assert {str(task.id) for task in tasks} <= set(carried_out)
            for task in before[job.id]:
                if task.state is State.DONE:
                    # What was finished is as it was, to the microsecond.
                    assert task in tasks
