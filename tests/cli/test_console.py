"""Which sources the console is opened on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.recovery.errors import ConfigError
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

Seats = list[tuple[Callable[[], Backend], Source]]

CONFIG = """
[defaults]
source = "second"

[sources.first]
url = "sqlite:///first.db"
environment = "prod"

[sources.second]
url = "sqlite:///second.db"

[sources.broken]
url_env = "NOT_SET_ANYWHERE"

[sources.locked]
url_command = "false"
"""


@pytest.fixture
def seats(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Seats:
    """What the console was opened on; there is a terminal and a configuration with four sources."""
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    opened: Seats = []

    def run_console(sources: Sequence[tuple[Callable[[], Backend], Source]], **options: object) -> int:
        opened[:] = sources
        return 0

    monkeypatch.setattr("unstick.tui.app.run_console", run_console)
    monkeypatch.setattr("unstick.cli.console.require_terminal", lambda session: None)
    monkeypatch.delenv("UNSTICK_SOURCE")
    return opened


def names(seats: Seats) -> list[str]:
    return [source.name for _, source in seats]


def test_every_configured_source_is_there_the_default_one_first(cli: Cli, seats: Seats) -> None:
    assert cli().code == 0
    assert names(seats) == ["second", "first", "broken", "locked"]
    assert seats[1][1].read_only
    assert not cli.opened
    seats[0][0]()
    assert cli.opened[0].url == "sqlite:///second.db"


def test_one_that_is_configured_wrongly_says_so_when_it_is_looked_at(cli: Cli, seats: Seats) -> None:
    cli()
    with pytest.raises(ConfigError, match="NOT_SET_ANYWHERE"):
        seats[2][0]()
    with pytest.raises(ConfigError, match="url_command"):
        seats[3][0]()


def test_those_that_are_named_are_opened_in_their_order(cli: Cli, seats: Seats) -> None:
    assert cli("--source", "first", "sqlite:///third.db", "first").code == 0
    assert names(seats) == ["first", "third.db"]
    assert cli("--source", "nothing", "first").code == 2
    assert cli("--source", "broken").code == 2
    assert cli("sqlite:///third.db").code == 0
    assert names(seats) == ["third.db"]
