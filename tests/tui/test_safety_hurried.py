"""What a hurried person presses on a plan, through every door: nothing is changed, cancelled or confirmed by
it (rules 1 and 2)."""

from __future__ import annotations

import pytest

from tests.tui.driver import JobsScreen, PlanScreen, console
from tests.tui.safety import at, every_door, planned
from unstick.recovery.errors import ConfigError
from unstick.tui.actions import ACTIONS
from unstick.tui.keys import resolve
from unstick.tui.screens.choice import ChoiceScreen

INITIATING = sorted({key for action in ACTIONS if action.initiates for key in action.keys})


@every_door
@pytest.mark.parametrize("twice", ["R", "T", "ctrl+d", "x", "u"])
async def test_no_key_that_opens_a_plan_confirms_it_however_often_it_is_pressed(
    door: str, twice: str
) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        await c.press(twice)
        await c.read_first()
        await c.press(twice, twice)
        assert c.on(PlanScreen) is screen
        assert not screen.facts().applying
        assert screen.result is None
        assert c.backend.worker.snapshot() == before


@every_door
async def test_the_key_pressed_twice_at_once_opens_a_plan_and_no_more(door: str) -> None:
    async with at(door) as (c, key):
        before = c.backend.worker.snapshot()
        await c.burst(key, key)
        await c.until(lambda: isinstance(c.app.screen, PlanScreen), "for the plan")
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None)
        await c.press(key)
        assert c.on(PlanScreen) is screen
        assert c.backend.worker.snapshot() == before


@every_door
async def test_enter_never_confirms_it_only_cancels_and_not_before_the_plan_was_read(door: str) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        await c.press("enter", "enter")
        assert c.on(PlanScreen) is screen
        assert "ignored" in c.text
        await c.read_first()
        assert "[ Cancel ]" in c.text
        await c.press("enter")
        await c.until(lambda: c.app.screen is not screen)
        assert c.backend.worker.snapshot() == before


HABITS = ("n", "space", "tab", "1", "o", "O", "j", "backspace", "ctrl+k", "ctrl+h", "d", "D", "delete")


@every_door
async def test_habits_from_other_tools_confirm_nothing(door: str) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        await c.press("y", *HABITS)
        await c.read_first()
        await c.press(*HABITS)
        assert c.on(PlanScreen) is screen
        assert screen.result is None
        assert not screen.facts().applying
        assert c.backend.worker.snapshot() == before


@every_door
async def test_y_is_no_yes(door: str) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        await c.read_first()
        await c.press("y", "y", "Y", "y")
        assert screen in c.app.screen_stack
        assert screen.result is None
        assert not screen.facts().applying
        assert c.backend.worker.snapshot() == before


@every_door
async def test_for_300_ms_after_a_plan_was_painted_no_key_does_anything(door: str) -> None:
    async with planned(door) as (c, screen):
        plan, wrapped = screen.plan, screen._wrapped
        c.ticks.pass_by(0.29)
        await c.press("A", "enter", "escape", "q", "i", "r", "z", "y", "?")
        assert c.on(PlanScreen) is screen
        assert "that key was ignored: this had only just appeared" in c.text
        assert (screen.plan, screen._wrapped, screen.prompt.is_open) == (plan, wrapped, False)
        assert screen.result is None


@every_door
async def test_the_confirming_key_pressed_after_reading_applies(door: str) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        await c.apply()
        assert screen.result is not None
        assert screen.result.counts.applied == len(screen.plan.rows) if screen.plan else False
        assert c.backend.worker.snapshot() != before


@every_door
async def test_a_key_that_waited_in_a_busy_console_was_pressed_too_early_however_late_it_is_handled(
    door: str,
) -> None:
    async with planned(door) as (c, screen):
        before = c.backend.worker.snapshot()
        c.ticks.pass_by(5)
        await c.burst("A", waited=3600.0)
        await c.burst("enter", waited=3600.0)
        assert c.on(PlanScreen) is screen
        assert "ignored" in c.text
        assert c.backend.worker.snapshot() == before


async def test_a_plan_that_comes_while_help_covers_it_is_read_before_it_is_answered() -> None:
    async with console() as c:
        c.backend.hold()
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        screen = c.on(PlanScreen)
        await c.read_first()
        await c.press("?")
        await c.until_shows("Help > plan")
        c.backend.release()
        await c.until(lambda: screen.plan is not None)
        c.ticks.pass_by(5)
        await c.press("escape")
        await c.until(lambda: c.app.screen is screen)
        await c.press("A")
        assert "ignored" in c.text
        assert screen.result is None


async def test_the_same_holds_for_the_choice_of_an_action() -> None:
    async with console() as c:
        await c.press("a")
        await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))
        await c.press("enter")
        c.on(ChoiceScreen)
        assert "ignored" in c.text
        await c.read_first()
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))


async def test_the_same_holds_with_other_keys() -> None:
    keymap = {"act.recover": "f6", "plan.apply": "f7,B", "plan.cancel": "C", "act.dry_run": "f8"}
    async with console(keymap=keymap) as c:
        job = c.jobs.table.cursor
        before = c.backend.worker.snapshot()
        screen = await c.plan("f6")
        assert "f7 applies it to 1 row" in c.text
        await c.press("f7", "B", "C")
        await c.read_first()
        await c.press("f6", "f8", "A", "R", "enter")
        assert c.on(PlanScreen) is screen
        assert c.backend.worker.snapshot() == before
        await c.press("B")
        await c.until(lambda: screen.result is not None)
        assert job is not None
        assert c.backend.worker.snapshot() != before


async def test_asking_for_what_is_missing_never_applies_by_itself() -> None:
    async with console(environment="prod") as c:
        screen = await c.plan("R")
        before = c.backend.worker.snapshot()
        await c.read_first()
        await c.press("A")
        await c.type("INC-7")
        await c.press("enter", "A", "enter", "enter")
        assert c.on(PlanScreen) is screen
        await c.read_first()
        await c.press("A")
        await c.type("memory")
        await c.press("enter", "A", "enter")
        assert c.on(PlanScreen) is screen
        assert screen.result is None
        assert c.backend.worker.snapshot() == before


@pytest.mark.parametrize("confirming", [action.id for action in ACTIONS if action.confirms])
@pytest.mark.parametrize("key", INITIATING)
def test_no_keymap_makes_an_initiating_key_confirm(confirming: str, key: str) -> None:
    with pytest.raises(ConfigError, match=confirming.replace(".", r"\.")):
        resolve({confirming: key})


DESTRUCTIVE = ("act.recover", "act.retry", "act.delete", "plan.apply")


@pytest.mark.parametrize("action", DESTRUCTIVE)
@pytest.mark.parametrize(
    "key",
    ["b", "d", "backspace", "delete,backspace", "enter", "^m", "^h", *(f"ctrl+{key}" for key in "hjklwab")],
)
def test_no_keymap_puts_a_change_on_a_key_that_slips(action: str, key: str) -> None:
    # Every other key is out of the way, so that it is the rule that speaks and not a clash.
    away = {
        each.id: "none"
        for each in ACTIONS
        if not each.confirms and each.id not in ("app.back", "app.quit", "app.interrupt", "app.help", action)
        and not each.id.endswith(".cancel")
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"too easily pressed|is already the key of plan\.cancel"):
        resolve({**away, action: key})


async def test_leaving_a_plan_goes_back_to_the_screen_that_opened_it() -> None:
    async with console() as c:
        await c.plan("R")
        await c.read_first()
        await c.press("q")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert not c.app._exit
