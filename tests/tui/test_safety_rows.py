"""Cursor, marks and plans hold ids: whatever rows do meanwhile, a change hits those that were chosen
(rules 4 and 5)."""

from __future__ import annotations

import pytest

from tests.tui.driver import Console, JobsScreen, PlanScreen, console
from tests.tui.safety import at, every_door, planned
from tests.tui.test_plan import status
from tests.tui.test_sources import another, go
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId


async def back(c: Console) -> None:
    """Leave the plan, after a look at it."""
    await c.read_first()
    await c.press("escape")
    await c.until(lambda: isinstance(c.app.screen, JobsScreen))
    await c.pilot.pause()


def planned_jobs(screen: PlanScreen) -> set[str]:
    assert screen.plan is not None
    return {row.job for row in screen.plan.rows}


async def newcomers(c: Console, *names: str) -> None:
    """Rows that belong above all others, and a refresh that brings them."""
    for name in names:
        c.backend.worker.add(name, "running", started_ago=99_999, updated_ago=99_999)
    await c.refresh()


async def test_a_refresh_that_reorders_under_the_cursor_leaves_the_plan_with_the_row_looked_at() -> None:
    async with console() as c:
        await c.press("j", "j")
        job, line = c.jobs.table.cursor, c.jobs.table.position
        await newcomers(c, "new1", "new2")
        assert c.jobs.rows.window.order[0] in ("new1", "new2")
        assert c.jobs.table.cursor == job
        assert c.jobs.table.position == line + 2
        assert planned_jobs(await c.plan("R")) == {job}


async def test_a_row_that_disappears_under_the_cursor_is_never_replaced_by_its_neighbour() -> None:
    async with console() as c:
        await c.press("j")
        job, neighbours = c.jobs.table.cursor, set(c.jobs.rows.window.order)
        assert job is not None
        c.backend.worker.remove(JobId(job))
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None or screen._problem)
        assert screen.plan is None or not screen.plan.rows
        assert job in c.text
        await c.read_first()
        await c.press("A")
        assert screen.result is None
        for other in neighbours - {job}:
            assert status(c, other) is not None


async def test_a_row_that_is_gone_since_the_last_refresh_can_not_be_changed_either() -> None:
    async with console() as c:
        job = c.jobs.table.cursor
        assert job is not None
        before = c.backend.worker.snapshot()
        c.backend.worker.finish(JobId(job))
        await c.refresh()
        after = c.backend.worker.snapshot()
        assert after != before
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None and not screen.unread)
        await c.read_first()
        await c.press("A")
        assert "nothing to change" in c.text
        assert c.backend.worker.snapshot() == after


async def test_while_rows_are_marked_nothing_moves_and_new_rows_are_counted() -> None:
    async with console() as c:
        await c.press("space", "space")
        order, marks = list(c.jobs.rows.window.order), c.jobs.marks.ids
        await newcomers(c, "new1", "new2", "new3")
        assert c.jobs.rows.window.order == order
        assert "+3 new" in c.lines[1]
        await c.press("space")
        assert c.jobs.marks.ids == marks | {order[2]}


async def test_while_a_range_is_begun_nothing_moves_so_that_it_ends_where_it_seems_to() -> None:
    async with console() as c:
        await c.press("j", "v", "j", "j")
        order = list(c.jobs.rows.window.order)
        await newcomers(c, "new1")
        await c.press("v")
        assert c.jobs.marks.ids == frozenset(order[1:4])


async def test_while_a_plan_is_open_the_table_below_stands_still() -> None:
    async with console() as c:
        order = list(c.jobs.rows.window.order)
        screen = await c.plan("R")
        plan = screen.plan
        c.backend.worker.add("new", "running", started_ago=99_999, updated_ago=99_999)
        c.app.wake()
        c.jobs.wake()
        await c.pilot.pause()
        assert c.jobs.rows.window.order == order
        assert screen.plan is plan
        await back(c)
        await c.until(lambda: "new" in c.jobs.rows.window.order)


