"""What the database announces is on the screen at once; elsewhere the pace keeps it fresh."""

import asyncio

import pytest

from tests.tui.driver import Console, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Page
from unstick.recovery.query import Query
from unstick.tui import console as app
from unstick.tui import pace


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refreshing has a floor as ever, but a low one. The pace itself is an hour in these tests."""
    monkeypatch.setattr(app, "AGAIN_S", 0.01)
    monkeypatch.setattr(pace, "FLOOR_S", 0.02)


async def watched(c: Console) -> None:
    await c.until(lambda: c.backend._store.watchers, "for the console to watch")


async def test_a_new_job_is_shown_without_a_key() -> None:
    async with console(MemoryBackend.example(3, 1)) as c:
        await watched(c)
        c.backend.worker.add("came-in", "running", created_ago=1, started_ago=1, updated_ago=1)
        await c.until_shows("came-in")


async def test_what_changes_while_an_answer_is_on_its_way_is_asked_for_again() -> None:
    backend = MemoryBackend.example(3, 1)
    async with console(backend) as c:
        await watched(c)
        answered, on_its_way = asyncio.Event(), asyncio.Event()
        page = backend.page

        async def late(query: Query, after: str | None = None) -> Page:
            found = await page(query, after)
            on_its_way.set()
            await answered.wait()
            return found

        backend.page = late  # type: ignore[method-assign]
        c.jobs.feed.now()
        await c.until(on_its_way.is_set)
        backend.worker.add("too-late", "running", created_ago=1, started_ago=1, updated_ago=1)
        await c.pilot.pause()
        assert "too-late" not in c.text
        answered.set()
        await c.until_shows("too-late")


async def test_a_paused_console_stays_as_it_is() -> None:
    async with console(MemoryBackend.example(3, 1)) as c:
        await watched(c)
        await c.press("p")
        await c.until_shows("[PAUSED]")
        c.backend.worker.add("came-in", "running", created_ago=1, started_ago=1, updated_ago=1)
        await c.until(lambda: not any(each.is_set() for each in c.backend._store.watchers), "for the tick")
        await c.pilot.pause(0.1)
        assert "came-in" not in c.text
        await c.press("p")
        await c.press("ctrl+r")
        await c.until_shows("came-in")


@pytest.mark.parametrize(("notify", "shown", "absent"), [(True, "live", "every"), (False, "every", "live")])
async def test_the_header_says_whether_changes_are_announced(notify: bool, shown: str, absent: str) -> None:
    backend = MemoryBackend(source="src", notify=notify)
    backend.worker.add("one", "running")
    async with console(backend, size=(120, 24)) as c:
        assert shown in c.lines[0]
        assert absent not in c.lines[0]


def test_changes_refresh_less_often_while_nobody_looks() -> None:
    assert pace.Pace(blurred=True).floor_s == pace.BLURRED_S > pace.Pace().floor_s
