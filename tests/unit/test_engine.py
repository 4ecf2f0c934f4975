"""The engine: chunks, outcomes, stopping, lost connections. Against a source in memory."""

from collections.abc import Sequence

import pytest

from unstick.recovery import engine
from unstick.recovery.engine import Progress, Stop, apply, complete, unhandled
from unstick.recovery.errors import (
    CommitUnknown,
    PlanError,
    QueryTimeout,
    ReadOnlySource,
    SchemaMismatch,
    Unreachable,
)
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.outcome import Outcome, Tally
from unstick.recovery.plan import Options, Plan, PlanRow
from unstick.recovery.query import Query


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RECONNECTS", (0.0, 0.0, 0.0))


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend.example(jobs=40, stuck=5)


@pytest.fixture
async def plan(backend: MemoryBackend) -> Plan:
    return await backend.plan("recover", Query(), Options())


async def statuses(backend: MemoryBackend, plan: Plan) -> list[str | None]:
    return [(await backend.job(row.job)).status for row in plan.rows]


async def test_progress_is_told_after_every_chunk(backend: MemoryBackend, plan: Plan) -> None:
    seen: list[tuple[int, int, int]] = []
    await apply(
        backend, plan, chunk=2, on_progress=lambda at: seen.append((at.done, at.planned, len(at.rows)))
    )
    assert seen == [(2, 5, 2), (4, 5, 2), (5, 5, 1)]


async def test_a_stop_before_the_start_changes_nothing(backend: MemoryBackend, plan: Plan) -> None:
    result = await apply(backend, plan, stop=Stop(requested=True))
    assert (result.rows, result.stopped, result.error) == ((), True, None)
    assert await statuses(backend, plan) == ["running"] * 5
    assert complete(plan, result) == Tally(failed=5)


async def test_rows_that_were_never_reached_count_as_failed(backend: MemoryBackend, plan: Plan) -> None:
    stop = Stop()

    def after_two(_: Progress) -> None:
        stop.requested = True

    result = await apply(backend, plan, chunk=2, stop=stop, on_progress=after_two)
    assert complete(plan, result) == Tally(applied=2, failed=3)
    assert complete(plan, result).total == len(plan.rows)
    assert unhandled(plan, result.rows) == plan.rows[2:]


async def test_a_commit_that_was_lost_after_it_happened_is_recalled_not_repeated(
    backend: MemoryBackend, plan: Plan
) -> None:
    backend.lose_commit(applied=True)
    result = await apply(backend, plan)
    assert (result.counts, result.stopped, result.error) == (Tally(applied=5), False, None)
    assert len(await backend.attempts()) == 5
    assert not any(row.already for row in result.rows)


async def test_a_commit_that_was_lost_before_it_happened_is_made_again(
    backend: MemoryBackend, plan: Plan
) -> None:
    backend.lose_commit(applied=False)
    result = await apply(backend, plan)
    assert (result.counts, result.error) == (Tally(applied=5), None)
    assert len(await backend.attempts()) == 5


async def test_a_commit_that_is_lost_again_and_again_is_still_told_right(
    backend: MemoryBackend, plan: Plan
) -> None:
    backend.lose_commit(applied=False)
    backend.lose_commit(applied=True)
    result = await apply(backend, plan)
    assert (result.counts, result.error) == (Tally(applied=5), None)
    assert len(await backend.attempts()) == 5


async def test_a_commit_that_stays_unknown_is_called_unknown(
    backend: MemoryBackend, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise Unreachable("gone")

    monkeypatch.setattr(backend, "recall", gone)
    backend.lose_commit(applied=True)
    result = await apply(backend, plan)
    assert isinstance(result.error, CommitUnknown)
    assert (result.rows, result.stopped) == ((), True)


async def test_a_lost_connection_is_made_again(backend: MemoryBackend, plan: Plan) -> None:
    reopened: list[bool] = []

    def vanish(_: Sequence[PlanRow]) -> None:
        if not reopened:
            reopened.append(True)
            raise Unreachable("the connection was lost")

    backend.on_apply = vanish
    result = await apply(backend, plan, chunk=2)
    assert (result.counts, result.stopped, result.error) == (Tally(applied=5), False, None)


async def test_a_database_that_stays_away_leaves_the_rest_untouched(
    backend: MemoryBackend, plan: Plan
) -> None:
    def down_after_the_first(progress: Progress) -> None:
        backend.go_down()

    result = await apply(backend, plan, chunk=2, on_progress=down_after_the_first)
    assert isinstance(result.error, Unreachable)
    assert (result.counts, result.stopped) == (Tally(applied=2), True)
    backend.come_back()
    assert await statuses(backend, plan) == ["failed"] * 2 + ["running"] * 3

    rest = await apply(backend, plan)
    assert (rest.operation, rest.counts) == (result.operation, Tally(applied=5))
    assert [row.already for row in rest.rows] == [True, True, False, False, False]


@pytest.mark.parametrize("error", [SchemaMismatch("no such column"), QueryTimeout("took too long")])
async def test_an_error_in_a_later_chunk_keeps_what_is_known_of_the_earlier_ones(
    backend: MemoryBackend, plan: Plan, error: Exception
) -> None:
    chunks: list[int] = []

    def refuse_the_second(rows: Sequence[PlanRow]) -> None:
        chunks.append(len(rows))
        if len(chunks) == 2:
            raise error

    backend.on_apply = refuse_the_second
    result = await apply(backend, plan, chunk=2)
    assert (result.counts, result.stopped, result.error) == (Tally(applied=2), True, error)
    assert chunks == [2, 2]


async def test_a_connection_that_was_lost_before_the_start_is_made_again(
    backend: MemoryBackend, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.go_down()

    async def come_back() -> None:
        backend.come_back()

    monkeypatch.setattr(backend, "open", come_back)
    assert (await apply(backend, plan)).counts == Tally(applied=5)


async def test_a_database_that_is_away_from_the_start_is_an_error(backend: MemoryBackend, plan: Plan) -> None:
    backend.go_down()
    with pytest.raises(Unreachable):
        await apply(backend, plan)


async def test_a_failing_row_does_not_stop_the_others(backend: MemoryBackend, plan: Plan) -> None:
    backend.worker.break_row(plan.rows[1].job, "violates a constraint")
    result = await apply(backend, plan)
    assert result.counts == Tally(applied=4, failed=1)
    assert (result.rows[1].outcome, result.rows[1].detail) == (Outcome.FAILED, "violates a constraint")
    backend.worker.mend_row(plan.rows[1].job)
    assert (await apply(backend, plan)).counts == Tally(applied=5)


async def test_a_worker_that_moves_while_a_chunk_is_applied_wins(backend: MemoryBackend, plan: Plan) -> None:
    backend.on_apply = lambda rows: backend.worker.heartbeat(rows[0].job)
    result = await apply(backend, plan, chunk=2)
    assert result.counts == Tally(applied=2, drifted=3)


async def test_a_read_only_source_is_refused_before_anything_is_journalled(
    backend: MemoryBackend, plan: Plan
) -> None:
    with pytest.raises(ReadOnlySource, match="--write"):
        await apply(backend.second(read_only=True), plan)
    assert await backend.operations() == ()


async def test_a_plan_of_another_database_is_refused(plan: Plan) -> None:
    with pytest.raises(PlanError, match="choose the right --source"):
        await apply(MemoryBackend.example(source="elsewhere"), plan)
