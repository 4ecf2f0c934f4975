"""When hooks are called, for which rows, how many at once, and again. Against a source in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from unstick.recovery import hooks_calling
from unstick.recovery.engine import Progress, Stop, apply
from unstick.recovery.errors import ConfigError, PlanError, ReadOnlySource, Unreachable
from unstick.recovery.hooks import Hook, Hooks, Send
from unstick.recovery.hooks_again import call_again, due_rows
from unstick.recovery.hooks_calling import AT_ONCE
from unstick.recovery.hooks_outcome import NOT_CALLED
from unstick.recovery.hooks_request import Request
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.outcome import OperationRow, RowOutcome
from unstick.recovery.plan import Options, Plan
from unstick.recovery.query import Query

URL = "http://app/jobs/{job}?{action}+{operation}+{from}+{to}"


class Caller:
    """Notes what it is asked to call, and answers as it is told to."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], str] = lambda request: "204"
        self.before: Callable[[], Any] = lambda: asyncio.sleep(0)
        self.now = self.most = 0

    async def send(self, request: Request) -> str:
        self.requests.append(request)
        self.now += 1
        self.most = max(self.most, self.now)
        await self.before()
        self.now -= 1
        return self.answer(request)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Send]:
        yield self.send

    @property
    def jobs(self) -> list[str]:
        return [request.url.partition("?")[0].rpartition("/")[2] for request in self.requests]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_calling, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def caller() -> Caller:
    return Caller()


def source(caller: Caller, *actions: str, jobs: int = 60, stuck: int = 5) -> MemoryBackend:
    hooks = {action: Hook(action, URL) for action in actions}
    return MemoryBackend.example(jobs, stuck, hooks=Hooks(hooks, caller.open))


@pytest.fixture
def backend(caller: Caller) -> MemoryBackend:
    return source(caller, "recover")


async def planned(backend: MemoryBackend) -> Plan:
    return await backend.plan("recover", Query(), Options())


async def journalled(backend: MemoryBackend, operation: str) -> list[str | None]:
    return [row.hook for row in (await backend.operation(operation)).rows]


async def test_a_plan_says_what_it_calls_and_each_changed_row_calls_it_once(
    backend: MemoryBackend, caller: Caller
) -> None:
    plan = await planned(backend)
    assert plan.hook == f"POST {URL}"
    result = await apply(backend, plan, chunk=2)
    assert caller.jobs == [row.job for row in plan.rows]
    assert {request.url.partition("?")[2] for request in caller.requests} == {
        f"recover+{result.operation}+running+failed"
    }
    keys = [request.headers["Idempotency-Key"] for request in caller.requests]
    assert keys == [f"{result.operation}-{number}" for number in range(5)]
    assert [row.hook for row in result.rows] == ["204"] * 5
    assert await journalled(backend, result.operation) == ["204"] * 5


async def test_a_row_is_committed_before_its_hook_is_called(backend: MemoryBackend, caller: Caller) -> None:
    plan = await planned(backend)
    seen: list[str | None] = []

    async def look() -> None:
        seen.append((await backend.job(plan.rows[len(seen)].job)).status)

    caller.before = look
    await apply(backend, plan, chunk=1)
    assert seen == ["failed"] * 5


async def test_an_action_without_a_hook_calls_nothing(caller: Caller) -> None:
    backend = source(caller, "retry")
    plan = await planned(backend)
    result = await apply(backend, plan)
    assert (plan.hook, caller.requests) == (None, [])
    assert {row.hook for row in result.rows} == {None}
    assert await journalled(backend, result.operation) == [None] * 5


async def test_rows_that_were_left_alone_call_nothing(backend: MemoryBackend, caller: Caller) -> None:
    plan = await planned(backend)
    drifted, missing, refused, *rest = [row.job for row in plan.rows]
    backend.worker.heartbeat(drifted)
    backend.worker.remove(missing)
    backend.worker.break_row(refused, "no")
    result = await apply(backend, plan)
    assert caller.jobs == rest
    assert [row.hook for row in result.rows] == [None, None, None, "204", "204"]
    assert await journalled(backend, result.operation) == [None, None, None, "204", "204"]


async def test_a_hook_that_fails_undoes_nothing_and_holds_up_nobody(
    backend: MemoryBackend, caller: Caller
) -> None:
    plan = await planned(backend)
    unlucky = plan.rows[1].job
    caller.answer = lambda request: "failed: 500 Oops" if f"/{unlucky}?" in request.url else "200"
    result = await apply(backend, plan)
    assert result.counts.applied == 5
    assert [row.hook for row in result.rows] == ["200", "failed: 500 Oops", "200", "200", "200"]
    assert (await backend.job(unlucky)).status == "failed"
    assert result.error is None


