"""All sources side by side: how each is in words, and none that waits for another."""

from __future__ import annotations

from functools import partial

import pytest
from textual.strip import Strip

from tests.tui.driver import Console, JobsScreen, console
from tests.tui.sources import line_of, open_sources, seat, seats
from unstick.backends.demo.hostile import TEXTS
from unstick.recovery.health import Health, MissingIndex
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Counts
from unstick.recovery.source import Source
from unstick.tui.feed import Feed


async def asked(c: Console) -> None:
    """Wait until no question is open that will be answered."""
    await c.until(lambda: all(each.counts or each.problem for each in c.app.sessions), "for all answers")
    await c.pilot.pause()


def refreshed(feed: Feed[Counts], generation: int) -> bool:
    """Whether a question after that one was asked and answered."""
    return feed._generation > generation and not feed.in_flight


async def test_every_source_has_a_row_with_label_health_counts_and_server() -> None:
    _, second = seat("prod-eu", stuck=4, environment="prod", read_only=True)
    async with console(others=[second], size=(120, 30)) as c:
        await open_sources(c)
        await asked(c)
        await c.until_shows("+ fresh")
        line = line_of(c, "prod-eu")
        assert "[PROD] [READ-ONLY]" in line
        assert "+ fresh" in line
        counts = c.app.sessions[1].counts
        assert counts is not None
        assert counts.stuck == 4
        assert " 4 " in line
        assert "[STAGING]" in line_of(c, "memory")


async def test_without_the_screen_only_the_shown_source_is_asked() -> None:
    made: list[str] = []
    backend, (_, source) = seat("second")

    def make() -> MemoryBackend:
        made.append("second")
        return backend

    async with console(others=[(make, source)]) as c:
        await c.refresh()
        assert not made
        screen = await open_sources(c)
        await asked(c)
        assert made == ["second"]
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        feed = screen.feeds.of(c.app.sessions[1])
        feed.now()
        assert not feed.in_flight


async def test_one_that_hangs_and_one_that_fails_delay_the_others_by_nothing() -> None:
    hanging, first = seat("hanging", connect_s=600.0)
    failing, second = seat("failing")
    _, third = seat("well")
    hanging.hold()
    failing.go_down()
    async with console(others=[first, second, third]) as c:
        screen = await open_sources(c)
        well = c.app.sessions[3]
        feeds = screen.feeds
        for _ in range(5):
            before = feeds.of(well)._generation
            await c.press("ctrl+r")
            await c.until(partial(refreshed, feeds.of(well), before))
        await c.until(lambda: c.app.sessions[2].problem is not None)
        assert well.counts is not None
        assert feeds.of(c.app.sessions[1]).in_flight
        await c.until(lambda: "+ fresh" in line_of(c, "well"))
        assert ". connecting" in line_of(c, "hanging")
        assert "x down" in line_of(c, "failing")
        hanging.release()
        await c.until(lambda: "+ fresh" in line_of(c, "hanging"))


async def test_one_that_does_not_answer_in_time_is_down_by_its_own_limit() -> None:
    hanging, first = seat("hanging", connect_s=-0.95)
    hanging.hold()
    async with console(others=[first]) as c:
        await open_sources(c)
        await c.until(lambda: "x down" in line_of(c, "hanging"))
        assert "1 not answering" in c.lines[1]
        await c.press("j")
        await c.until_shows("did not answer within")
        hanging.release()


async def test_one_that_takes_its_time_is_called_slow_with_the_age_of_its_rows() -> None:
    slow, first = seat("slow")
    async with console(others=[first]) as c:
        screen = await open_sources(c)
        await asked(c)
        slow.hold()
        await c.press("ctrl+r")
        c.ticks.pass_by(42)
        feed = screen.feeds.of(c.app.sessions[1])
        await c.until(lambda: feed.in_flight)
        feed._waits()
        await c.until(lambda: "~ slow 42s" in line_of(c, "slow"))
        slow.release()
        await c.until(lambda: "+ fresh" in line_of(c, "slow"))


async def test_what_was_known_of_a_source_that_goes_down_stays_with_its_age() -> None:
    backend, first = seat("second", stuck=3)
    async with console(others=[first]) as c:
        await open_sources(c)
        await asked(c)
        backend.go_down()
        c.ticks.pass_by(180)
        await c.press("ctrl+r")
        await c.until(lambda: "x down 3m" in line_of(c, "second"))
        assert " 3 " in line_of(c, "second")[30:]
        backend.come_back()
        await c.press("ctrl+r")
        await c.until(lambda: "+ fresh" in line_of(c, "second"))


async def test_enter_switches_to_the_source_and_its_jobs_are_as_they_were_left() -> None:
    async with console(others=seats(["second", "third"])) as c:
        await c.press("space", "2")
        await c.until(lambda: c.jobs.rows.window.loaded)
        left = (c.jobs, c.jobs.view)
        await open_sources(c)
        await c.press("G", "enter")
        await c.until(lambda: c.app.session.source.name == "third" and isinstance(c.app.screen, JobsScreen))
        assert c.lines[0].startswith("3/3  third")
        assert len(c.app.screen_stack) == 2
        await open_sources(c)
        await c.press("g", "enter")
        await c.until(lambda: c.app.session.source.name == "memory" and isinstance(c.app.screen, JobsScreen))
        assert (c.jobs, c.jobs.view) == left


