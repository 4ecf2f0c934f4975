"""Hooks in the console: in the plan, in the result, in the journal, and called again from there."""

from __future__ import annotations

from tests.harness.application import Application
from tests.tui.driver import Console, JobsScreen, OperationsScreen, console
from unstick.backends.hooks import http
from unstick.recovery.hooks import Hook, Hooks
from unstick.recovery.memory import MemoryBackend
from unstick.tui.screens.operation import OperationScreen

PASSWORD = "s3cret"


def source(application: Application) -> MemoryBackend:
    url = application.url.replace("://", f"://ann:{PASSWORD}@")
    hook = Hook("recover", f"{url}/{{job}}/run", headers={"X-Token": PASSWORD}, timeout_s=5.0)
    return MemoryBackend.example(60, 5, hooks=Hooks({"recover": hook}, http))


async def recover_all(c: Console) -> None:
    """Plan and apply a recovery of the five stuck jobs."""
    await c.press("2")
    await c.until(lambda: len(c.jobs.rows.window.order) == 5)
    await c.press("asterisk")
    await c.plan("R")
    await c.apply()


async def open_operation(c: Console) -> OperationScreen:
    await c.press("escape")
    await c.until(lambda: isinstance(c.app.screen, JobsScreen))
    await c.press("at")
    await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
    await c.until_shows("applied 5; hooks missing 5")
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, OperationScreen))
    screen = c.on(OperationScreen)
    await c.until(lambda: screen.operation is not None)
    await c.pilot.pause()
    return screen


async def test_the_plan_says_what_is_called_and_the_result_what_became_of_it(
    application: Application,
) -> None:
    async with console(source(application), size=(120, 40)) as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 5)
        await c.press("asterisk")
        await c.plan("R")
        shown = application.url.replace("://", "://ann:***@")
        assert f"afterwards calls POST {shown}/{{job}}/run" in c.text
        assert "once for each changed row" in c.text
        assert "5 calls" in c.text
        assert application.calls == []
        await c.apply()
        assert len(application.calls) == 5
        assert c.text.count("hook 204") == 5
        assert "hooks: 5 called" in c.text
        assert PASSWORD not in c.text


async def test_rows_whose_hook_failed_are_named_first(application: Application) -> None:
    async with console(source(application), size=(120, 40)) as c:
        unlucky = c.jobs.rows.window.order[0]
        application.answer = lambda call: 503 if f"/{unlucky}/" in call.path else 204
        await recover_all(c)
        assert "Changed, but the hook is missing: 1 row" in c.text
        at = c.text.index("Changed, but the hook")
        assert str(unlucky) in c.text[at:].splitlines()[1]
        assert "hook failed: 503 Service Unavailable" in c.text
        assert "hooks: 4 called, 1 failed" in c.text


async def test_what_failed_is_called_again_from_the_journal(application: Application) -> None:
    async with console(source(application), size=(120, 40)) as c:
        application.status = 503
        await recover_all(c)
        screen = await open_operation(c)
        assert "5 failed" in c.text
        assert "H hooks" in c.text
        application.calls.clear()
        application.status = 200
        await c.press("H")
        await c.until(lambda: screen.prompt.is_open)
        assert application.calls == []
        await c.type("5")
        await c.press("enter")
        await c.until_shows("hooks: 5 called")
        assert len(application.calls) == 5
        assert c.text.count("hook 200") == 5
        await c.press("H")
        assert "no hook of this operation failed or is missing" in c.text


async def test_a_wrong_number_calls_nothing(application: Application) -> None:
    async with console(source(application), size=(120, 40)) as c:
        application.status = 503
        await recover_all(c)
        screen = await open_operation(c)
        application.calls.clear()
        await c.press("H")
        await c.until(lambda: screen.prompt.is_open)
        await c.press("enter")
        await c.until_shows("that is not 5")
        await c.type("4")
        await c.press("enter", "escape")
        await c.until(lambda: not screen.prompt.is_open)
        assert application.calls == []


async def test_in_prod_the_source_s_name_is_typed(application: Application) -> None:
    backend = source(application)
    async with console(backend, environment="prod", size=(120, 40)) as c:
        application.status = 503
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 5)
        await c.press("asterisk")
        await c.plan("R")
        await c.read_first()
        await c.press("r")
        await c.type("why")
        await c.press("enter")
        await c.read_first()
        await c.press("A")
        await c.type(backend.source)
        await c.press("enter")
        await c.apply()
        screen = await open_operation(c)
        application.status = 200
        await c.press("H")
        await c.until(lambda: screen.prompt.is_open)
        await c.type("5")
        await c.press("enter")
        await c.until_shows(f"that is not {backend.source}")


async def test_leaving_while_hooks_are_called_stops_after_those_under_way(application: Application) -> None:
    async with console(source(application), size=(120, 40)) as c:
        application.status = 503
        await recover_all(c)
        screen = await open_operation(c)
        application.hold()
        application.calls.clear()
        await c.press("H")
        await c.until(lambda: screen.prompt.is_open)
        await c.type("5")
        await c.press("enter")
        await c.until(lambda: len(application.calls) == 5)
        await c.press("escape")
        assert "stopping after the hooks that are being called" in c.text
        c.on(OperationScreen)
        application.status = 200
        application.release()
        await c.until_shows("hooks: 5 called")
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))


async def test_a_read_only_source_says_why_not(application: Application) -> None:
    backend = source(application)
    application.status = 503
    async with console(backend, size=(120, 40)) as c:
        await recover_all(c)
    application.calls.clear()
    watching = backend.second(read_only=True)
    async with console(watching, read_only=True, size=(120, 40)) as c:
        await c.press("at")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
        await c.until_shows("applied 5")
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, OperationScreen))
        screen = c.on(OperationScreen)
        await c.until(lambda: screen.operation is not None)
        await c.press("H")
        assert "read-only" in c.lines[-2]
        assert application.calls == []
