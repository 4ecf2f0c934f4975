"""Sweepers as real processes: two at once, a leader that dies, a signal in the middle."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.contract.world import add_stuck, recovered, status_of
from tests.proof.proof import Proof
from tests.proof.sweeps import Sweeping, lock_files

# Where the journal is kept makes no difference to who sweeps.
pytestmark = [pytest.mark.processes, pytest.mark.parametrize("keeping", ["database"], indirect=True)]

ROUNDS = 100


@contextmanager
def ending(*sweepers: Sweeping) -> Iterator[None]:
    """End them whatever happens."""
    try:
        yield
    finally:
        for each in sweepers:
            each.kill()


@pytest.mark.slow
async def test_in_100_rounds_two_sweepers_never_change_a_row_twice(proof: Proof) -> None:
    backend = await proof.console()
    pair = [Sweeping.on_demand(proof, who) for who in ("ann", "bob")]
    jobs, applied = [], Counter[str]()
    with ending(*pair):
        for number in range(ROUNDS):
            fresh = await add_stuck(proof.world, f"r{number}-a", f"r{number}-b")
            jobs += fresh
            while sum(applied.values()) < len(jobs):
                for each in pair:
                    each.go()
                told = [each.run() for each in pair]
                assert {run["decision"] for run in told} <= {"recover", "clear", "follow"}, told
                assert any(run["decision"] != "clear" for run in told), "what was added is stuck"
                applied.update(
                    row["job"] for run in told for row in run["rows"] if row["outcome"] == "applied"
                )
    assert applied == Counter(jobs)
    assert Counter(attempt.job for attempt in await backend.attempts(limit=10_000)) == applied
    assert await proof.statuses(jobs) == [recovered(proof.world)] * len(jobs)


async def test_when_the_leader_is_killed_the_other_takes_over(proof: Proof) -> None:
    first = Sweeping.program(proof, "--every", "1s")
    with ending(first):
        first.until("clear")
        second = Sweeping.program(proof, "--every", "1s")
        with ending(second):
            assert second.until("follow", "clear")["decision"] == "follow"
            assert second.run()["leader"]
            first.kill()
            [job] = await add_stuck(proof.world, "left")
            assert second.until("recover")["outcomes"]["applied"] == 1
            assert await status_of(proof.world, job) == recovered(proof.world)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_signal_ends_it_in_good_order(proof: Proof, number: int, code: int) -> None:
    sweeper = Sweeping.program(proof, "--every", "1h")
    with ending(sweeper):
        sweeper.until("clear")
        assert proof.engine != "sqlite" or lock_files(proof)
        ended, said = sweeper.end(number)
    assert (ended, lock_files(proof)) == (code, [])
    assert "stopping after the rows in hand" in said
    with ending(other := Sweeping.program(proof, "--once")):
        assert other.process.communicate(timeout=60)[0].count('"clear"') == 1, "the place was given up"


async def test_whoever_may_only_read_tells_what_is_stuck(proof: Proof) -> None:
    [job] = await add_stuck(proof.world, "a")
    with ending(sweeper := Sweeping.program(proof, "--once", "--shadow", "--read-only")):
        out, _ = sweeper.process.communicate(timeout=60)
    assert "would recover 1 row" in out
    assert await status_of(proof.world, job) == "running"
