"""Killing the demo's worker: asked for, confirmed by another key, and not there at all elsewhere."""

import pytest

from tests.tui.driver import JobsScreen, console
from unstick.recovery.errors import ConfigError
from unstick.tui.keys import resolve
from unstick.tui.screens.kill import KillScreen

pytestmark = pytest.mark.processes


class FakeWorkers:
    """A worker that a test can take away."""

    def __init__(self, pid: int | None = 4711) -> None:
        self.running = pid
        self.killed: list[str] = []

    def pid(self, source: str) -> int | None:
        return self.running

    def kill(self, source: str) -> str:
        self.killed.append(source)
        self.running = None
        return "worker 4711 killed; its job goes stuck in 15 s"


async def test_only_its_own_key_kills_and_what_comes_of_it_stays_on_the_status_line() -> None:
    workers = FakeWorkers()
    async with console(workers=workers) as c:
        assert "! kill" in c.text
        await c.press("!")
        await c.until(lambda: isinstance(c.app.screen, KillScreen))
        assert "worker 4711" in c.text
        await c.press("K")
        assert workers.killed == []
        assert "only just appeared" in c.text
        await c.read_first()
        await c.press("!")
        assert workers.killed == []
        await c.press("K")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert workers.killed == [c.app.session.source.name]
        await c.until_shows("worker 4711 killed; its job goes stuck in 15 s")
        await c.press("!")
        assert isinstance(c.app.screen, JobsScreen)
        await c.until_shows("no worker runs right now")


@pytest.mark.parametrize("key", ["enter", "escape", "q"])
async def test_every_way_of_leaving_leaves_the_worker_alive(key: str) -> None:
    workers = FakeWorkers()
    async with console(workers=workers) as c:
        await c.press("!")
        await c.until(lambda: isinstance(c.app.screen, KillScreen))
        await c.read_first()
        await c.press(key)
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert workers.killed == []


async def test_a_worker_that_has_another_id_by_now_is_not_killed_in_its_place() -> None:
    workers = FakeWorkers()
    async with console(workers=workers) as c:
        await c.press("!")
        await c.until(lambda: isinstance(c.app.screen, KillScreen))
        await c.read_first()
        workers.running = 4712
        await c.press("K")
        await c.until_shows("worker 4711 has gone by itself; nothing was killed")
        assert workers.killed == []


async def test_outside_of_the_demo_nothing_tells_of_it_and_the_key_does_nothing() -> None:
    async with console() as c:
        assert "kill" not in c.text
        await c.press("!")
        assert isinstance(c.app.screen, JobsScreen)
        await c.until_shows("only the demo")
        await c.press("question_mark")
        await c.until_shows("Help > jobs")
        await c.press("slash")
        await c.type("kill")
        await c.press("enter")
        await c.until_shows("no key does that here")


async def test_in_the_demo_help_has_it() -> None:
    async with console(workers=FakeWorkers()) as c:
        await c.press("question_mark")
        await c.until_shows("Help > jobs")
        await c.press("slash")
        await c.type("kill")
        await c.press("enter")
        await c.until_shows("Kill this source's worker")


def test_the_key_that_asks_can_not_be_the_one_that_kills() -> None:
    with pytest.raises(ConfigError, match="can't confirm"):
        resolve({"demo.confirm": "!"})
