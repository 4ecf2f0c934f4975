"""docs/running.md: every command line in it works as written, every file in it is what it should be."""

from __future__ import annotations

import json
import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.cli.parser import parse
from unstick.recovery.config.load import parse_config

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s/=])unstick ((?:--config|sweep|recover|jobs|operations)\b.*)")


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands() -> list[str]:
    """Every `unstick ...` of the page, without what the shell does with it."""
    found = []
    for line in "".join(text for _, text in BLOCKS).splitlines():
        for part in re.split(r"\|\||\s#", line):
            match = COMMAND.search(part)
            if match is not None:
                found.append(match[1].partition(" > ")[0].strip())
    [args] = re.findall(r"args: (\[.*\])", PAGE)
    return [*dict.fromkeys(found), shlex.join(json.loads(args))]


def words_of(command: str, config: Path) -> list[str]:
    words = shlex.split(command.replace('"$DATABASE_URL"', "sqlite:///memory.db"))
    return [str(config) if word == "/etc/unstick/config.toml" else word for word in words]


@pytest.fixture
def config(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources that the page names."""
    monkeypatch.delenv("UNSTICK_SOURCE")
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@db/jobs")
    [jobs] = blocks("toml")
    file = home / ".config" / "unstick" / "config.toml"
    file.parent.mkdir(parents=True)
    prod = '[sources.prod-eu]\nurl = "sqlite:///prod.db"\nenvironment = "prod"\n'
    file.write_text(f'{jobs}\n{prod}\n[defaults]\nsource = "jobs"\n')
    parse_config(file.read_text(), str(file))
    return file


def test_there_is_a_command_for_each_way_to_run_it() -> None:
    assert len(commands()) >= 9
    assert {parse(words_of(each, Path("c"))).verb for each in commands()} == {
        *("sweep", "recover", "jobs", "operations")
    }


@pytest.mark.parametrize("command", [each for each in commands() if "sweep" not in each or "--once" in each])
def test_a_command_that_ends_does_what_it_says(command: str, cli: Cli, config: Path) -> None:
    ran = cli(*words_of(command, config))
    assert ran.code == 0, ran.err
    assert ran.out or ran.err
    changes = "--shadow" not in command and command.split()[0] not in ("jobs", "operations")
    assert len(cli.backend.worker.snapshot()["jobs"]) == 60
    assert (cli.stuck() == []) is changes


def test_the_units_start_what_they_are_named_for() -> None:
    units = []
    for text in blocks("ini"):
        unit = ConfigParser(strict=False, interpolation=None)
        unit.read_string(text)
        units.append(unit)
    starts = [unit["Service"]["ExecStart"] for unit in units if unit.has_option("Service", "ExecStart")]
    assert [("--once" in each, "--write" in each) for each in starts] == [(False, True), (True, True)]
    service = units[0]["Service"]
    assert int(service["TimeoutStopSec"]) >= 60, "the rows in hand are finished"
    assert service["Restart"] == "on-failure", "an exit with 0 on SIGTERM is no failure"
    [timer] = [unit["Timer"] for unit in units if unit.has_section("Timer")]
    assert timer["OnUnitActiveSec"] == "5min"


def test_the_container_has_every_folder_that_the_package_is_made_of() -> None:
    told = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (\w+) \1$", told, re.MULTILINE))
    assert {"recovery", "backends", "cli", "tui", "themes"} <= copied
    [command] = re.findall(r"^CMD (\[.*\])$", told, re.MULTILINE)
    assert parse(json.loads(command)).shadow, "what nobody asked for changes nothing"
