"""The ends of a list that is longer than what is loaded: pages are read from either one."""

from __future__ import annotations

from tests.tui.driver import Console, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.query import Query

JOBS = 700


async def whole_list(backend: MemoryBackend) -> list[str]:
    page = await backend.page(Query(limit=10_000))
    return [job.id for job in page.rows]


async def to_the_end(c: Console) -> None:
    await c.press("G")
    await c.until(lambda: c.jobs.query_now.backwards and c.jobs.rows.window.loaded, "for the last page")


async def test_the_end_of_a_long_list_is_its_last_row_and_what_stands_above_it_follows() -> None:
    backend = MemoryBackend.example(JOBS, 5)
    expected = await whole_list(backend)
    async with console(backend, size=(140, 30)) as c:
        assert len(c.jobs.rows.window.order) < JOBS
        await to_the_end(c)
        assert c.jobs.table.cursor == expected[-1]
        assert c.jobs.rows.window.order == expected[-len(c.jobs.rows.window.order) :]
        assert "the last 200 rows" in c.text
        loaded = len(c.jobs.rows.window.order)
        await c.press(*["pageup"] * 9)
        await c.until(lambda: len(c.jobs.rows.window.order) > loaded, "for the page above")
        assert c.jobs.rows.window.order == expected[-len(c.jobs.rows.window.order) :]
        place = c.jobs.table.cursor
        await c.refresh()
        assert c.jobs.table.cursor == place
        assert c.jobs.rows.window.order == expected[-len(c.jobs.rows.window.order) :]
        await c.press("g")
        await c.until(lambda: c.jobs.table.cursor == expected[0], "for the first row")
        assert not c.jobs.query_now.backwards


async def test_a_row_that_is_added_at_the_end_appears_below_the_last_one() -> None:
    backend = MemoryBackend.example(JOBS, 5)
    async with console(backend) as c:
        c.jobs.ask(sort="created")
        await c.until(lambda: c.jobs.rows.window.loaded, "for the first page")
        await to_the_end(c)
        last = c.jobs.table.cursor
        new = backend.worker.add("new", "pending", created_ago=0.0)
        await c.refresh()
        assert c.jobs.rows.window.order[-2:] == [last, new]
        assert c.jobs.table.cursor == last


async def test_another_order_or_filter_begins_at_the_top_again() -> None:
    async with console(MemoryBackend.example(JOBS, 5)) as c:
        await to_the_end(c)
        await c.press("o")
        await c.until(lambda: c.jobs.rows.window.loaded, "for the first page")
        assert not c.jobs.query_now.backwards
        assert c.jobs.table.position == 0
