"""The list over all sources: what is stuck anywhere, and the way to it and back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.driver import Console, JobScreen, JobsScreen, console
from tests.tui.sources import open_everywhere, open_sources, seat, seats
from unstick.recovery.model import JobId
from unstick.recovery.query import Query
from unstick.tui.screens.everywhere import MOST, EverywhereScreen
from unstick.tui.screens.sources import SourcesScreen


async def all_answered(c: Console) -> None:
    screen = c.on(EverywhereScreen)
    sessions = c.app.sessions
    await c.until(lambda: all(id(each) in screen._pages or each.problem for each in sessions))
    await c.pilot.pause()


async def test_stuck_jobs_of_all_sources_stand_in_one_list_the_longest_silent_first() -> None:
    _, second = seat("second", stuck=3)
    async with console(others=[second]) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        found = [screen.rows.item(key) for key in screen.rows.keys]
        assert {each.place for each in found if each} == {0, 1}
        silent = [each.job.idle_s for each in found if each and each.job.idle_s is not None]
        assert silent == sorted(silent, reverse=True)
        stuck = await c.backend.page(Query(stuck_only=True, limit=500))
        assert len(found) == len(stuck.rows) + 3
        assert c.lines[2].split() == ["SOURCE", "LABEL", "STATE", "ID", "KIND", "IDLE", "WHY"]
        assert f"{len(found)} stuck" in c.lines[1]
        assert screen.table.cursor == screen.rows.keys[0]


async def test_a_source_that_is_down_is_named_with_its_reason_and_hides_no_rows() -> None:
    backend, second = seat("second", stuck=3)
    async with console(others=[second]) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        before = screen.rows.keys
        backend.go_down()
        await c.press("ctrl+r")
        await c.until_shows("! second does not answer")
        assert screen.rows.keys == before
        old = [screen.rows.item(key) for key in before]
        assert {each.place for each in old if each and each.old} == {1}


async def test_one_that_never_answered_does_not_hold_up_the_others() -> None:
    hanging, first = seat("hanging", connect_s=600.0)
    hanging.hold()
    async with console(others=[first, seat("third", stuck=1)[1]]) as c:
        await open_everywhere(c)
        await c.until_shows("third")
        await c.until_shows("waiting for 1 of 3 sources")
        hanging.release()
        await c.until_shows("hanging")


async def test_enter_opens_the_job_in_its_source_and_esc_comes_back_to_the_list() -> None:
    backend, second = seat("second", stuck=3)
    async with console(others=[second]) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        key = next(key for key in screen.rows.keys if key.startswith("1/"))
        screen.table.move_to(key)
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("native status")
        assert c.on(JobScreen).job_id == JobId(key.partition("/")[2])
        assert c.app.session.source.name == "second"
        assert c.lines[0].startswith("2/2  second")
        await c.press("escape")
        await c.until(lambda: c.app.screen is screen)
        assert screen.table.cursor == key
        assert c.lines[0].startswith("2/2  second")
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, SourcesScreen))
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.on(JobsScreen).session.source.name == "second"
        assert backend.source == "second"


async def test_an_action_from_there_is_about_the_source_of_the_job() -> None:
    backend, second = seat("second", stuck=3)
    async with console(others=[second]) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        before = (await c.backend.counts()).by_status
        key = next(key for key in screen.rows.keys if key.startswith("1/"))
        screen.table.move_to(key)
        await c.press("enter")
        await c.until_shows("native status")
        await c.plan("R")
        await c.apply()
        assert (await backend.counts()).stuck == 2
        assert (await c.backend.counts()).by_status == before


async def test_marks_in_another_source_stay_when_a_job_of_the_same_id_is_recovered() -> None:
    backend, second = seat("second", stuck=3)
    twin = backend.second(source="twin")
    source = second[1]
    async with console(twin, others=[second]) as c:
        await c.press("2")
        await c.until(lambda: c.jobs.rows.window.loaded)
        await c.press("*")
        table, marked = c.jobs, c.jobs.marks.ids.copy()
        assert len(marked) == 3
        screen = await open_everywhere(c)
        await all_answered(c)
        screen.table.move_to(next(key for key in screen.rows.keys if key.startswith("1/")))
        await c.press("enter")
        await c.until_shows("native status")
        await c.plan("R")
        await c.apply()
        assert table.marks.ids == marked
        assert source.name == "second"


async def test_a_key_switches_to_the_source_of_the_row() -> None:
    async with console(others=seats(["second"])) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        screen.table.move_to(next(key for key in screen.rows.keys if key.startswith("1/")))
        await c.press("s")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.on(JobsScreen).session.source.name == "second"
        assert len(c.app.screen_stack) == 2


async def test_from_a_job_the_sources_key_leads_back_instead_of_deeper() -> None:
    async with console(others=seats(["second"])) as c:
        await open_everywhere(c)
        await all_answered(c)
        below = c.app.screen_stack[2]
        await c.press("enter")
        await c.until_shows("native status")
        await open_sources(c)
        assert c.app.screen is below
        assert len(c.app.screen_stack) == 3


async def test_the_sources_key_of_the_list_goes_back_to_the_sources() -> None:
    async with console(others=seats(["second"])) as c:
        await open_everywhere(c)
        await open_sources(c)
        assert len(c.app.screen_stack) == 3


async def test_a_source_with_very_many_gives_its_first_and_says_so() -> None:
    _, second = seat("second", stuck=MOST + 20, jobs=MOST + 40)
    async with console(others=[second], size=(80, 90)) as c:
        screen = await open_everywhere(c)
        await all_answered(c)
        assert sum(key.startswith("1/") for key in screen.rows.keys) == MOST
        assert f"... only the first {MOST} each of second; s goes there" in c.text
        assert "+ stuck" in c.lines[1]


async def test_without_any_it_says_so_for_the_sources_that_answer() -> None:
    down, second = seat("second", stuck=0)
    _, third = seat("third", stuck=0)
    first = seat("first", stuck=0)[0]
    async with console(first, others=[second, third]) as c:
        await open_everywhere(c)
        await c.until_shows("no stuck jobs in 3 sources")
        down.go_down()
        await c.press("ctrl+r")
        await c.until_shows("no stuck jobs in the 2 that answer")


@pytest.mark.parametrize("size", [(40, 12), (60, 14), (80, 24), (120, 40)])
async def test_every_size_shows_source_id_and_reason(size: tuple[int, int]) -> None:
    async with console(others=seats(["second"]), size=size) as c:
        await open_everywhere(c)
        await all_answered(c)
        assert all(title in c.lines[2] for title in ("SOURCE", "ID", "IDLE", "WHY"))
        assert "idle" in c.text
        assert "[STAGING]" in c.lines[0]


async def test_until_somebody_moves_the_cursor_stays_on_top_of_what_comes_in() -> None:
    slow, second = seat("second", stuck=3)
    slow.advance(100_000)
    slow.hold()
    async with console(others=[second]) as c:
        screen = await open_everywhere(c)
        await c.until(lambda: screen.rows.keys)
        slow.release()
        await all_answered(c)
        await c.until(lambda: screen.rows.keys[0].startswith("1/"))
        assert screen.table.cursor == screen.rows.keys[0]
        slow.hold()
        await c.press("j")
        chosen: Any = screen.table.cursor
        slow.release()
        await c.press("ctrl+r")
        await all_answered(c)
        assert screen.table.cursor == chosen
