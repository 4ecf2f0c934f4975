"""The tabs above the jobs: every source with its health, as much of it as fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.driver import JobsScreen, console
from tests.tui.sources import open_sources, seat, seats
from unstick.recovery.display import cell_width
from unstick.tui.paint import Line, Span
from unstick.tui.screens.sources_tabs import Tab, tabs_line

FRESH = Span("+ fresh", "done")


def tab(place: int, name: str, **values: object) -> Tab:
    made = Tab(place, name, "[PROD]", "prod", FRESH, 3, shown=place == 0)
    return replace(made, **values)  # type: ignore[arg-type]


def text(line: Line) -> str:
    return "".join(span.text for span in line)


def test_with_room_a_tab_has_number_name_label_health_and_stuck_count() -> None:
    found = text(tabs_line([tab(0, "eu"), tab(1, "us", health=Span("x down"), stuck=None)], 80))
    assert found == ">1 eu [PROD] + fresh 3 stuck  2 us [PROD] x down"


def test_with_less_room_words_leave_before_names() -> None:
    tabs = [tab(0, "europe"), tab(1, "america", stuck=0)]
    assert text(tabs_line(tabs, 60)) == ">1 europe [PROD] + 3 stuck  2 america [PROD] + 0 stuck"
    assert text(tabs_line(tabs, 40)) == ">1 europe !3  2 america +"


def test_a_source_that_is_down_shows_it_beside_its_stuck_count() -> None:
    tabs = [tab(0, "europe"), tab(1, "america", health=Span("x down"))]
    assert text(tabs_line(tabs, 40)) == ">1 europe !3  2 america x!3"


def test_names_are_cut_so_that_their_ends_still_tell_them_apart() -> None:
    tabs = [tab(n, f"production-shard-{n}", stuck=0) for n in range(4)]
    found = text(tabs_line(tabs, 60))
    assert cell_width(found) <= 60
    assert all(f"-{n}" in found for n in range(4))


@pytest.mark.parametrize("shown", [0, 7, 49])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_of_too_many_those_around_the_shown_one_are_left(shown: int, width: int) -> None:
    tabs = [tab(n, f"shard-{n:02}", shown=n == shown) for n in range(50)]
    found = text(tabs_line(tabs, width))
    assert cell_width(found) <= width
    assert f">{shown + 1} shard-{shown:02}" in found
    assert ("..." in found[:3]) == (shown > 0)
    assert ("..." in found[-3:]) == (shown < 49)


async def test_the_shown_source_is_marked_and_the_others_are_as_they_were_left() -> None:
    backend, second = seat("second", stuck=4)
    async with console(others=[second], size=(100, 24)) as c:
        stuck = (await c.backend.counts()).stuck
        assert c.lines[1] == f">1 memory [STAGING] + fresh {stuck} stuck  2 second [STAGING] . not asked"
        await c.press("]")
        await c.until(lambda: c.jobs.rows.window.loaded and c.jobs.session.source.name == "second")
        await c.until(lambda: ">2 second [STAGING] + fresh 4 stuck" in c.lines[1])
        assert c.lines[1].startswith(" 1 memory [STAGING] + fresh")
        backend.go_down()
        await c.press("ctrl+r")
        await c.until(lambda: "x down 4 stuck" in c.lines[1])
        await c.press("[")
        await c.until(lambda: c.lines[1].startswith(">1 memory"))
        assert " 2 second [STAGING] x down 4 stuck" in c.lines[1]


async def test_what_the_sources_screen_learned_stands_in_the_tabs() -> None:
    async with console(others=seats(["second"]), size=(100, 24)) as c:
        await open_sources(c)
        await c.until(lambda: c.app.sessions[1].counts is not None)
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.until(lambda: "2 second [STAGING] + fresh 2 stuck" in c.lines[1])


async def test_an_age_in_the_tabs_does_not_tick() -> None:
    async with console(others=seats(["second"]), size=(100, 24)) as c:
        await open_sources(c)
        await c.until(lambda: c.app.sessions[1].counts is not None)
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        c.ticks.pass_by(100_000)
        await c.refresh()
        await c.until(lambda: "2 second [STAGING] . old 2 stuck" in c.lines[1])
        before = c.lines[1]
        c.ticks.pass_by(7_777)
        await c.refresh()
        assert c.lines[1] == before


async def test_one_source_has_no_tabs() -> None:
    async with console() as c:
        assert c.lines[1].startswith("Jobs >")


@pytest.mark.parametrize("size", [(80, 14), (40, 12)])
async def test_on_a_short_terminal_the_tabs_leave_and_the_header_stays(size: tuple[int, int]) -> None:
    async with console(others=seats(["second"]), size=size) as c:
        assert c.lines[0].startswith("1/2  memory  [STAGING]")
        assert c.lines[1].startswith("Jobs >")


async def test_the_tabs_come_back_with_the_room() -> None:
    async with console(others=seats(["second"]), size=(80, 14)) as c:
        await c.pilot.resize_terminal(80, 24)
        await c.until(lambda: c.lines[1].startswith(">1 memory"))
