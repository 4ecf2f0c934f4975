"""Hooks on every backend: called over HTTP after the commit, journalled with the row, callable again."""

import asyncio
import json
from typing import Any

import pytest

from tests.contract.world import World, add_stuck, plan_recover, recovered
from tests.harness.application import Application, nobody
from tests.harness.waiting import eventually
from unstick.recovery.engine import apply
from unstick.recovery.errors import ConfigError
from unstick.recovery.hooks import Hook
from unstick.recovery.hooks_again import call_again, due_rows
from unstick.recovery.hooks_calling import AT_ONCE
from unstick.recovery.hooks_outcome import NOT_CALLED
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend

BODY = (
    '{"job": "{job}", "bare": {job}, "from": "{from}", "to": "{to}", "by": "{source} {action} {operation}"}'
)


def hook(url: str, action: str = "recover", **options: Any) -> dict[str, Hook]:
    return {action: Hook(action, f"{url}/jobs/{{job}}/{{action}}", **{"body": BODY, **options})}


async def journalled(backend: Backend, operation: str) -> dict[JobId, str | None]:
    return {row.job: row.hook for row in (await backend.operation(operation)).rows}


async def test_each_changed_row_is_told_about_once_and_journalled(
    world: World, application: Application
) -> None:
    stuck = await add_stuck(world, "a", "b", "c")
    console = await world.console(hooks=hook(application.url))
    plan = await plan_recover(console)
    assert plan.hook == f"POST {application.url}/jobs/{{job}}/{{action}}"
    await world.finish(stuck[1])
    result = await apply(console, plan)

    changed = [stuck[0], stuck[2]]
    assert application.paths == sorted(f"/jobs/{job}/recover" for job in changed)
    told = {str(call.json["job"]): call.json for call in application.calls}
    for job in changed:
        assert (told[job]["from"], told[job]["to"]) == ("running", recovered(world))
        assert told[job]["by"] == f"here recover {result.operation}"
        assert told[job]["bare"] == job
    assert {row.job: row.hook for row in result.rows} == dict(zip(stuck, ["204", None, "204"], strict=True))
    assert await journalled(console, result.operation) == dict(zip(stuck, ["204", None, "204"], strict=True))
    numbers = {row.job: number for number, row in enumerate(plan.rows)}
    assert {call.key for call in application.calls} == {
        f"{result.operation}-{numbers[job]}" for job in changed
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "200"),
        (404, "failed: 404 Not Found"),
        (409, "409"),
        (503, "failed: 503 Service Unavailable"),
        (302, "failed: 302 Found (redirects are not followed)"),
        (599, "failed: 599"),
    ],
)
async def test_what_the_application_answers_is_the_outcome_and_undoes_nothing(
    world: World, application: Application, status: int, outcome: str
) -> None:
    [job] = await add_stuck(world, "a")
    application.status, application.headers = status, {"Location": f"{application.url}/elsewhere"}
    console = await world.console(hooks=hook(application.url, ok=(409,)))
    result = await apply(console, await plan_recover(console))
    assert (result.counts.applied, result.rows[0].hook, result.error) == (1, outcome, None)
    assert await journalled(console, result.operation) == {job: outcome}
    assert (await console.job(job)).status == recovered(world)
    assert application.paths == [f"/jobs/{job}/recover"]


async def test_a_hook_that_hangs_is_cut_at_its_time_out(world: World, application: Application) -> None:
    [job] = await add_stuck(world, "a")
    application.hold()
    console = await world.console(hooks=hook(application.url, timeout_s=0.2))
    result = await apply(console, await plan_recover(console))
    assert await journalled(console, result.operation) == {job: "failed: timed out after 0.2s"}


async def test_nobody_there_is_connection_refused(world: World) -> None:
    [job] = await add_stuck(world, "a")
    console = await world.console(hooks=hook(nobody()))
    result = await apply(console, await plan_recover(console))
    assert await journalled(console, result.operation) == {job: "failed: connection refused"}


