"""feedlyai: the count of a variant rises by one for each recovery, however many consoles sweep at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from tests.systems.feedlyai import MINUTE, Here, empty, job_row, name_of, variant_row
from tests.systems.sweeper import Sweeper, sweep
from unstick.backends.demo.seed import SeedRow

ROUNDS = 25
PROCESS_ROUNDS = 15


@pytest.fixture
async def bare(database_url: str) -> AsyncIterator[Here]:
    made = await empty(database_url)
    yield made
    await made.close()


def work(number: int) -> list[SeedRow]:
    """Something of each scenario: two jobs and four stuck variants."""
    job, ended = name_of("job", number), name_of("ended", number)
    return [
        job_row(job, "running", "ocr_eval"),
        job_row(ended, "running", "iou_eval", retry_count=None),
        variant_row(job, 0, "done", "planner", MINUTE),
        variant_row(job, 1, "failed", "overlay", MINUTE, retry_count=None),
        variant_row(job, 2, "done", "vlm_judge", 9 * MINUTE, retry_count=None),
        variant_row(job, 3, "running", "ocr_eval", 40 * MINUTE),
        variant_row(job, 4, "done", "ocr_eval", MINUTE),
        variant_row(ended, 0, "done", "iou_eval", MINUTE),
    ]


def expected(number: int) -> set[str]:
    return {name_of("ended", number), *(name_of(name_of("job", number), index) for index in range(4))}


async def begin(here: Here) -> None:
    """The application takes up what it was told of."""
    await here.run(f"UPDATE jobs_variants SET status = 'running', updated_at = {here.now}")


async def counts(here: Here) -> dict[str, int | None]:
    jobs = await here.rows("SELECT job_id AS name, retry_count FROM jobs")
    variants = await here.rows("SELECT job_variants_id AS name, retry_count FROM jobs_variants")
    return {str(row["name"]): row["retry_count"] for row in (*jobs, *variants)}


async def test_two_consoles_that_sweep_at_once_count_each_recovery_once(bare: Here) -> None:
    here, there = await bare.console(), await bare.console()
    for number in range(ROUNDS):
        await bare.add(*work(number))
        both = await asyncio.gather(sweep(here), sweep(there))
        assert Counter(name for found in both for name in found) == Counter(expected(number))
        await begin(bare)
    found = await counts(bare)
    for number in range(ROUNDS):
        assert {found[name] for name in expected(number)} == {1}
    attempts = Counter(each.variant or each.job for each in await here.attempts(limit=10_000))
    assert attempts == Counter(name for number in range(ROUNDS) for name in expected(number))


async def test_two_processes_that_sweep_at_once_count_each_recovery_once(bare: Here) -> None:
    with ExitStack() as running:
        both = [Sweeper.start(bare.url, "feedlyai") for _ in range(2)]
        for sweeper in both:
            running.callback(sweeper.end)
        for number in range(PROCESS_ROUNDS):
            await bare.add(*work(number))
            for sweeper in both:
                sweeper.go()
            changed = [name for sweeper in both for name in sweeper.changed()]
            assert Counter(changed) == Counter(expected(number))
            await begin(bare)
    found = await counts(bare)
    for number in range(PROCESS_ROUNDS):
        assert {found[name] for name in expected(number)} == {1}