async def test_no_more_than_a_few_hooks_are_called_at_once(caller: Caller) -> None:
    backend = source(caller, "recover", stuck=40)
    free = asyncio.Event()

    async def crowd() -> None:
        if caller.now >= AT_ONCE:
            free.set()
        await free.wait()

    caller.before = crowd
    result = await apply(backend, await planned(backend))
    assert caller.most == AT_ONCE
    assert [row.hook for row in result.rows] == ["204"] * 40


async def test_outcomes_are_journalled_while_others_are_still_called(caller: Caller) -> None:
    backend = source(caller, "recover", stuck=20)
    known: list[int] = []

    async def look() -> None:
        [operation] = await backend.operations()
        rows = (await backend.operation(operation.id)).rows
        known.append(sum(row.hook == "204" for row in rows))

    caller.before = look
    await apply(backend, await planned(backend))
    assert known[-1] >= AT_ONCE


async def test_a_stop_while_a_hook_is_called_begins_no_other_chunk(
    backend: MemoryBackend, caller: Caller
) -> None:
    stop = Stop()

    def stop_at_the_third(request: Request) -> str:
        stop.requested = len(caller.requests) >= 3
        return "204"

    caller.answer = stop_at_the_third
    result = await apply(backend, await planned(backend), stop=stop, chunk=1)
    assert (result.stopped, result.counts.applied, len(caller.requests)) == (True, 3, 3)


async def test_hooks_of_the_last_chunk_that_a_stop_left_out_are_not_called(caller: Caller) -> None:
    backend, stop = source(caller, "recover", stuck=20), Stop()

    def stop_now(request: Request) -> str:
        stop.requested = True
        return "204"

    caller.answer = stop_now
    result = await apply(backend, await planned(backend), stop=stop)
    outcomes = [row.hook for row in result.rows]
    assert (outcomes.count("204"), outcomes.count(NOT_CALLED)) == (AT_ONCE, 20 - AT_ONCE)
    assert await journalled(backend, result.operation) == outcomes
    assert result.counts.applied == 20


async def test_progress_tells_of_the_hooks(backend: MemoryBackend) -> None:
    seen: list[tuple[int, int, set[str | None]]] = []

    def note(progress: Progress) -> None:
        seen.append((progress.done, progress.hooks, {row.hook for row in progress.rows}))

    await apply(backend, await planned(backend), chunk=3, on_progress=note)
    assert seen == [(3, 0, {None}), (3, 3, {"204"}), (5, 0, {None}), (5, 2, {"204"})]


async def test_the_same_plan_again_calls_no_hook_again_but_tells_what_became_of_it(
    backend: MemoryBackend, caller: Caller
) -> None:
    caller.answer = lambda request: "failed: 503"
    plan = await planned(backend)
    await apply(backend, plan)
    again = await apply(backend, plan)
    assert len(caller.requests) == 5
    assert [(row.already, row.hook) for row in again.rows] == [(True, "failed: 503")] * 5