async def test_a_hook_that_failed_is_called_again_by_another_console(
    world: World, application: Application
) -> None:
    stuck = await add_stuck(world, "a", "b")
    application.answer = lambda call: 503 if f"/{stuck[0]}/" in call.path else 204
    console = await world.console(hooks=hook(application.url))
    result = await apply(console, await plan_recover(console))
    [failed] = due_rows(await console.operation(result.operation))
    assert (failed.job, failed.hook) == (stuck[0], "failed: 503 Service Unavailable")
    first = next(call for call in application.calls if f"/{stuck[0]}/" in call.path)

    application.calls.clear()
    application.answer = lambda call: 202
    other = await world.console(hooks=hook(application.url))
    called = await call_again(other, await other.operation(result.operation))
    assert [(row.job, row.hook) for row in called.rows] == [(stuck[0], "202")]
    [again] = application.calls
    assert (again.path, again.key) == (first.path, first.key)
    assert json.loads(again.body) == json.loads(first.body)
    assert await journalled(console, result.operation) == {stuck[0]: "202", stuck[1]: "204"}
    assert due_rows(await console.operation(result.operation)) == ()


async def test_an_apply_that_ends_between_commit_and_hook_leaves_it_not_called(
    world: World, application: Application
) -> None:
    stuck = await add_stuck(world, "a", "b")
    console = await world.console(hooks=hook(application.url))
    plan = await plan_recover(console)
    operation = await console.begin(plan)
    await console.apply_chunk(plan, plan.rows, operation)
    assert await journalled(console, operation) == dict.fromkeys(stuck, NOT_CALLED)

    again = await apply(console, plan)
    assert [(row.already, row.hook) for row in again.rows] == [(True, NOT_CALLED)] * 2
    assert application.calls == []
    await call_again(console, await console.operation(operation))
    assert await journalled(console, operation) == dict.fromkeys(stuck, "204")
    assert len(application.calls) == 2


async def test_no_more_than_a_few_are_under_way_at_once(world: World, application: Application) -> None:
    await add_stuck(world, *(f"j{number:02}" for number in range(2 * AT_ONCE + 3)))
    application.hold()
    console = await world.console(hooks=hook(application.url))
    applying = asyncio.create_task(apply(console, await plan_recover(console)))
    await asyncio.to_thread(
        eventually, lambda: application.most >= AT_ONCE, what="as many calls are under way as may be"
    )
    application.release()
    result = await applying
    assert application.most == AT_ONCE
    assert {row.hook for row in result.rows} == {"204"}
    assert len(application.calls) == len(set(application.paths)) == 2 * AT_ONCE + 3


async def test_an_undo_calls_the_hook_named_undo_and_no_other(world: World, application: Application) -> None:
    [job] = await add_stuck(world, "a")
    hooks = hook(application.url) | hook(application.url, "undo")
    console = await world.console(hooks=hooks)
    result = await apply(console, await plan_recover(console))
    undo = await console.plan_undo(result.operation, Options())
    assert undo.hook == f"POST {application.url}/jobs/{{job}}/{{action}}"
    undone = await apply(console, undo)
    assert await journalled(console, undone.operation) == {job: "204"}
    body = application.calls[-1].json
    assert (application.calls[-1].path, body["from"], body["to"]) == (
        f"/jobs/{job}/undo",
        recovered(world),
        "running",
    )
    silent = await world.console(hooks=hook(application.url))
    assert (await silent.plan_undo(undone.operation, Options())).hook is None


async def test_a_deleted_row_is_told_about_with_what_it_was(world: World, application: Application) -> None:
    job = await world.add("a", "failed")
    console = await world.console(hooks=hook(application.url, "delete"))
    plan = await console.plan("delete", [job], Options())
    result = await apply(console, plan)
    assert await journalled(console, result.operation) == {job: "204"}
    [call] = application.calls
    assert (call.json["from"], call.json["to"]) == ("failed", "")


async def test_a_word_that_nothing_fills_refuses_the_action_and_nothing_else(world: World) -> None:
    await add_stuck(world, "a")
    hooks = {"recover": Hook("recover", "http://app/{jbo}", places={"url": "c.toml:3: url"})}
    console = await world.console(hooks=hooks)
    with pytest.raises(ConfigError, match=r"c.toml:3: url: nothing fills \{jbo\}; did you mean job"):
        await plan_recover(console)
    assert (await console.counts()).stuck == 1
