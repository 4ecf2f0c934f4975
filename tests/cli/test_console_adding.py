"""What can be opened by URL or name while the console is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from unstick.recovery.errors import ConfigError, UsageError
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

Find = Callable[[str], tuple[Callable[[], Backend], Source]]

CONFIG = """
[sources.first]
url = "sqlite:///first.db"

[sources.eu]
url = "sqlite:///eu.db"
environment = "prod"

[sources.locked]
url_command = "echo sqlite:///locked.db"
"""


@pytest.fixture
def find(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Find:
    """What the console was given to find sources with; it was opened on the first one."""
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    given: dict[str, Any] = {}

    def run_console(sources: object, **options: object) -> int:
        given.update(options)
        return 0

    monkeypatch.setattr("unstick.tui.app.run_console", run_console)
    monkeypatch.setattr("unstick.cli.console.require_terminal", lambda session: None)
    monkeypatch.delenv("UNSTICK_SOURCE")
    assert cli("--source", "first").code == 0
    found: Find = given["find"]
    return found


def test_a_configured_source_comes_with_its_settings(find: Find, cli: Cli) -> None:
    make, source = find("eu")
    assert (source.name, source.environment, source.read_only) == ("eu", "prod", True)
    make()
    assert cli.opened[-1].url == "sqlite:///eu.db"


def test_a_url_is_named_after_its_database(find: Find) -> None:
    assert find("postgresql://bob@db7/jobs")[1].name == "jobs@db7"


def test_a_name_that_is_not_known_is_put_right_in_a_sentence(find: Find) -> None:
    with pytest.raises(UsageError, match=r"there is no source 'frist'.*first"):
        find("frist")


@pytest.mark.parametrize(
    "url", ["postgresql:/bob:s3cr3t@db7/jobs", "postgres://bob:s3cr3t@db7", "bob:s3cr3t@x"]
)
def test_a_url_that_is_wrong_says_so_without_its_password(find: Find, url: str) -> None:
    with pytest.raises((ConfigError, UsageError)) as wrong:
        find(url)
    assert "s3cr3t" not in str(wrong.value)


def test_a_command_that_could_ask_for_a_passphrase_is_not_run_under_the_console(find: Find) -> None:
    with pytest.raises(UsageError, match="unstick --source locked"):
        find("locked")