async def test_from_a_job_the_sources_are_a_key_away_and_back() -> None:
    async with console(others=seats(["second"])) as c:
        await c.press("enter")
        await c.until_shows("native status")
        job = c.app.screen
        await open_sources(c)
        await c.press("escape")
        await c.until(lambda: c.app.screen is job)
        await open_sources(c)
        await c.press("j", "enter")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.app.session.source.name == "second"


async def test_the_details_tell_what_the_source_can_do_and_what_its_questions_cost() -> None:
    async with console(others=seats(["second"]), size=(120, 60)) as c:
        await open_sources(c)
        await c.until_shows("memory/memory")
        for text in ("round trip", "row locks", "journal", "recover, retry", "page of jobs"):
            assert text in c.text, text
        await c.until_shows("none: what the questions look for is there")
        await c.press("j")
        await c.until_shows("memory/second")
        assert "page of jobs" not in c.text


async def test_missing_indexes_are_told_and_copied_as_statements() -> None:
    backend, first = seat("second")
    statement = "CREATE INDEX CONCURRENTLY ix_jobs_status ON jobs (status)"

    async def health() -> Health:
        return Health(2, (MissingIndex("jobs", ("status",), "what is stuck", statement),))

    backend.health = health  # type: ignore[method-assign]
    async with console(others=[first], size=(120, 60)) as c:
        copied: list[str] = []

        def copy(text: str) -> bool:
            copied.append(text)
            return True

        c.app.copy = copy  # type: ignore[method-assign]
        await open_sources(c)
        await c.press("y")
        await c.until_shows("copy SQL: ")
        await c.press("j")
        await c.until_shows("jobs (status): what is stuck")
        assert "2 open; at most 3" in c.text
        await c.press("y")
        assert copied == [f"{statement};"]


async def test_a_look_at_the_indexes_that_fails_is_told_and_tried_again_when_asked() -> None:
    backend, first = seat("second")
    sound = backend.health

    async def health() -> Health:
        raise ValueError("no catalogue")

    backend.health = health  # type: ignore[method-assign]
    async with console(others=[first], size=(120, 60)) as c:
        await open_sources(c)
        await c.press("j")
        await c.until_shows("can't be told: ")
        backend.health = sound  # type: ignore[method-assign]
        await c.press("ctrl+r")
        await c.until_shows("none: what the questions look for is there")


async def test_tab_scrolls_the_details_and_comes_back() -> None:
    async with console(others=seats(["second"])) as c:
        screen = await open_sources(c)
        await c.until_shows("round trip")
        await c.press("tab", "j", "j")
        await c.until(lambda: screen.pane.top == 2)
        assert screen.table.cursor == "0"
        await c.until_shows("back to the list")
        await c.press("escape", "j")
        assert screen.table.cursor == "1"
        assert c.app.screen is screen


@pytest.mark.parametrize("size", [(40, 12), (60, 14), (80, 24), (120, 40), (200, 50)])
async def test_every_size_shows_names_health_and_the_header(size: tuple[int, int]) -> None:
    _, second = seat("prod-eu", environment="prod", read_only=True)
    async with console(others=[second], size=size) as c:
        await open_sources(c)
        await asked(c)
        await c.until(lambda: c.text.count("+ fresh") >= 2)
        assert "[STAGING]" in c.lines[0]
        assert "prod-eu" in c.text
        await c.press("tab")
        await c.until_shows("memory  [STAGING]")


async def test_fifty_sources_are_all_asked_and_an_unchanged_answer_writes_nothing() -> None:
    async with console(others=seats([f"shard-{n:02}" for n in range(49)]), size=(100, 30)) as c:
        screen = await open_sources(c)
        await asked(c)
        assert "50 open" in c.lines[1]
        await c.press("G")
        await c.until_shows("shard-48")
        await c.pilot.pause()
        painted: list[int] = []
        paint = screen.table.render_line

        def counted(y: int) -> Strip:
            painted.append(y)
            return paint(y)

        screen.table.render_line = counted  # type: ignore[method-assign]
        generation = screen.feeds.of(c.app.sessions[7])._generation
        await c.press("ctrl+r")
        feeds = [screen.feeds.of(each) for each in c.app.sessions]
        await c.until(lambda: all(refreshed(feed, generation) for feed in feeds))
        await c.pilot.pause()
        assert painted == []


async def test_hostile_names_and_reasons_stay_text() -> None:
    others = []
    for text in TEXTS.values():
        backend, (make, _) = seat("x")
        backend.go_down()
        others.append((make, Source(text[:60] or "-", "memory://", environment=text[:8], refresh_s=3600.0)))
    async with console(others=others, size=(100, 40)) as c:
        await open_sources(c)
        await asked(c)
        await c.press("G", "tab", "G")
        await c.pilot.pause()
        assert c.app.is_running
        assert not {char for char in c.text if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)}
        assert not set("\u202e\u200b\u2066\ufeff") & set(c.text)
