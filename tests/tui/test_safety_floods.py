"""Pasted text and bursts after a lag press no keys; a cursor key that is held down still moves."""

from __future__ import annotations

import random

import pytest
from textual.events import Paste

from tests.tui.driver import Console, JobsScreen, PlanScreen, console
from tests.tui.safety import at, every_door
from unstick.tui.typing import CALM_S, FLOOD, GAP_S, PASTED, TOLD, Run

TEXT = (*"recover RAT", "ctrl+d", *"AAA", "enter", *"yq", "enter")
MOVES = frozenset({"j", "k", "g", "G", "down", "up"})


def state(c: Console) -> object:
    """What keys of the live table change."""
    jobs = c.jobs
    return (
        c.app.screen, list(c.app.screen_stack), jobs.marks.ids, jobs.marks.anchor, jobs.view, jobs.query_now,
        c.app.session.pace.paused, c.app.session.pace.every_s, c.app._exit, c.backend.worker.snapshot(),
    )  # fmt: skip


@every_door
async def test_text_that_is_pasted_without_brackets_does_nothing_at_all(door: str) -> None:
    async with at(door) as (c, _):
        before = state(c)
        await c.burst(*TEXT)
        assert state(c) == before
        assert TOLD[:40] in c.text


@every_door
async def test_a_bracketed_paste_does_nothing_and_says_so(door: str) -> None:
    async with at(door) as (c, _):
        before = state(c)
        c.app.post_message(Paste("recover RAT\nAAA\n"))
        await c.until_shows(PASTED)
        assert state(c) == before


@pytest.mark.parametrize("seed", range(12))
async def test_a_burst_of_thirty_keys_after_a_lag_confirms_cancels_and_changes_nothing(seed: int) -> None:
    keys = random.Random(seed).choices(["j", "k", "space", "R", "A"], k=30)
    async with console() as c:
        before = c.backend.worker.snapshot()
        await c.burst(*keys)
        c.on(JobsScreen)
        assert c.jobs.marks.ids == frozenset()
        assert c.backend.worker.snapshot() == before


@pytest.mark.parametrize("seed", range(12))
async def test_keys_typed_at_a_person_s_pace_while_the_console_stood_still_confirm_nothing(seed: int) -> None:
    keys = random.Random(seed).choices(["j", "k", "space", "R", "A", "enter"], k=30)
    async with console() as c:
        before = c.backend.worker.snapshot()
        await c.burst(*keys, every=0.15)
        await c.pilot.pause()
        assert c.backend.worker.snapshot() == before
        top = c.app.screen
        if isinstance(top, PlanScreen):
            await c.until(lambda: top.plan is not None)
            assert top.result is None
            assert not top.facts().applying


@every_door
async def test_what_was_typed_before_the_plan_was_readable_is_no_answer(door: str) -> None:
    async with at(door) as (c, key):
        before = c.backend.worker.snapshot()
        await c.burst(key, "A", "enter")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen), "for the plan")
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None and not screen.unread)
        await c.burst("A", "q", "A")
        assert c.on(PlanScreen) is screen
        assert screen.result is None
        assert c.backend.worker.snapshot() == before


async def test_a_paste_while_a_plan_is_open_neither_applies_nor_leaves_it() -> None:
    async with console() as c:
        screen = await c.plan("R")
        before = c.backend.worker.snapshot()
        await c.read_first()
        await c.burst(*TEXT)
        assert c.on(PlanScreen) is screen
        assert screen.result is None
        assert c.backend.worker.snapshot() == before


async def test_a_long_paste_that_comes_in_pieces_is_one_paste() -> None:
    async with console() as c:
        before = state(c)
        now = 0.0
        for piece in ("recover ", "RA", "T", "\t"):
            await c.burst(*piece.replace("\t", "q"), waited=100.0 - now)
            now += CALM_S / 2
        assert state(c) == before


async def test_a_cursor_key_that_is_held_down_moves_also_when_it_comes_in_a_burst() -> None:
    async with console() as c:
        await c.burst(*["j"] * 30)
        await c.until(lambda: c.jobs.table.position == 30)
        await c.burst(*["up"] * 10, every=1 / 30)
        await c.until(lambda: c.jobs.table.position == 20)
        await c.burst(*"jjkjjkjj")
        await c.until(lambda: c.jobs.table.position == 24)


async def test_a_key_that_is_held_down_is_no_paste() -> None:
    async with console() as c:
        await c.burst(*["space"] * 12)
        await c.until(lambda: len(c.jobs.marks.ids) == 12)


async def test_a_few_keys_that_came_together_act_in_their_order() -> None:
    async with console() as c:
        first, second, third = c.jobs.rows.window.order[:3]
        await c.burst("space", "j", "space", "R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        assert c.jobs.marks.ids == {first, third}
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None)
        assert screen.plan is not None
        assert {row.job for row in screen.plan.rows} == {first, third}
        assert second not in c.jobs.marks.ids


async def test_text_typed_right_behind_the_key_of_a_prompt_goes_to_the_prompt() -> None:
    async with console() as c:
        await c.burst(*"/RT")
        await c.until(lambda: c.jobs.prompt.is_open)
        await c.type("x")
        assert "RTx" in c.text
        c.on(JobsScreen)


async def test_what_follows_on_text_pasted_into_a_prompt_is_no_key() -> None:
    async with console() as c:
        await c.press("/")
        await c.burst(*"88001", "enter", *"RAT", "enter")
        await c.pilot.pause()
        assert isinstance(c.app.screen, JobsScreen)
        assert not c.jobs.marks.ids


async def test_ctrl_c_is_heard_in_the_middle_of_a_flood() -> None:
    async with console() as c:
        await c.burst(*TEXT, "ctrl+c", *"abc", "ctrl+c")
        await c.until(lambda: c.app._exit)


async def test_moving_keys_are_known_by_the_keymap() -> None:
    async with console(keymap={"move.down": "e", "move.up": "?", "app.help": "f1"}) as c:
        await c.burst(*"eeeeee", "?", *"ee", "?")
        await c.until(lambda: c.jobs.table.position == 6)


def run_of(*keys: str, every: float = 0.0) -> Run:
    run = Run(MOVES)
    for number, key in enumerate(keys):
        run.add(key, 1000.0 + every * number)
    return run


def test_only_keys_that_act_and_differ_from_the_one_before_count() -> None:
    assert run_of(*"recover").count == 7
    assert run_of(*"jjjjjkkkGG").count == 0
    assert run_of(*["space"] * 20).count == 1
    assert run_of("space", "j", "space", "j", "R").count == 3
    assert run_of(*"88213").count >= FLOOD


def test_keys_at_a_person_s_pace_never_add_up() -> None:
    assert run_of(*"recover", every=GAP_S * 1.01).count == 1
    assert run_of(*"recover", every=GAP_S * 0.99).count == 7
