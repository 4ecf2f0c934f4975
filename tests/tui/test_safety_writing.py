"""Numbers, names, reasons, read-only sources, words that say what happens, and the journal (rules 3, 6, 7,
8); and every way of pressing on while a plan is being applied."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.tui.driver import Console, JobsScreen, OperationsScreen, PlanScreen, console
from tests.tui.safety import at, every_door, planned
from tests.tui.test_plan import status
from unstick.recovery.memory import MemoryBackend
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.help import HelpScreen

MANY = 30


@asynccontextmanager
async def many(**options: Any) -> AsyncIterator[tuple[Console, PlanScreen, int]]:
    """The plan of more than twenty rows, and how many."""
    async with console(MemoryBackend.example(60, MANY), **options) as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == MANY)
        await c.press("*")
        screen = await c.plan("R")
        assert screen.plan is not None
        await c.read_first()
        yield c, screen, len(screen.plan.rows)


async def answer(c: Console, text: str) -> None:
    await c.press("A")
    assert c.app.screen.prompt.is_open  # type: ignore[attr-defined]
    await c.type(text)
    await c.press("enter")


@pytest.mark.parametrize("wrong", ["", "y", "yes", "3", "030", "MEMORY", "memory2", "1e1", "A"])
async def test_over_twenty_rows_nothing_but_their_number_or_the_source_s_name_counts(wrong: str) -> None:
    async with many() as (c, screen, rows):
        assert rows > 20
        await answer(c, wrong)
        assert f"that is neither {rows} nor memory" in c.text
        assert screen.prompt.is_open
        await c.press("escape")
        await c.read_first()
        await c.press("A")
        assert screen.result is None
        assert screen.prompt.is_open


@pytest.mark.parametrize("by_name", [True, False])
async def test_the_number_or_the_name_is_followed_by_the_confirming_key(by_name: bool) -> None:
    async with many() as (c, screen, rows):
        await answer(c, "memory" if by_name else str(rows))
        assert not screen.facts().applied
        await c.apply()
        assert screen.result is not None
        assert screen.result.counts.applied == rows


async def test_a_number_typed_for_a_plan_does_not_hold_for_the_next_one() -> None:
    async with many() as (c, screen, rows):
        await answer(c, str(rows))
        await c.read_first()
        await c.press("i")
        await c.until(lambda: screen.plan is not None and not screen.unread)
        await c.read_first()
        await c.press("A")
        assert screen.prompt.is_open, "the new plan was not typed for"
        assert screen.result is None


async def test_prod_wants_a_reason_and_the_typing_through_every_door_even_for_one_row() -> None:
    async with console(environment="prod") as c:
        screen = await c.plan("R")
        before = c.backend.worker.snapshot()
        await c.read_first()
        await c.press("A", "enter", "enter")
        assert "in prod a reason is required" in c.text
        await c.type("   ")
        await c.press("enter")
        assert "in prod a reason is required" in c.text
        await c.press("escape")
        await c.read_first()
        await answer(c, "INC-7")
        await c.read_first()
        await answer(c, "2")
        assert "that is neither 1 nor memory" in c.text
        await c.press("escape")
        await c.read_first()
        assert screen.result is None
        assert c.backend.worker.snapshot() == before


@every_door
async def test_in_prod_every_door_asks(door: str) -> None:
    async with planned(door, environment="production") as (c, screen):
        await c.read_first()
        await c.press("A")
        assert screen.prompt.is_open
        assert "reason:" in c.text
        assert screen.result is None


@pytest.mark.parametrize("environment", ["prod", "production", "PROD"])
async def test_the_source_s_tags_stay_on_the_screen_of_every_plan(environment: str) -> None:
    async with console(environment=environment, size=(40, 12)) as c:
        await c.plan("R")
        assert c.lines[0].startswith(f"memory  [{environment.upper()}]")


@every_door
async def test_a_read_only_source_plans_nothing_and_says_why(door: str) -> None:
    async with at(door, read_only=True) as (c, key):
        screen = c.app.screen
        before = c.backend.worker.snapshot()
        for each in (key, "R", "u"):
            await c.press(each)
            await c.pilot.pause()
            assert c.app.screen is screen
            if each != "R" or not isinstance(screen, ChoiceScreen):
                assert "the source is read-only; open it with --write" in c.text, each
        assert c.backend.worker.snapshot() == before


async def test_a_read_only_source_lists_its_actions_with_the_reason_and_shows_dry_runs() -> None:
    async with console(read_only=True, size=(100, 80)) as c:
        await c.press("?")
        await c.until(lambda: isinstance(c.app.screen, HelpScreen))
        assert c.text.count("not now: the source is read-only") >= 3
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.press("a")
        await c.until_shows("not now: the source is read-only")
        await c.read_first()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        screen = await c.plan("x")
        await c.read_first()
        await c.press("A")
        assert screen.result is None


@every_door
async def test_the_words_on_the_plan_say_what_really_happens(door: str) -> None:
    async with planned(door, size=(120, 40)) as (c, screen):
        assert screen.plan is not None
        assert screen.plan.verb in c.text
        for word in ("fix ", "Fix", "heal", "repair"):
            assert word not in c.text


async def test_a_recovery_says_that_no_worker_is_stopped() -> None:
    async with console() as c:
        await c.plan("R")
        assert "set failed (worker is not stopped)" in c.text


async def test_undo_of_an_undo_is_a_plan_like_any_other() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        await c.plan("R")
        await c.apply()
        for expected in ("running", "failed"):
            top = c.app.screen
            await c.press("u")
            await c.until(lambda top=top: c.app.screen is not top)  # type: ignore[misc]
            screen = c.on(PlanScreen)
            await c.until(lambda screen=screen: screen.plan and not screen.unread)  # type: ignore[misc]
            assert screen.result is None
            await c.apply()
            assert status(c, job) == expected
        kinds = [each.action for each in await c.backend.operations(limit=5)]
        assert kinds == ["undo", "undo", "recover"]


@asynccontextmanager
async def applying() -> AsyncIterator[tuple[Console, PlanScreen, dict[str, Any]]]:
    """A plan whose first chunk has begun, and waits for the database."""
    async with console() as c:
        screen = await c.plan("R")
        before = c.backend.worker.snapshot()
        await c.read_first()
        begun: list[object] = []

        def begin(rows: object) -> None:
            begun.append(rows)
            c.backend.hold()

        c.backend.on_apply = begin
        await c.press("A")
        await c.until(lambda: begun, "for the chunk to begin")
        assert screen.facts().applying
        yield c, screen, before
        c.backend.release()


async def test_the_confirming_key_pressed_twice_applies_once() -> None:
    async with applying() as (c, screen, _):
        await c.press("A", "A", "A")
        assert "apply: it is being applied" in c.text
        c.backend.release()
        await c.until(lambda: screen.result is not None)
        await c.read_first()
        await c.press("A")
        assert "this plan was applied already" in c.text
        operations = await c.backend.operations(limit=10)
        assert [each.action for each in operations] == ["recover"]
        assert operations[0].counts.applied == 1


async def test_both_confirming_keys_at_once_apply_once() -> None:
    async with console() as c:
        screen = await c.plan("R")
        await c.read_first()
        await c.burst("A", "A", "A")
        await c.until(lambda: screen.result is not None)
        assert len(await c.backend.operations(limit=10)) == 1


@pytest.mark.parametrize("key", ["escape", "q", "enter"])
async def test_leaving_while_it_is_applied_asks_it_to_stop_and_stays_for_the_outcome(key: str) -> None:
    async with applying() as (c, screen, _):
        await c.press(key)
        assert c.on(PlanScreen) is screen
        assert "stopping after the chunk that is being applied" in c.text
        c.backend.release()
        await c.until(lambda: screen.result is not None)
        assert c.on(PlanScreen) is screen


async def test_a_plan_can_not_be_changed_while_it_is_applied() -> None:
    async with applying() as (c, screen, _):
        plan = screen.plan
        await c.press("i", "r", "u", "R", "x")
        assert screen.plan is plan
        assert not screen.prompt.is_open
        assert c.on(PlanScreen) is screen


async def test_quitting_while_it_is_applied_lets_the_chunk_end() -> None:
    async with applying() as (c, screen, _):
        await c.press("ctrl+c", "ctrl+c")
        assert not c.app._exit
        c.backend.release()
        await c.until(lambda: c.app._exit, "for the end")
        assert screen.result is not None
        operation = (await c.backend.operations(limit=1))[0]
        assert operation.counts.total == operation.planned == 1


async def test_suspending_while_it_is_applied_is_refused() -> None:
    async with applying() as (c, _, _before):
        await c.press("ctrl+z")
        assert "a chunk is being applied" in c.text


async def test_the_journal_has_a_line_before_anything_is_changed_and_the_outcome_after() -> None:
    async with console() as c:
        seen: list[tuple[str, int]] = []
        screen = await c.plan("R")
        before = c.backend.worker.snapshot()

        def look(rows: object) -> None:
            assert c.backend.worker.snapshot() == before
            seen.extend((entry.plan.action, 0) for entry in c.backend._store.journal.values())

        c.backend.on_apply = look
        await c.apply()
        assert seen == [("recover", 0)]
        assert screen.result is not None
        operation = await c.backend.operation(screen.result.operation)
        assert operation.status == "finished"
        assert operation.operator


async def test_an_apply_that_is_interrupted_is_in_the_journal_with_what_it_did() -> None:
    async with console() as c:
        screen = await c.plan("R")

        def fail(rows: object) -> None:
            raise RuntimeError("the driver broke")

        c.backend.on_apply = fail
        await c.read_first()
        await c.press("A")
        await c.until_shows("the driver broke")
        assert screen.result is None
        operation = (await c.backend.operations(limit=1))[0]
        assert operation.status == "interrupted"
        assert operation.counts.total == 0
        c.backend.on_apply = None
        await c.read_first()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.press("@")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
        await c.until_shows("interrupted")
