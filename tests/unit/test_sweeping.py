"""The sweep's runs and its timer, on a source in memory whose clock is driven by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from unstick.recovery.engine import CHUNK
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId, State
from unstick.recovery.query import Query
from unstick.recovery.source import Source, SweepSettings
from unstick.recovery.sweep import FAILED_RUNS, Decision, Mode
from unstick.recovery.sweeping import KEPT, Run, Sweeper, Timer, told

MEMORY = Source("jobs", "memory://")


def sweeper(backend: MemoryBackend, mode: Mode = Mode.ARMED, **settings: object) -> Sweeper:
    source = Source("jobs", "memory://", sweep=SweepSettings(**settings))  # type: ignore[arg-type]
    return Sweeper(backend, source, mode, "ann@bastion pid 7", "background sweep")


async def stuck(backend: MemoryBackend) -> set[JobId]:
    return {job.id for job in (await backend.page(Query(stuck_only=True, limit=1000))).rows}


class TestRun:
    async def test_what_is_stuck_is_recovered_and_counted(self) -> None:
        backend = MemoryBackend.example(60, 5)
        run = await sweeper(backend).run()
        assert (run.decision, run.outcomes.applied, run.outcomes.total) == (Decision.RECOVER, 5, 5)
        assert await stuck(backend) == set()
        assert run.counts is not None
        assert run.counts.stuck == 5
        assert {job.id for job in run.stuck} == {row.job for row in run.result.rows}  # type: ignore[union-attr]
        assert run.at == await backend.clock()

    async def test_the_journal_says_who_swept_and_history_why_each_job_was_stuck(self) -> None:
        backend = MemoryBackend.example(60, 2)
        sweeps = sweeper(backend)
        run = await sweeps.run()
        [operation] = await backend.operations()
        assert (operation.operator, operation.reason) == ("ann@bastion pid 7", "background sweep")
        assert run.result is not None
        assert operation.id == run.result.operation
        assert {(each.reason, each.who) for each in await backend.attempts()} == {("stuck", sweeps.who)}

    async def test_all_clear_is_said_when_nothing_is_stuck(self) -> None:
        run = await sweeper(MemoryBackend.example(60, 0)).run()
        assert run.decision is Decision.CLEAR
        assert told(run).startswith("all clear: nothing is stuck, ")
        assert run.result is None

    async def test_a_shadow_tells_and_changes_nothing(self) -> None:
        backend = MemoryBackend.example(60, 5)
        before = await stuck(backend)
        run = await sweeper(backend, Mode.SHADOW).run()
        assert (run.decision, told(run)) == (Decision.REPORT, "would recover 5 rows")
        assert await stuck(backend) == before
        assert await backend.operations() == ()

    async def test_a_read_only_source_is_only_told_about_although_armed(self) -> None:
        backend = MemoryBackend.example(60, 5, read_only=True)
        run = await sweeper(backend).run()
        assert (run.decision, told(run)) == (
            Decision.REPORT,
            "would recover 5 rows (the source is read-only)",
        )

    async def test_an_off_sweep_asks_nothing(self) -> None:
        run = await sweeper(MemoryBackend.example(60, 5), Mode.OFF).run()
        assert (run.decision, run.at) == (Decision.REST, None)

    async def test_the_cap_leaves_the_rest_to_the_next_run(self) -> None:
        backend = MemoryBackend.example(60, 5)
        sweeps = sweeper(backend, cap=2)
        runs = [await sweeps.run() for _ in range(4)]
        assert [run.outcomes.applied for run in runs] == [2, 2, 1, 0]
        assert told(runs[0]).startswith("recovered 2; 3 wait for the next runs; operation ")

    async def test_a_job_at_its_retry_limit_is_left_to_a_person(self) -> None:
        backend = MemoryBackend.example(60, 3)
        chosen = min(await stuck(backend))
        backend.worker.set(chosen, retry_count=3, max_retries=3)
        run = await sweeper(backend).run()
        assert run.outcomes.applied == 2
        assert "1 at the retry limit need a person" in told(run)
        assert await stuck(backend) == {chosen}

    async def test_what_finishes_between_the_two_looks_wins(self) -> None:
        backend = MemoryBackend.example(60, 2)
        first = min(await stuck(backend))
        backend.on_apply = lambda rows: backend.worker.finish(first)
        run = await sweeper(backend).run()
        assert (run.outcomes.applied, run.outcomes.drifted) == (1, 1)
        assert told(run).startswith("recovered 1, drifted 1; operation ")
        assert (await backend.job(first)).state is State.DONE

    async def test_asked_to_stop_it_finishes_the_chunk_in_hand_and_says_so(self) -> None:
        backend = MemoryBackend.example(700, 600)
        sweeps = sweeper(backend, cap=600, brake=False)
        backend.on_apply = lambda rows: setattr(sweeps.stop, "requested", True)
        run = await sweeps.run()
        assert run.outcomes.applied == CHUNK
        assert "; stopped before the rest; operation " in told(run)
        assert len(await stuck(backend)) == 600 - CHUNK

    async def test_who_waits_longest_is_told(self) -> None:
        backend = MemoryBackend()
        backend.worker.add("young", "pending", created_ago=60.0)
        backend.worker.add("old", "pending", created_ago=7200.0)
        backend.worker.add("hangs", "running", started_ago=9000.0, updated_ago=9000.0)
        assert (await sweeper(backend).run()).waiting_s == pytest.approx(7200.0)

    async def test_the_last_runs_are_kept_the_newest_first(self) -> None:
        sweeps = sweeper(MemoryBackend.example(10, 0), Mode.SHADOW)
        for _ in range(KEPT + 3):
            await sweeps.run()
        assert [run.number for run in sweeps.runs] == list(range(KEPT + 3, 3, -1))


class TestBrake:
    async def test_it_stops_where_most_running_jobs_look_stuck_at_once(self) -> None:
        backend = MemoryBackend.example(60, 40)
        before = await stuck(backend)
        run = await sweeper(backend).run()
        assert run.decision is Decision.BRAKED
        assert told(run).startswith("brake: ")
        assert told(run).endswith("rows left as they are until a person has looked")
        assert await stuck(backend) == before

    async def test_without_it_they_are_recovered(self) -> None:
        backend = MemoryBackend.example(60, 40)
        run = await sweeper(backend, brake=False).run()
        assert (run.decision, run.outcomes.applied) == (Decision.RECOVER, 40)

    async def test_it_holds_after_three_failed_runs_until_the_sweep_is_armed_again(self) -> None:
        backend = MemoryBackend.example(60, 3)
        for job in await stuck(backend):
            backend.worker.break_row(job, "check constraint")
        sweeps = sweeper(backend)
        failed = [await sweeps.run() for _ in range(FAILED_RUNS)]
        assert [(run.decision, run.outcomes.failed) for run in failed] == [
            (Decision.RECOVER, 3)
        ] * FAILED_RUNS
        assert (await sweeps.run()).decision is Decision.BRAKED
        assert "3 runs in a row failed" in told(await sweeps.run())
        sweeps.rearm(Mode.ARMED)
        assert (await sweeps.run()).decision is Decision.RECOVER

    async def test_a_database_that_is_away_does_not_pull_it(self) -> None:
        backend = MemoryBackend.example(60, 3)
        sweeps = sweeper(backend)
        backend.go_down()
        runs = [await sweeps.run() for _ in range(FAILED_RUNS + 1)]
        assert all(run.down and run.decision is Decision.FAILED for run in runs)
        assert told(runs[0]).startswith("the run failed: ")
        backend.come_back()
        assert (await sweeps.run()).outcomes.applied == 3


class TestLeader:
    async def test_a_second_sweeper_follows_and_takes_over_when_the_first_is_gone(self) -> None:
        backend = MemoryBackend.example(60, 3)
        other = backend.second()
        first, second = sweeper(backend), sweeper(other)
        assert (await first.run(hold_s=300)).decision is Decision.RECOVER
        run = await second.run(hold_s=300)
        assert (run.decision, run.leader) == (Decision.FOLLOW, "ann@bastion pid 7")
        assert told(run) == "ann@bastion pid 7 sweeps here; nothing was done"
        await backend.close()
        assert (await second.run(hold_s=300)).decision is Decision.CLEAR

    async def test_a_single_run_gives_the_place_up(self) -> None:
        backend = MemoryBackend.example(60, 0)
        await sweeper(backend).run()
        assert (await sweeper(backend.second()).run()).decision is Decision.CLEAR

    async def test_a_shadow_needs_no_place(self) -> None:
        backend = MemoryBackend.example(60, 3)
        await sweeper(backend).run(hold_s=300)
        assert (await sweeper(backend.second(), Mode.SHADOW).run(hold_s=300)).decision is Decision.CLEAR


class Ticks:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(timer: Timer) -> AsyncIterator[None]:
    task = asyncio.create_task(timer.run())
    try:
        yield
    finally:
        timer.end()
        await task


class TestTimer:
    async def test_it_runs_at_once_then_when_it_is_due_and_ends_when_told(self) -> None:
        backend, clock, runs = MemoryBackend.example(60, 2), Ticks(), asyncio.Queue[Run]()
        sweeps = Sweeper(backend, MEMORY, Mode.ARMED, "ann", clock=clock)
        timer = Timer(sweeps, runs.put_nowait, every_s=300)
        async with running(timer):
            assert (await runs.get()).outcomes.applied == 2
            assert timer.due == 400.0
            timer.begin()
            assert (await runs.get()).decision is Decision.CLEAR
        assert await backend.second().lead("bob", 1) is None, "the place was given up"

    async def test_no_error_ends_the_loop(self) -> None:
        backend, runs = MemoryBackend.example(60, 2), asyncio.Queue[Run]()
        timer = Timer(sweeper(backend), runs.put_nowait, every_s=0.01)
        backend.go_down()
        async with running(timer):
            assert (await runs.get()).down
            timer.begin()
            assert (await runs.get()).down
            backend.come_back()
            timer.begin()
            while (run := await runs.get()).down:
                timer.begin()
            assert run.outcomes.applied == 2

    async def test_a_source_that_is_away_is_tried_again_before_a_long_interval_is_over(self) -> None:
        backend, clock, runs = MemoryBackend.example(60, 2), Ticks(), asyncio.Queue[Run]()
        timer = Timer(Sweeper(backend, MEMORY, Mode.ARMED, "ann", clock=clock), runs.put_nowait, every_s=900)
        backend.go_down()
        async with running(timer):
            await runs.get()
            assert timer.due == 130.0