@pytest.mark.parametrize("change", [("/", "state:failed"), ("2",), ("3",), ("4",), ("5",)])
async def test_other_rows_to_look_at_remove_the_marks_and_say_so(change: tuple[str, ...]) -> None:
    async with console() as c:
        await c.press("space", "space", change[0])
        for text in change[1:]:
            await c.type(text)
            await c.press("enter")
        await c.until_shows("2 marks removed")
        assert c.jobs.marks.ids == frozenset()
        await c.until(lambda: c.jobs.rows.window.loaded)
        await c.pilot.pause()
        job = c.jobs.table.cursor
        await c.press("x")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None)
        assert screen._how == "the row under the cursor"
        assert screen.plan is not None
        assert {*planned_jobs(screen), *(left.job for left in screen.plan.left_out)} == {job}


async def test_another_order_keeps_the_marks_and_counts_those_out_of_sight() -> None:
    async with console(MemoryBackend.example(1000, 5)) as c:
        await c.press("space", "space")
        marked = c.jobs.marks.ids
        await c.press(">", "o")
        await c.until(lambda: c.jobs.rows.window.loaded)
        await c.pilot.pause()
        assert c.jobs.marks.ids == marked
        hidden = len(marked - set(c.jobs.rows.window.order))
        assert f"marked 2, hidden {hidden}" in c.lines[1]
        assert planned_jobs(await c.plan("R")) <= marked


async def test_rows_that_match_by_now_are_not_taken_in() -> None:
    async with console() as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 5)
        await c.press("*")
        chosen = c.jobs.marks.ids
        c.backend.worker.add("new", "running", started_ago=99_999, updated_ago=99_999)
        screen = await c.plan("R")
        assert planned_jobs(screen) <= chosen
        await c.apply()
        assert status(c, "new") == "running"


async def test_rows_that_finish_while_the_plan_is_read_win() -> None:
    async with console() as c:
        first, second = c.jobs.rows.window.order[:2]
        await c.press("space", "space")
        screen = await c.plan("R")
        c.backend.worker.finish(first)
        c.backend.worker.remove(second)
        await c.apply()
        assert screen.result is not None
        assert screen.result.counts.as_dict() == {
            **dict.fromkeys(screen.result.counts.as_dict(), 0), "drifted": 1, "missing": 1
        }  # fmt: skip
        assert status(c, first) == "completed"
        assert status(c, second) is None


@every_door
async def test_a_worker_that_lives_after_all_wins_whichever_door_the_plan_came_through(door: str) -> None:
    async with planned(door) as (c, screen):
        assert screen.plan is not None
        row = screen.plan.rows[0]
        if row.variant is None:
            c.backend.worker.finish(row.job)
        else:
            c.backend.worker.set_variant(row.variant, retry_count=2)
        before = c.backend.worker.snapshot()
        await c.apply()
        assert screen.result is not None
        assert screen.result.counts.applied == 0
        assert c.backend.worker.snapshot() == before


@every_door
async def test_the_source_can_not_be_changed_under_an_open_plan(door: str) -> None:
    _, second = another(environment="staging")
    async with planned(door, others=[second]) as (c, screen):
        await c.read_first()
        await c.press("]", "[", "0", "@", "V", "S", "%", "!", "2", "/", "*")
        assert c.on(PlanScreen) is screen
        assert c.app.session.source.name == "memory"
        await c.apply()
        assert screen.result is not None
        assert screen.result.plan.database == c.backend.capabilities.database


async def test_each_source_keeps_its_own_marks_and_its_plan_its_own_ids() -> None:
    other, second = another(environment="staging")
    async with console(others=[second]) as c:
        await c.press("space")
        marked = c.jobs.marks.ids
        await go(c, "]", "second")
        assert c.app.screen is not c.jobs or not c.jobs.marks.ids
        theirs = other.worker.snapshot()
        await go(c, "[", "memory")
        assert c.jobs.marks.ids == marked
        await c.plan("R")
        await c.apply()
        assert other.worker.snapshot() == theirs


@every_door
async def test_the_plan_names_the_row_that_was_under_the_cursor(door: str) -> None:
    async with at(door) as (c, key):
        screen = await c.plan(key)
        assert screen.plan is not None
        job = screen.plan.rows[0].job
        assert job in c.text
        assert len({row.job for row in screen.plan.rows}) == 1
