"""Several sources in one console: each keeps what was done in it, and none takes another down."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.driver import Console, JobScreen, JobsScreen, console
from unstick.recovery.errors import ConfigError
from unstick.recovery.memory import ARTITEC, EXTRACTION, MemoryAction, MemoryBackend
from unstick.recovery.model import ActionInfo, JobId
from unstick.recovery.source import Source
from unstick.tui.session import Make


def another(
    name: str = "second", *, environment: str = "prod", read_only: bool = False
) -> tuple[MemoryBackend, tuple[Make, Source]]:
    """A source beside the first one, and its backend."""
    backend = MemoryBackend.example(40, 3, system=EXTRACTION, source=name)
    source = Source(name, "memory://", environment=environment, refresh_s=3600.0, read_only=read_only)
    return backend, (lambda: backend, source)


async def go(c: Console, key: str, to: str) -> JobsScreen:
    """Switch to the source of this name and wait for its rows."""
    await c.press(key)
    await c.until(lambda: c.app.session.source.name == to and isinstance(c.app.screen, JobsScreen))
    await c.until(lambda: c.jobs.rows.window.loaded or c.app.session.problem, "for its rows")
    await c.pilot.pause()
    return c.jobs


async def test_the_header_says_which_of_how_many_with_its_tags() -> None:
    _, second = another(read_only=True)
    async with console(others=[second]) as c:
        assert c.lines[0].startswith("1/2  memory  [STAGING]")
        assert "] source" in c.lines[-1]
        await go(c, "]", "second")
        assert c.lines[0].startswith("2/2  second  [PROD]  [READ-ONLY]")
        await go(c, "]", "memory")
        await go(c, "[", "second")


async def test_one_source_says_nothing_about_others() -> None:
    async with console() as c:
        assert c.lines[0].startswith("memory  [STAGING]")
        assert "] source" not in c.lines[-1]
        await c.press("]")
        assert "there is only this source" in c.text


async def test_a_source_is_opened_when_it_is_first_looked_at() -> None:
    made: list[str] = []
    backend, (_, source) = another()

    def make() -> MemoryBackend:
        made.append(source.name)
        return backend

    async with console(others=[(make, source)]) as c:
        await c.refresh()
        assert not made
        await go(c, "]", "second")
        await go(c, "]", "memory")
        await go(c, "]", "second")
        assert made == ["second"]


async def test_marks_filter_and_order_are_kept_per_source() -> None:
    _, second = another()
    async with console(others=[second]) as c:
        await c.press("space", ">", "space")
        await c.until(lambda: c.jobs.rows.window.loaded)
        first = c.jobs
        kept = (first.marks.ids, first.query_now, first.view)
        there = await go(c, "]", "second")
        assert not there.marks.ids
        await c.press("2")
        await c.until(lambda: there.rows.window.loaded)
        back = await go(c, "[", "memory")
        assert (back.marks.ids, back.query_now, back.view) == kept
        assert (await go(c, "]", "second")).view == "stuck"


async def test_a_source_that_is_not_shown_is_not_asked() -> None:
    _, second = another()
    async with console(others=[second]) as c:
        asked: list[str] = []
        page = c.backend.page

        async def counted(*given: object) -> object:
            asked.append("page")
            return await page(*given)  # type: ignore[arg-type]

        c.backend.page = counted  # type: ignore[method-assign, assignment]
        hidden = c.jobs
        await go(c, "]", "second")
        hidden.wake()
        hidden.feed.now()
        await c.refresh()
        assert not asked
        await go(c, "[", "memory")
        await c.until(lambda: asked)


async def test_a_source_that_is_down_leaves_the_others_alone() -> None:
    backend, second = another()
    backend.go_down()
    async with console(others=[second]) as c:
        await go(c, "]", "second")
        assert "down" in c.lines[0]
        # Below the tabs of the sources and the title.
        assert c.lines[3].startswith("! "), c.text
        await go(c, "]", "memory")
        assert "fresh" in c.lines[0]
        backend.come_back()
        await go(c, "]", "second")
        await c.until(lambda: c.jobs.rows.window.loaded)
        assert c.app.is_running


async def test_a_source_that_is_configured_wrongly_leaves_the_others_alone() -> None:
    def make() -> MemoryBackend:
        raise ConfigError("the environment variable JOBS_URL is not set")

    _, (_, source) = another()
    async with console(others=[(make, source)]) as c:
        await go(c, "]", "second")
        assert "JOBS_URL is not set" in c.text
        await go(c, "]", "memory")
        assert "fresh" in c.lines[0]


async def test_a_result_stays_with_its_source() -> None:
    _, second = another(environment="staging")
    async with console(others=[second]) as c:
        await c.plan("R")
        await c.apply()
        await c.press("escape")
        await c.until_shows("> recovered 1")
        await go(c, "]", "second")
        assert "recovered 1" not in c.text
        await go(c, "]", "memory")
        assert "> recovered 1" in c.text


async def test_rows_that_wait_for_a_refresh_are_not_called_fresh() -> None:
    _, second = another()
    async with console(others=[second]) as c:
        session = c.app.session
        session.pace.every_s = 5.0
        c.ticks.pass_by(90)
        c.jobs.tell()
        assert session.freshness() == "rows 1m old"
        session.slow = True
        assert session.freshness() == "waiting, rows 1m old"


async def test_the_only_source_that_can_not_be_opened_ends_the_console() -> None:
    backend = MemoryBackend.example(5, 1)
    backend.go_down()
    async with console(backend, ready=False) as c:
        await c.until(lambda: not c.app.is_running, "for the end")
        assert c.app.return_code == 3
        assert c.app.refused is not None


async def test_the_queue_is_told_in_one_line_and_at_its_holder() -> None:
    async with console(size=(100, 30)) as c:
        queue = await c.backend.queue()
        assert queue is not None
        assert queue.holder is not None
        line = c.lines[2]
        assert line.startswith(f"Queue blocked by  ! stuck {queue.holder} for ")
        assert f"{queue.waiting} waiting  next {queue.next}" in line
        c.app.open_job(queue.holder)
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("blocks it since")
        assert f"{queue.waiting} waiting, next {queue.next}" in c.text


async def test_a_system_without_a_queue_says_nothing_of_one() -> None:
    backend, _ = another()
    async with console(backend) as c:
        assert "Queue" not in c.text


async def test_all_actions_are_listed_with_what_they_do_and_open_their_plan() -> None:
    async with console(read_only=False) as c:
        job = c.jobs.table.cursor
        await c.press("a")
        await c.until_shows("WHAT IT DOES")
        able = c.app.session.capabilities
        assert able is not None
        for action in able.actions:
            assert action.name in c.text
            assert action.verb in c.text
        await c.read_first()
        await c.press("enter")
        await c.until_shows("plan ")
        assert f"> {able.actions[0].name}" in c.lines[1]
        await c.until_shows(str(job))
        await c.read_first()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def test_a_read_only_source_lists_its_actions_with_the_reason() -> None:
    async with console(read_only=True) as c:
        await c.press("a")
        await c.until_shows("not now: the source is read-only")
        await c.read_first()
        await c.press("enter")
        await c.until_shows("recover: the source is read-only")


async def test_an_action_of_its_own_is_planned_and_applied_like_any_other() -> None:
    info = ActionInfo("pause", "set cancelled until somebody resumes it", from_statuses=("pending",))
    system = replace(ARTITEC, actions=(*ARTITEC.actions, MemoryAction(info, to_status="cancelled")))
    backend = MemoryBackend.example(40, 2, system=system)
    async with console(backend) as c:
        await c.press("5")
        await c.until(lambda: c.jobs.rows.window.loaded)
        job = c.jobs.table.cursor
        assert job is not None
        await c.press("a")
        await c.until_shows("set cancelled until somebody resumes it  only pending")
        await c.read_first()
        await c.press("G", "enter")
        await c.until_shows("status: pending -> cancelled")
        await c.apply()
        await c.press("escape")
        await c.until_shows("> pause: applied 1")
        assert (await backend.job(JobId(job))).status == "cancelled"
