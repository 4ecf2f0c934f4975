"""The welcome screen: by key to the demo, a database or init; a URL that can't be opened is no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.events import Paste

from tests.tui.driver import Console, Ticks
from unstick.recovery.errors import Denied, UnstickError
from unstick.recovery.memory import MemoryBackend
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.welcome import WelcomeScreen
from unstick.tui.ways import Way
from unstick.tui.welcome import WelcomeApp
from unstick.tui.widgets.url_prompt import masked

URL = "postgresql://me:geheim@db/jobs"


class Welcome(Console):
    """The welcome screen and the person in front of it; `tried` are the URLs that were opened for a try."""

    app: WelcomeApp

    def __init__(self, app: WelcomeApp, tried: list[str], console: Console) -> None:
        super().__init__(app, console.pilot, console.backend, console.ticks)
        self.tried = tried

    @property
    def way(self) -> Way | None:
        return self.app.way

    async def type_url(self, url: str = URL) -> None:
        await self.press("u")
        await self.until_shows("database URL:")
        await self.type(url)


@asynccontextmanager
async def welcome(
    *answers: UnstickError | None, size: tuple[int, int] = (80, 24), hangs: bool = False
) -> AsyncIterator[Welcome]:
    """Open it; `answers` are what becomes of one try after the other."""
    tried: list[str] = []
    left = iter(answers)

    async def attempt(url: str) -> None:
        tried.append(url)
        if hangs:
            await asyncio.Event().wait()
        error = next(left, None)
        if error is not None:
            raise error

    ticks = Ticks()
    app = WelcomeApp(attempt, "there is no ~/.config/unstick/config.toml", clock=ticks, theme="dark")
    async with app.run_test(size=size) as pilot:
        shown = Welcome(app, tried, Console(app, pilot, MemoryBackend.example(1, 0), ticks))
        await shown.until(lambda: isinstance(app.screen, WelcomeScreen), "for the welcome screen")
        await pilot.pause()
        yield shown


async def test_three_lines_say_what_this_is_and_each_key_what_it_does() -> None:
    async with welcome() as c:
        for text in (
            "unstick shows background jobs that hang",
            "shown first; what it changed can be undone",
            "PostgreSQL, MySQL/MariaDB or SQLite",
            "d     Five job systems",
            "u     Open a database",
            "i     Write a database into the configuration",
            "postgresql://user@host/database",
            "there is no ~/.config/unstick/config.toml",
            "no source yet",
        ):
            assert text in c.text, text


async def test_on_a_tiny_terminal_every_choice_is_still_there() -> None:
    async with welcome(size=(40, 12)) as c:
        for text in ("shows background jobs", "d     demo", "u     database URL", "i     init", "q     quit"):
            assert text in c.text, text


@pytest.mark.parametrize(("key", "what"), [("d", "demo"), ("q", "quit")])
async def test_a_key_is_enough(key: str, what: str) -> None:
    async with welcome() as c:
        await c.press(key)
        await c.until(lambda: c.way is not None)
        assert c.way == Way(what)  # type: ignore[arg-type]


async def test_a_url_is_tried_first_and_then_opened() -> None:
    async with welcome(None) as c:
        await c.type_url()
        await c.press("enter")
        await c.until(lambda: c.way is not None)
        assert c.tried == [URL]
        assert c.way == Way("url", URL)


async def test_a_url_that_can_not_be_opened_says_why_and_may_be_corrected() -> None:
    async with welcome(Denied("the database refused; check user and password"), None) as c:
        await c.type_url()
        await c.press("enter")
        await c.until_shows("! the database refused; check user and password")
        assert c.way is None
        assert "geheim" not in c.text
        await c.press("u")
        await c.until_shows("database URL: postgresql://me:******@db/jobs")
        await c.press("2", "enter")
        await c.until(lambda: c.way is not None)
        assert c.way == Way("url", f"{URL}2")


@pytest.mark.parametrize(
    ("typed", "told"), [("", "type a database URL"), ("oracle://db/x", "not a database that unstick knows")]
)
async def test_what_is_no_url_is_told_while_it_is_still_being_typed(typed: str, told: str) -> None:
    async with welcome() as c:
        await c.type_url(typed)
        await c.press("enter")
        await c.until_shows(told)
        assert c.on(WelcomeScreen).prompt.is_open
        assert c.tried == []


async def test_a_database_that_does_not_answer_can_be_given_up() -> None:
    async with welcome(hangs=True) as c:
        await c.type_url()
        await c.press("enter")
        await c.until_shows("Opening postgresql://me:***@db/jobs ...")
        await c.press("escape")
        await c.until(lambda: "Opening" not in c.text)
        assert c.way is None
        await c.press("d")
        await c.until(lambda: c.way == Way("demo"))


async def test_init_takes_the_url_that_was_typed_before() -> None:
    async with welcome(Denied("no")) as c:
        await c.type_url()
        await c.press("enter")
        await c.until_shows("! no")
        await c.press("i")
        await c.until_shows("URL to configure: postgresql://me:******@db/jobs")
        await c.press("enter")
        await c.until(lambda: c.way == Way("init", URL))


async def test_a_pasted_url_is_asked_about_and_nothing_else_that_is_pasted_does_anything() -> None:
    async with welcome() as c:
        c.app.screen.post_message(Paste("d q rm -rf"))
        await c.pilot.pause()
        assert c.way is None
        c.app.screen.post_message(Paste(f"{URL}\n"))
        await c.until_shows("database URL: postgresql://me:******@db/jobs")
        assert c.way is None
        assert c.tried == []


async def test_help_says_what_the_screen_is_for_and_lists_its_keys() -> None:
    async with welcome() as c:
        await c.press("?")
        await c.until(lambda: isinstance(c.app.screen, HelpScreen))
        await c.until_shows("Nothing is configured yet")
        assert "d shows everything on invented jobs" in c.text


async def test_nothing_on_it_moves_by_itself() -> None:
    async with welcome() as c:
        shown = c.lines
        c.ticks.pass_by(600)
        await c.pilot.pause()
        assert c.lines == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("postgresql://me", "postgresql://me"),
        ("postgresql://me:ge", "postgresql://me:**"),
        ("postgresql://me:ge@he", "postgresql://me:**@he"),
        ("postgresql://me:a@b@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host:5432", "postgresql://host:****"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("postgresql://host:5432/db@", "postgresql://host:*******@"),
        ("postgresql://me:54/32@h/db", "postgresql://me:*****@h/db"),
        ("mysql://host/db?password=geheim&ssl=1", "mysql://host/db?password=******&ssl=1"),
        ("sqlite:///a:b.db", "sqlite:///a:b.db"),
        ("sqlite:////tmp/a:b.db", "sqlite:////tmp/a:b.db"),
        ("postgresql://bob@db7/jobs", "postgresql://bob@db7/jobs"),
        ("mysql://bob:p/w@db7/jobs", "mysql://bob:***@db7/jobs"),
        ("postgresql://db7/jobs?user=bob&password=pw&x=1", "postgresql://db7/jobs?user=bob&password=**&x=1"),
        ("prod-eu", "prod-eu"),
        ("", ""),
    ],
)
def test_a_password_is_hidden_while_it_is_typed(typed: str, shown: str) -> None:
    assert masked(typed) == shown
    assert len(masked(typed)) == len(typed)
