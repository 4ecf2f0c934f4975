"""Bare `unstick` where nothing is configured: what was chosen on the welcome screen is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import URL, Cli
from unstick.cli.session import Session
from unstick.recovery.errors import Unreachable, UnstickError

Attempt = Callable[[str], Awaitable[None]]


class Screen:
    """Stands for the welcome screen: what is chosen there, and what was tried before."""

    def __init__(self) -> None:
        self.choice: tuple[str, str, int] = ("quit", "", 0)
        self.tries: tuple[str, ...] = ()
        self.answers: list[str] = []
        self.shown: list[dict[str, Any]] = []

    def __call__(self, attempt: Attempt, place: str, **options: Any) -> tuple[str, str, int]:
        self.shown.append({"place": place, **options})
        for url in self.tries:
            try:
                asyncio.run(_tried(attempt, url))
            except UnstickError as error:
                self.answers.append(str(error))
            else:
                self.answers.append("opened")
        return self.choice


async def _tried(attempt: Attempt, url: str) -> None:
    await attempt(url)


@pytest.fixture
def screen(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """There is a terminal, and nothing is configured."""
    shown = Screen()
    monkeypatch.setattr("unstick.tui.app.run_welcome", shown)
    monkeypatch.setattr("unstick.cli.console.require_terminal", lambda session: None)
    monkeypatch.delenv("UNSTICK_SOURCE")
    return shown


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sources on which the console was opened."""
    names: list[str] = []

    def run_console(sources: Any, **options: Any) -> int:
        names[:] = [source.name for _, source in sources]
        return 0

    monkeypatch.setattr("unstick.tui.app.run_console", run_console)
    return names


def test_a_url_that_opens_becomes_the_source_of_the_console(
    cli: Cli, screen: Screen, opened: list[str]
) -> None:
    screen.tries, screen.choice = (URL,), ("url", URL, 0)
    assert cli().code == 0
    assert screen.answers == ["opened"]
    assert opened == ["memory.db"]


def test_a_url_that_does_not_open_is_told_and_nothing_is_left_open(cli: Cli, screen: Screen) -> None:
    closed: list[bool] = []

    def fail(backend: Any) -> None:
        async def refuse() -> None:
            raise Unreachable("nothing listens there")

        async def close() -> None:
            closed.append(True)

        backend.open, backend.close = refuse, close

    cli.prepare = fail
    screen.tries = (URL, "postgresql://host")
    assert cli().code == 0
    assert screen.answers[0] == "nothing listens there"
    assert "names no database" in screen.answers[1]
    assert closed == [True]


@pytest.mark.parametrize(("what", "module"), [("demo", "demo"), ("init", "init")])
def test_demo_and_init_run_in_this_same_process(
    what: str, module: str, cli: Cli, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Session] = []

    def run(session: Session) -> int:
        ran.append(session)
        return 7

    monkeypatch.setattr(f"unstick.cli.{module}.run", run)
    screen.choice = (what, URL if what == "init" else "", 0)
    assert cli("--theme", "light", "--ascii").code == 7
    [session] = ran
    assert session.args.verb == what
    if what == "init":
        assert session.args.url == URL
    else:
        assert (session.args.theme, session.args.ascii) == ("light", True)


def test_what_is_left_by_a_signal_keeps_its_exit_code(cli: Cli, screen: Screen) -> None:
    screen.choice = ("quit", "", 143)
    assert cli().code == 143


def test_it_says_where_a_configuration_would_be(cli: Cli, screen: Screen, home: Path) -> None:
    cli()
    assert screen.shown[0]["place"] == "there is no ~/.config/unstick/config.toml"
    file = home / ".config" / "unstick" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('theme = "light"\n')
    cli()
    assert screen.shown[1]["place"] == "~/.config/unstick/config.toml names no source"
    assert screen.shown[1]["theme"] == "light"


def test_without_a_terminal_the_headless_commands_are_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    ran = cli()
    assert ran.code == 2
    assert "use the headless commands instead" in ran.err
