"""`unstick init`: what it writes, what it keeps, and what it never writes."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.profiles.drafted import HUNG, SPECS, make
from tests.systems.databases import create_tables
from unstick.cli import main
from unstick.recovery.config import load_config

IMPORTS = SPECS[4]


@pytest.fixture
def config(home: Path) -> Path:
    """The configuration file, which is not there yet."""
    return home / ".config" / "unstick" / "config.toml"


@pytest.fixture
def unknown(database_url: str) -> str:
    """A database with a job table that no profile knows."""
    asyncio.run(make(database_url, IMPORTS))
    return database_url


@pytest.fixture
def known(sqlite_url: str) -> str:
    """A database of a known job system."""
    asyncio.run(create_tables(sqlite_url, "artitec"))
    return sqlite_url


def test_an_unknown_schema_is_drafted_and_works_at_once(
    cli: Cli, unknown: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    ran = cli("init", unknown, "--name", "imports", "--yes")
    assert ran.code == 0, ran.err
    assert "drafted a profile from the table import_jobs" in ran.err
    assert "look at 1:" in ran.err
    profile = config.parent / "profiles" / "imports.toml"
    assert profile.read_text("utf-8") in ran.out
    monkeypatch.setenv("UNSTICK_IMPORTS_URL", unknown)
    capsys.readouterr()
    assert main(["jobs", "--source", "imports", "--stuck", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shown"] == HUNG


def test_a_known_schema_gets_an_entry_with_its_profile(cli: Cli, known: str, config: Path) -> None:
    ran = cli("init", known, "--environment", "staging", "--yes")
    assert ran.code == 0, ran.err
    assert config.read_text("utf-8") in ran.out
    source = load_config(None, {}).sources["test"]
    assert (source["profile"], source["environment"]) == ("artitec", "staging")
    assert not (config.parent / "profiles").exists()


def test_a_password_is_written_nowhere(
    cli: Cli, postgres_url: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(create_tables(postgres_url, "artitec"))
    secret = postgres_url.partition("//")[2].partition("@")[0].partition(":")[2]
    assert secret
    ran = cli("init", postgres_url, "--name", "eu-1", "--yes")
    assert ran.code == 0, ran.err
    assert secret not in ran.out + ran.err + config.read_text("utf-8")
    assert load_config(None, {}).sources["eu-1"]["url_env"] == "UNSTICK_EU_1_URL"
    assert "environment variable UNSTICK_EU_1_URL" in ran.err


def test_what_the_configuration_holds_is_kept_byte_for_byte(cli: Cli, known: str, config: Path) -> None:
    config.parent.mkdir(parents=True)
    held = b'# mine\r\ntheme = "light"   # kept\r\n[sources.other]\r\nurl = "sqlite:///other.db"'
    config.write_bytes(held)
    config.chmod(0o640)
    assert cli("init", known, "--yes").code == 0
    assert config.read_bytes().startswith(held)
    assert list(load_config(None, {}).sources) == ["other", "test"]
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert [each.name for each in config.parent.iterdir()] == ["config.toml"]


def test_a_link_to_the_configuration_stays_a_link(cli: Cli, known: str, config: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text('theme = "light"\n')
    config.parent.mkdir(parents=True)
    config.symlink_to(kept)
    assert cli("init", known, "--yes").code == 0
    assert config.is_symlink()
    assert "[sources.test]" in kept.read_text("utf-8")


def test_a_source_of_this_name_is_never_overwritten(cli: Cli, known: str, config: Path) -> None:
    assert cli("init", known, "--yes").code == 0
    before = config.read_bytes()
    ran = cli("init", known, "--yes")
    assert ran.code == 2
    assert "there is a source 'test' already" in ran.err
    assert "--name" in ran.err
    assert config.read_bytes() == before


def test_a_profile_of_this_name_is_never_overwritten(cli: Cli, unknown: str, config: Path) -> None:
    profile = config.parent / "profiles" / "mine.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("# mine\n")
    ran = cli("init", unknown, "--name", "mine", "--yes")
    assert ran.code == 2
    assert "there is a profile 'mine' already" in ran.err
    assert profile.read_text("utf-8") == "# mine\n"
    assert not config.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("theme = ", "config.toml:1"),
        ("sources = { a = { url = 'sqlite:///a.db' } }", "config.toml"),
        ("[sources.a]\nurl = 'sqlite:///a.db'\ncolor = 'red'", "did you mean colour"),
    ],
)
def test_a_configuration_that_would_not_load_stays_as_it_is(
    content: str, told: str, cli: Cli, known: str, config: Path
) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(content)
    ran = cli("init", known, "--yes")
    assert ran.code == 2
    assert told in ran.err
    assert config.read_text("utf-8") == content


def test_without_a_terminal_nothing_is_written_unless_yes_is_said(cli: Cli, known: str, config: Path) -> None:
    ran = cli("init", known)
    assert ran.code == 0
    assert "[sources.test]" in ran.out
    assert "add --yes" in ran.err
    assert not config.exists()


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_on_a_terminal_it_asks(answer: str, written: bool, cli: Cli, known: str, config: Path) -> None:
    ran = cli("init", known, answers=answer)
    assert ran.code == 0
    assert config.exists() is written
    assert ("nothing was written" in ran.err) is not written


def test_json_tells_everything_in_one_object(cli: Cli, unknown: str, config: Path) -> None:
    ran = cli("init", unknown, "--name", "imports", "--json")
    assert ran.code == 0
    told = ran.json
    assert (told["source"], told["known"], told["written"]) == ("imports", False, False)
    assert told["table"] == "import_jobs"
    assert told["look_at"]
    assert told["profile_text"].startswith("# Drafted by")
    assert not config.exists()
    assert cli("init", unknown, "--name", "imports", "--json", "--yes").json["written"] is True
    assert config.exists()


def test_another_configuration_names_the_draft_by_its_path(
    cli: Cli,
    unknown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "team" / "unstick.toml"
    file.parent.mkdir()
    file.write_text("")
    ran = cli("init", unknown, "--name", "imports", "--config", str(file), "--yes")
    assert ran.code == 0, ran.err
    monkeypatch.setenv("UNSTICK_IMPORTS_URL", unknown)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["jobs", "--config", str(file), "--source", "imports", "--stuck", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shown"] == HUNG


def test_a_relative_path_works_from_anywhere(
    cli: Cli, known: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = Path(known.removeprefix("sqlite:///"))
    monkeypatch.chdir(path.parent)
    assert cli("init", f"sqlite:///{path.name}", "--yes").code == 0
    url = load_config(None, {}).sources["test"]["url"]
    assert url == f"sqlite:///{path}"
    assert os.path.isabs(url.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        ((), 2, "which database?"),
        (("nonsense",), 2, "init wants a database URL"),
        (("sqlite:////nowhere/at-all.db", "--yes"), 3, "there is no file"),
        (("postgresql://a:geheim@127.0.0.1:1/db", "--yes"), 3, "nothing listens there"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    argv: tuple[str, ...], code: int, told: str, cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    ran = cli("init", *argv)
    assert ran.code == code
    assert told in ran.err
    assert "geheim" not in ran.err
    assert ran.err.count("\n") == 1
    assert not config.exists()
