"""What a sweep would do, on every backend: what is planned again is exactly what was told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.conftest import URLS
from tests.contract.pipeline import MemoryPipeline, Pipeline, SqlPipeline
from tests.contract.world import HOUR, MINUTE, STUCK
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.sweep import Decision, Mode, decide, forecast


@pytest.fixture(params=["memory", *URLS])
async def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pipeline]:
    """An empty pipeline on each backend."""
    if request.param == "memory":
        yield MemoryPipeline()
        return
    made = SqlPipeline(request.getfixturevalue(URLS[request.param][1]), tmp_path)
    await made.create()
    yield made
    await made.place.close()


async def fill(pipeline: Pipeline) -> Backend:
    """Two jobs that hang themselves with two pieces each, one of them at its limit, and one that lives with
    a broken piece."""
    for job, silent in ((1, 3 * HOUR), (2, 2 * HOUR)):
        order = await pipeline.order(job, silent=silent)
        for number in range(2):
            tries = 3 if job == 2 and number else 0
            await pipeline.piece(job * 10 + number, order, "bad", "cut", tries=tries, silent=HOUR)
    living = await pipeline.order(3)
    await pipeline.piece(31, living, "bad", "cut", silent=30 * MINUTE)
    return await pipeline.console()


@pytest.mark.parametrize("cap", [1, 2, 3, 4, 100])
async def test_the_plan_of_the_targets_has_the_rows_within_the_cap_and_no_other(
    pipeline: Pipeline, cap: int
) -> None:
    backend = await fill(pipeline)
    everything = await backend.plan("recover", STUCK, Options(by_sweep=True))
    seen = forecast(everything, await backend.counts(), cap=cap)
    again = await backend.plan("recover", seen.targets, Options())
    assert {row.ref for row in again.rows} == {row.ref for row in seen.rows}
    assert 0 < len(again.rows) <= cap
    assert (len(everything.rows), seen.found, seen.at_limit) == (6, 7, 1)


async def test_runs_one_after_the_other_come_to_an_end_when_only_persons_can_help(
    pipeline: Pipeline,
) -> None:
    backend = await fill(pipeline)
    recovered, runs = 0, 0
    while True:
        everything = await backend.plan("recover", STUCK, Options(by_sweep=True))
        seen = forecast(everything, await backend.counts(), cap=2)
        if decide(Mode.ARMED, seen) is Decision.CLEAR:
            break
        assert decide(Mode.ARMED, seen) is Decision.RECOVER
        result = await apply(backend, await backend.plan("recover", seen.targets, Options(by_sweep=True)))
        assert result.counts.clean
        recovered, runs = recovered + result.counts.applied, runs + 1
        assert runs < 20
    # Pieces stay behind their jobs until their retries are used up.
    assert recovered > 6
    assert seen.at_limit == seen.found > 1
