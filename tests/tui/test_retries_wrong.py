"""Retry statistics where there is nothing to count, or where it can't be counted."""

from __future__ import annotations

from datetime import timedelta

from tests.tui.driver import JobsScreen, console
from tests.tui.test_retries import go, shop
from tests.tui.test_retries_text import HOUR
from unstick.recovery.errors import QueryTimeout
from unstick.recovery.memory import EXTRACTION, MemoryBackend
from unstick.recovery.stats import Statistics
from unstick.tui.screens.retries import RetriesScreen


async def test_no_jobs_at_all_says_so_and_how_to_look_further_back() -> None:
    async with console(MemoryBackend(EXTRACTION), ready=False) as c:
        await c.until(lambda: c.jobs.rows.window.loaded)
        await go(c)
        assert "no jobs were created in the last 24 h, so there is nothing to count; > looks" in c.text
        assert "Most retried" not in c.text


async def test_jobs_that_were_never_retried_say_so() -> None:
    backend = MemoryBackend(EXTRACTION)
    backend.worker.add("plain", "completed", created_ago=HOUR)
    async with console(backend) as c:
        await go(c)
        assert "no retries in the last 24 h: none of the jobs created then was retried" in c.text


async def test_a_source_that_hangs_says_so_and_can_be_left() -> None:
    backend = shop()
    async with console(backend) as c:
        backend.hold()
        await c.press("%")
        await c.until_shows("counting ...")
        screen = c.on(RetriesScreen)
        screen.feed._waits()
        await c.until_shows("that takes its time; esc leaves without waiting")
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        backend.release()
        await c.pilot.pause()
        assert c.app.is_running


async def test_a_source_that_is_down_says_so_and_is_tried_again() -> None:
    backend = shop()
    async with console(backend) as c:
        backend.go_down()
        await c.press("%")
        await c.until_shows("nothing could be counted")
        assert "! shop does not answer" in c.text
        assert "^r asks again now" in c.text
        screen = c.on(RetriesScreen)
        await c.until(lambda: screen.feed._timer is not None, "for the next try")
        backend.come_back()
        await c.press("ctrl+r")
        await c.until_shows("Jobs created in the last 24 h: 23")
        assert "does not answer" not in c.text


async def test_what_took_too_long_is_not_asked_again_by_itself() -> None:
    backend = shop()
    asked: list[timedelta] = []

    async def slow(window: timedelta) -> Statistics:
        asked.append(window)
        raise QueryTimeout("shop did not answer within 10 s")

    backend.statistics = slow  # type: ignore[method-assign]
    async with console(backend) as c:
        await c.press("%")
        await c.until_shows("a shorter time is counted faster")
        screen = c.on(RetriesScreen)
        await c.until(lambda: not screen.feed.in_flight)
        assert screen.feed._timer is None
        assert len(asked) == 1
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def test_figures_stay_with_their_time_when_the_source_goes_down() -> None:
    backend = shop()
    async with console(backend) as c:
        await go(c)
        backend.go_down()
        await c.press("ctrl+r")
        await c.until_shows("! shop does not answer")
        assert "Jobs created in the last 24 h: 23" in c.text
        assert "as of 12:00:00" in c.text


async def test_a_read_only_source_shows_the_same() -> None:
    async with console(shop(), read_only=True) as c:
        await go(c)
        assert "[READ-ONLY]" in c.lines[0]
        assert "Jobs created in the last 24 h: 23" in c.text


async def test_it_writes_nothing_while_nobody_asks() -> None:
    async with console(shop()) as c:
        screen = await go(c)
        assert screen.feed._timer is None
        assert screen.feed._aging is None
        assert screen.feed._slow is None


async def test_leaving_lets_go_of_the_question() -> None:
    backend = shop()
    async with console(backend) as c:
        backend.hold()
        await c.press("%")
        await c.until_shows("counting ...")
        workers = [worker for worker in c.app.workers if worker.group == "refresh"]
        assert workers
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.until(lambda: all(worker.is_finished for worker in workers))
        backend.release()
