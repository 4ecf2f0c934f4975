"""Opening one more source while the console is open: tried first, and nothing is lost when it fails."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.widgets import Input

from tests.tui.driver import Console, JobsScreen, console
from tests.tui.sources import line_of, open_sources, seat, seats
from unstick.recovery.errors import ConfigError, Unreachable, UsageError
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source
from unstick.tui.places import Find
from unstick.tui.screens.sources import SourcesScreen
from unstick.tui.session import Make

PASSWORD = "s3cr3t-pass"
URL = f"postgresql://bob:{PASSWORD}@db7/jobs"


def finding(backend: MemoryBackend, source: Source) -> Find:
    """Finds this one under its name and URL, and nothing else."""

    def find(text: str) -> tuple[Make, Source]:
        if text in (source.name, source.url):
            return (lambda: backend), source
        raise ConfigError("this is not a database URL; write postgresql://user@host/database")

    return find


async def write(c: Console, text: str) -> None:
    """Ask for the prompt and paste into it, as one does with a URL."""
    await c.press("a")
    prompt = c.on(SourcesScreen).prompt
    await c.until(lambda: prompt.is_open)
    prompt.query_one(Input).post_message(Paste(text))
    await c.until(lambda: prompt.text == text)


async def added(c: Console, number: int) -> None:
    await c.until(lambda: len(c.app.sessions) == number, "for the source")
    await c.pilot.pause()


async def test_a_url_is_opened_listed_and_asked_and_the_way_to_keep_it_is_told() -> None:
    backend, (_, source) = seat("jobs@db7", stuck=3)
    source = Source("jobs@db7", URL, refresh_s=3600.0)
    async with console(others=seats(["second"]), size=(120, 40), find=finding(backend, source)) as c:
        screen = await open_sources(c)
        await write(c, URL)
        await c.press("enter")
        await added(c, 3)
        assert not screen.prompt.is_open
        assert "added jobs@db7 as number 3, until this console is left" in c.text
        assert screen.table.cursor == "2"
        await c.until(lambda: "+ fresh" in line_of(c, "jobs@db7"))
        await c.until_shows("[sources.jobs@db7]")
        assert PASSWORD not in c.text
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen) and c.jobs.rows.window.loaded)
        assert c.lines[0].startswith("3/3  jobs@db7")


async def test_the_only_source_gets_a_neighbour_and_a_place() -> None:
    backend, (_, source) = seat("second")
    async with console(find=finding(backend, source)) as c:
        await open_sources(c)
        await write(c, "second")
        await c.press("enter")
        await added(c, 2)
        assert "added second as number 2" in c.text
        assert "until this console" not in c.text
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.until(lambda: c.lines[0].startswith("1/2  memory"))
        await c.until(lambda: c.lines[1].startswith(">1 memory"))
        await c.press("]")
        await c.until(lambda: c.app.session.source.name == "second")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConfigError("this is not a database URL; write sqlite:///path"), "this is not a database URL"),
        (
            UsageError("there is no source 'prodd'; did you mean prod"),
            "there is no source 'prodd'; did you mean prod",
        ),
        (Unreachable("db7 does not answer"), "db7 does not answer"),
        (ValueError("boom"), "internal error: ValueError: boom"),
    ],
)
async def test_what_is_wrong_is_one_sentence_and_what_was_typed_stays(error: Exception, told: str) -> None:
    def find(text: str) -> tuple[Make, Source]:
        raise error

    async with console(find=find) as c:
        screen = await open_sources(c)
        await write(c, URL)
        await c.press("enter")
        await c.until_shows(f"not added: {told}")
        assert screen.prompt.is_open
        assert screen.prompt.text == URL
        assert PASSWORD not in c.text
        assert len(c.app.sessions) == 1
        await c.press("escape")
        assert not screen.prompt.is_open


async def test_a_database_that_does_not_answer_is_not_added_and_can_be_tried_again() -> None:
    backend, (_, source) = seat("second")
    backend.go_down()
    async with console(find=finding(backend, source)) as c:
        screen = await open_sources(c)
        await write(c, "second")
        await c.press("enter")
        await c.until_shows("not added: second does not answer")
        assert screen.prompt.text == "second"
        backend.come_back()
        await c.press("enter")
        await added(c, 2)


async def test_esc_gives_up_one_that_hangs() -> None:
    backend, (_, source) = seat("second", connect_s=600.0)
    backend.hold()
    async with console(find=finding(backend, source)) as c:
        screen = await open_sources(c)
        await write(c, "second")
        await c.press("enter")
        await c.until_shows("opening it ...")
        await c.press("enter")
        await c.until_shows("it is still being opened; esc gives it up")
        await c.press("escape")
        assert not screen.prompt.is_open
        backend.release()
        await c.pilot.pause()
        assert len(c.app.sessions) == 1
        await c.press("j", "k")
        assert c.app.screen is screen


async def test_one_that_is_open_already_is_gone_to() -> None:
    backend, second = seat("second")
    async with console(others=[second], find=finding(backend, second[1])) as c:
        screen = await open_sources(c)
        await write(c, "second")
        await c.press("enter")
        await c.until_shows("second is open already: it is number 2")
        assert screen.table.cursor == "1"
        assert len(c.app.sessions) == 2


async def test_nothing_typed_adds_nothing() -> None:
    backend, (_, source) = seat("second")
    async with console(find=finding(backend, source)) as c:
        screen = await open_sources(c)
        await c.press("a", "space", "enter")
        assert not screen.prompt.is_open
        assert len(c.app.sessions) == 1


async def test_a_console_that_can_open_none_says_so() -> None:
    async with console() as c:
        await open_sources(c)
        await c.press("a")
        assert "can't open other sources" in c.text