async def test_a_commit_that_had_to_be_looked_up_calls_its_hooks(
    backend: MemoryBackend, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unstick.recovery.engine.RECONNECTS", (0.0, 0.0))
    backend.lose_commit(applied=True)
    result = await apply(backend, await planned(backend))
    assert (len(caller.requests), result.counts.applied) == (5, 5)


async def test_a_journal_that_is_out_of_reach_stops_no_call_and_is_told(
    backend: MemoryBackend, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise Unreachable("the database is away")

    plan = await planned(backend)
    with monkeypatch.context() as away:
        away.setattr(backend, "record_hooks", gone)
        result = await apply(backend, plan)
    assert [row.hook for row in result.rows] == ["204"] * 5
    assert isinstance(result.error, Unreachable)
    assert await journalled(backend, result.operation) == [NOT_CALLED] * 5


async def test_a_journal_that_comes_back_gets_the_outcomes(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = backend.record_hooks, [0]

    async def flaky(operation: str, outcomes: Mapping[int, str]) -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise Unreachable("the connection was lost")
        await real(operation, outcomes)

    monkeypatch.setattr(backend, "record_hooks", flaky)
    result = await apply(backend, await planned(backend))
    assert result.error is None
    assert await journalled(backend, result.operation) == ["204"] * 5


async def test_a_hook_that_is_another_one_by_now_is_refused_before_anything_is_changed(
    backend: MemoryBackend, caller: Caller
) -> None:
    plan = await planned(backend)
    other = Hooks({"recover": Hook("recover", "http://other/")}, caller.open)
    for hooks, told in ((other, "http://other/"), (Hooks(), "configured with none")):
        backend._hooks = replace(hooks, statuses=backend.hooks.statuses)
        with pytest.raises(PlanError, match="make the plan again") as refused:
            await apply(backend, plan)
        assert told in str(refused.value)
    assert await backend.operations() == ()


async def test_a_plan_without_a_hook_is_refused_where_there_is_one_now(
    backend: MemoryBackend, caller: Caller
) -> None:
    plan = await planned(MemoryBackend.example(60, 5))
    with pytest.raises(PlanError, match="the plan calls no hook, but for recover memory is now configured"):
        await apply(backend, plan)
    assert caller.requests == []


async def test_a_hook_that_can_t_be_called_refuses_the_plan(caller: Caller) -> None:
    hook = Hook("recover", URL, problem="c.toml:6: the environment variable TOKEN is not set")
    backend = MemoryBackend.example(60, 5, hooks=Hooks({"recover": hook}, caller.open))
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        await planned(backend)
    assert (await backend.plan("delete", Query(limit=1), Options())).hook is None


async def test_an_undo_calls_only_a_hook_of_its_own(caller: Caller) -> None:
    backend = source(caller, "recover")
    result = await apply(backend, await planned(backend))
    plan = await backend.plan_undo(result.operation, Options())
    undone = await apply(backend, plan)
    assert (plan.hook, len(caller.requests), undone.counts.applied) == (None, 5, 5)

    backend = source(caller, "recover", "undo")
    result = await apply(backend, await planned(backend))
    plan = await backend.plan_undo(result.operation, Options())
    undone = await apply(backend, plan)
    assert [row.hook for row in undone.rows] == ["204"] * 5
    assert {request.url.partition("?")[2] for request in caller.requests[-5:]} == {
        f"undo+{undone.operation}+failed+running"
    }


async def _half(backend: MemoryBackend, caller: Caller) -> tuple[str, list[str]]:
    """Apply a plan of which two hooks fail; return the operation and the two jobs."""
    plan = await planned(backend)
    unlucky = [plan.rows[1].job, plan.rows[3].job]
    caller.answer = lambda request: (
        "failed: 503" if any(f"/{job}?" in request.url for job in unlucky) else "204"
    )
    result = await apply(backend, plan)
    return result.operation, [str(job) for job in unlucky]


def hooks(rows: tuple[OperationRow, ...] | tuple[RowOutcome, ...]) -> list[str | None]:
    return [row.hook for row in rows]


async def test_only_what_failed_is_called_again_with_the_same_key(
    backend: MemoryBackend, caller: Caller
) -> None:
    operation, unlucky = await _half(backend, caller)
    first = {request.url: request.headers for request in caller.requests}
    caller.requests.clear()
    caller.answer = lambda request: "201"
    called = await call_again(backend, await backend.operation(operation))
    assert (caller.jobs, hooks(called.rows)) == (unlucky, ["201", "201"])
    assert all(first[request.url] == request.headers for request in caller.requests)
    assert await journalled(backend, operation) == ["204", "201", "204", "201", "204"]
    assert due_rows(await backend.operation(operation)) == ()


async def test_calling_again_can_fail_again(backend: MemoryBackend, caller: Caller) -> None:
    operation, _ = await _half(backend, caller)
    caller.answer = lambda request: "failed: 500"
    called = await call_again(backend, await backend.operation(operation))
    assert hooks(called.rows) == ["failed: 500"] * 2
    assert len(due_rows(await backend.operation(operation))) == 2


async def test_a_stop_while_calling_again_leaves_the_journal_as_it_was(
    backend: MemoryBackend, caller: Caller
) -> None:
    operation, _ = await _half(backend, caller)
    caller.requests.clear()
    called = await call_again(backend, await backend.operation(operation), stopped=lambda: True)
    assert (caller.requests, hooks(called.rows)) == ([], ["failed: 503"] * 2)
    assert len(due_rows(await backend.operation(operation))) == 2


async def test_rows_that_were_put_back_since_are_not_called_again(
    backend: MemoryBackend, caller: Caller
) -> None:
    operation, _ = await _half(backend, caller)
    await apply(backend, await backend.plan_undo(operation, Options()))
    assert due_rows(await backend.operation(operation)) == ()


async def test_calling_again_is_refused_where_nothing_may_be_written(
    backend: MemoryBackend, caller: Caller
) -> None:
    operation, _ = await _half(backend, caller)
    watching = backend.second(read_only=True)
    caller.requests.clear()
    with pytest.raises(ReadOnlySource, match="--write"):
        await call_again(watching, await watching.operation(operation))
    assert caller.requests == []


async def test_calling_again_needs_a_hook(backend: MemoryBackend, caller: Caller) -> None:
    operation, _ = await _half(backend, caller)
    backend._hooks = Hooks()
    with pytest.raises(PlanError, match=r"add \[sources\.memory\.hooks\.recover\]"):
        await call_again(backend, await backend.operation(operation))
